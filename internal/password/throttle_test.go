package password

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	users "github.com/svc-users/svc-users"
)

// meter is the processor time of an imagined process.
type meter struct {
	mu   sync.Mutex
	used time.Duration
}

func (m *meter) read() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// spend is work: time passes, and all of it is the processor's.
func (m *meter) spend(d time.Duration) {
	time.Sleep(d)
	m.mu.Lock()
	m.used += d
	m.mu.Unlock()
}

const slice = 2 * time.Millisecond // of work between two looks

// Hashing alone takes its share of the quota in each period of the kernel's, and hardly less.
func TestThrottleKeepsTheRate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate    float64
		workers int
	}{{0.2, 1}, {0.425, 1}, {0.85, 1}, {1.275, 2}, {3.4, 4}, {0.85, 4}} {
		synctest.Test(t, func(t *testing.T) {
			var m meter
			th := newThrottle(c.rate, c.workers, m.read)
			end := time.Now().Add(10 * time.Second)
			var done sync.WaitGroup
			for range c.workers {
				done.Go(func() {
					for time.Now().Before(end) {
						m.spend(slice)
						th.rest()
					}
				})
			}
			for time.Now().Before(end) {
				before := m.read()
				time.Sleep(debt)
				got, want := m.read()-before, time.Duration(c.rate*float64(debt))
				slack := time.Duration(2*c.workers)*slice + time.Duration(c.rate*float64(credit))
				if got > want+slack || got < want-slack {
					t.Errorf("rate %v, %d workers: %v in %v, want %v", c.rate, c.workers, got, debt, want)
				}
			}
			done.Wait()
		})
	}
}

// What requests take, hashing leaves; and when they take everything, it goes on at a crawl.
func TestThrottleMakesWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		others      float64 // what requests take
		least, most float64 // of what hashing may then take
	}{{0, 0.80, 0.86}, {0.4, 0.40, 0.46}, {0.84, 0.08, 0.15}, {5, 0.08, 0.15}} {
		synctest.Test(t, func(t *testing.T) {
			var hashing meter
			start := time.Now()
			th := newThrottle(0.85, 1, func() time.Duration {
				return hashing.read() + time.Duration(c.others*float64(time.Since(start)))
			})
			for time.Since(start) < 10*time.Second {
				hashing.spend(slice)
				th.rest()
			}
			if got := hashing.read().Seconds() / 10; got < c.least || got > c.most {
				t.Errorf("with requests taking %v of a processor, hashing takes %v, want %v to %v", c.others, got, c.least, c.most)
			}
		})
	}
}

// Neither a long silence nor a long time of too much is made up for.
func TestThrottleForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m meter
		th := newThrottle(0.5, 1, m.read)
		time.Sleep(time.Hour)
		th.rest()
		m.spend(10 * slice)
		if got, want := th.pause(time.Now()), 10*slice-credit; got != want {
			t.Errorf("after an hour of silence and 20 ms of work: a pause of %v, want %v", got, want)
		}
		m.mu.Lock()
		m.used += time.Hour
		m.mu.Unlock()
		th.rest()
		time.Sleep(debt)
		if got := th.pause(time.Now()); got > 0 {
			t.Errorf("after an hour of too much and a period of silence: a pause of %v", got)
		}
	})
}

// Pauses come after rounds that depend on the cost alone, whatever is compared with what.
func TestPausesTellNothing(t *testing.T) {
	t.Parallel()
	const cost = 8
	rests := 0
	h := newHasher(Options{Cost: cost, Workers: 1, MaxWait: unhurried}, func(key []byte, salt [saltSize]byte, rounds int) [digestSize]byte {
		return restingBcrypt(key, salt, rounds, func() { rests++ })
	}, noRest)
	t.Cleanup(h.Close)
	for name, hash := range map[string]users.PasswordHash{
		"right": made(plain, "2b", cost, "battery!"), "wrong": made(plain, "2b", cost, "another!"), "none": "", "unreadable": "$2c$",
		"half as dear": made(plain, "2b", cost-1, "battery!"),
	} {
		rests = 0
		mustCheck(t, h, hash, "battery!")
		if want := 1 << cost / roundsBetween; rests != want {
			t.Errorf("%s: %d pauses, want %d", name, rests, want)
		}
	}
}

// The digest is the same with pauses.
func TestRestingBcrypt(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost, Quota: 0.5})
	if got := mustCheck(t, h, made(plain, "2b", 6, "battery!"), "battery!"); !got.Match {
		t.Errorf("got %+v", got)
	}
}
