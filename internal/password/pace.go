package password

import "time"

// pace is how long one hash takes on this machine, as a moving average, and what follows from it.
type pace struct {
	mean  time.Duration
	best  time.Duration // the least that the mean has been, once it rested on hashes; zero before
	noted int           // hashes, up to smoothing
}

// smoothing is over how many hashes the average forgets: enough that one slow moment does not close the
// door, few enough that a machine that has become busy is noticed within a second or two.
const smoothing = 8

const (
	// maxOutlier is how many times the mean one hash counts at most. A machine that was suspended, or a process that was
	// stopped, in the middle of a hash says nothing about the next one, and must not have a crowd refused.
	maxOutlier = 4
	// staleAfter is how long after the last hash the mean no longer says how busy the machine is. What others have taken of
	// it then may be free again, and a crowd that comes is better served a little late than refused for nothing.
	staleAfter = time.Minute
)

// measure guesses the pace at a cost from hashes of the least cost, which take about a millisecond each: a
// real one would make the service start a quarter of a second later. The quickest of three is the one least
// disturbed. A worker that pauses has only a part of its time, speed, to hash in.
func measure(f bcryptFunc, cost int, speed float64) pace {
	quickest := time.Duration(1<<63 - 1)
	for range 3 {
		start := time.Now()
		f([]byte{0}, [saltSize]byte{}, rounds(MinCost))
		quickest = min(quickest, time.Since(start))
	}
	quickest = time.Duration(float64(quickest) / speed)
	return pace{mean: max(quickest, time.Microsecond) << (cost - MinCost)}
}

// note adds how long a hash took.
func (p *pace) note(took time.Duration) {
	p.mean = max(p.mean+(min(took, maxOutlier*p.mean)-p.mean)/smoothing, time.Microsecond)
	if p.noted < smoothing {
		p.noted++
		return
	}
	if p.best == 0 || p.mean < p.best {
		p.best = p.mean
	}
}

// age forgets a load that was there so long ago.
func (p *pace) age(idle time.Duration) {
	if idle >= staleAfter && p.best > 0 {
		p.mean = p.best
	}
}

// backlog is how long so many hashes keep the workers busy, in whole seconds rounded up, as Retry-After has
// it, and at least one.
func (p pace) backlog(hashes, workers int) time.Duration {
	d := p.mean * time.Duration(hashes) / time.Duration(workers)
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}
