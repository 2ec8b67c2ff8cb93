package password

import "time"

// pace is how long one hash takes on this machine, as a moving average, and what follows from it.
type pace struct{ mean time.Duration }

// smoothing is over how many hashes the average forgets: enough that one slow moment does not close the
// door, few enough that a machine that has become busy is noticed within a second or two.
const smoothing = 8

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
	p.mean = max(p.mean+(took-p.mean)/smoothing, time.Microsecond)
}

// backlog is how long so many hashes keep the workers busy, in whole seconds rounded up, as Retry-After has
// it, and at least one.
func (p pace) backlog(hashes, workers int) time.Duration {
	d := p.mean * time.Duration(hashes) / time.Duration(workers)
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}
