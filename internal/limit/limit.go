// Package limit is the arithmetic of budgets of attempts: the generic cell rate algorithm (GCRA, ITU-T I.371), with the
// clock passed in.
//
//	r := limit.Rate{Burst: 20, Every: 10 * time.Minute}  // 20 at once, and one more each 10 minutes
//	fullAt, wait := r.Take(time.Time{}, now)             // the first attempt: wait is 0
//	r.Left(fullAt, now)                                  // 19
//	fullAt = r.Return(fullAt, now)                       // as if it had not been
//
// All that is kept of a budget is one time: when all of its attempts will be there again, which GCRA calls the theoretical
// arrival time. It is in the past, or zero, for a budget that is full, so a budget that is never used need not exist. Each
// attempt moves the time on by Every; there is none left while it is further away than Burst-1 of these.
//
// Nothing is kept here, and nothing waits.
package limit

import "time"

// Rate is the size of a budget and how it fills. Both are positive.
type Rate struct {
	Burst int           // attempts of a budget that is full
	Every time.Duration // until one more is there
}

// untilFull is how long it takes until a budget is full.
func untilFull(fullAt, now time.Time) time.Duration { return max(0, fullAt.Sub(now)) }

// Take takes an attempt from a budget that is full at a time, and returns when it is full afterwards. Where there is no
// attempt left wait is how long it takes until there is one, and nothing is taken.
func (r Rate) Take(fullAt, now time.Time) (after time.Time, wait time.Duration) {
	if wait = r.Wait(fullAt, now); wait > 0 {
		return fullAt, wait
	}
	if fullAt.Before(now) {
		fullAt = now
	}
	return fullAt.Add(r.Every), 0
}

// Wait is how long it takes until there is an attempt; 0 if there is one now.
func (r Rate) Wait(fullAt, now time.Time) time.Duration {
	return max(0, untilFull(fullAt, now)-time.Duration(r.Burst-1)*r.Every)
}

// Return puts back an attempt that was taken, and returns when the budget is full afterwards.
func (r Rate) Return(fullAt, now time.Time) time.Time {
	if after := fullAt.Add(-r.Every); after.After(now) {
		return after
	}
	return now
}

// Left is how many attempts there are now, 0 to Burst.
func (r Rate) Left(fullAt, now time.Time) int {
	return max(0, r.Burst-r.Used(fullAt, now))
}

// Used is how many attempts are taken and not there again: a part of one counts as one.
func (r Rate) Used(fullAt, now time.Time) int {
	return int((untilFull(fullAt, now) + r.Every - 1) / r.Every)
}
