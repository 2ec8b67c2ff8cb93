package password

import (
	"sync"
	"time"
)

// Under a quota the kernel stops the whole process when it has taken its share of a tenth of a second, requests and
// hashing alike, whatever their priorities. So hashing has to stop by itself before.
const (
	// hashShare is the part of the quota beyond which hashing pauses. What is free above it is for requests that come
	// in bunches.
	hashShare = 0.85
	// roundsBetween is how many rounds of bcrypt are computed between two looks at the time: one to two milliseconds.
	roundsBetween = 32
	// longestPause is how long one pause of the only worker at a rate of one processor may be, so that requests which
	// take the whole quota by themselves slow hashing down to a tenth or so and not to nothing.
	longestPause = 15 * time.Millisecond
	// credit is how much time not taken may be taken later, and debt how much taken too early has to be waited for. The
	// kernel forgets both at the end of its period.
	credit = 5 * time.Millisecond
	debt   = 100 * time.Millisecond
)

// throttle keeps the processor time of the whole process under a rate, by pauses of the workers that call rest. It counts
// the time of requests too, so that hashing makes way for them.
type throttle struct {
	rate    float64              // processors
	longest time.Duration        // a pause may be
	used    func() time.Duration // by the process so far

	mu   sync.Mutex
	seen time.Duration // of used
	due  time.Time     // when what is used so far would have been used up at the rate
}

// newThrottle is one for so many workers.
func newThrottle(rate float64, workers int, used func() time.Duration) *throttle {
	longest := time.Duration(float64(longestPause) * float64(workers) / rate)
	return &throttle{rate: rate, longest: longest, used: used, seen: used(), due: time.Now()}
}

// rest pauses if the process is ahead of its rate.
func (t *throttle) rest() {
	if pause := t.pause(time.Now()); pause > 0 {
		time.Sleep(pause)
	}
}

func (t *throttle) pause(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	used := t.used()
	t.due = t.due.Add(time.Duration(float64(used-t.seen) / t.rate))
	t.seen = used
	if earliest := now.Add(-credit); t.due.Before(earliest) {
		t.due = earliest
	}
	if latest := now.Add(debt); t.due.After(latest) {
		t.due = latest
	}
	return min(t.due.Sub(now), t.longest)
}
