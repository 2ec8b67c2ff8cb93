package machine

import "time"

// Held is the way in which a process is limited to a share of a core.
type Held string

const (
	// ByQuota is a control group's: the kernel's own, as containers have it.
	ByQuota Held = "by the quota of a control group"
	// BySignals stops a process whenever it has used more than its share, and lets it go on when the share has
	// caught up. It needs no privilege.
	BySignals Held = "by stopping them with signals"
)

const (
	// quotaPeriod is the time over which the kernel keeps a quota, as containers have it by default. In shorter ones
	// what it hands out at a time is too large a part of the quota, and less than all of it is used.
	quotaPeriod = 100 * time.Millisecond
	// signalPeriod is that over which signals keep a share.
	signalPeriod = 10 * time.Millisecond
)

// allowance is the processor time that a process limited by signals may use: a share of the time since it was first
// sampled. Unused time is kept for one period at most.
type allowance struct {
	share float64
	at    time.Duration // the moment up to which it was given
	spent time.Duration // of the process, when it was last looked at
	left  time.Duration // below 0 it stands still
}

// run reports whether the process may run at the time now, given the processor time that it has spent since its start.
func (a *allowance) run(now, spent time.Duration) bool {
	a.left += time.Duration(a.share*float64(now-a.at)) - (spent - a.spent)
	a.left = min(a.left, time.Duration(a.share*float64(signalPeriod)))
	a.at, a.spent = now, spent
	return a.left >= 0
}
