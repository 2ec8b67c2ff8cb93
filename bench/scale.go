package main

import "time"

// scale is how much is measured. The figures of a whole run are precise; those of a short run show gross errors only.
type scale struct {
	quick bool
	limit time.Duration // for everything
	// starts is how often the service is started; the median counts.
	starts int
	// loginCost is the bcrypt cost where logins are compared with bare hashing: at the default cost small differences
	// exceed the noise.
	loginCost int
	// pairs is the number of logins that are compared with as many bare hashes.
	pairs int
	// rateRounds and rateFor: logins at 16 connections, between bare hashing.
	rateRounds int
	rateFor    time.Duration
	// bareFor is how long hashing alone is measured beside a flood, at the cheaper cost.
	bareFor time.Duration
	// floodWarmUp is how long a flood lasts before anything is measured: as long as a login may wait, so that the
	// first logins have reached their deadline.
	floodWarmUp time.Duration
	// floodFor is how long reads are timed under a flood, overloadFor how long ten times too much is sent.
	floodFor    time.Duration
	overloadFor time.Duration
	// cpuRounds of cpuFor for each kind of request.
	cpuRounds int
	cpuFor    time.Duration
	// changes is how many changes of rights are made, at each number of replicas.
	changes int
	// rightsChanges is how many roles and permissions are made, at each number of them.
	rightsChanges int
	// heldRounds of heldFor: reads from replicas that are limited to a part of a core.
	heldRounds int
	heldFor    time.Duration
	// sizes are the numbers of accounts in lists, pages how many are timed at each place of each list, searches
	// how often each search is made.
	sizes    []int
	pages    int
	searches int
	// imported is how many accounts are imported from a file.
	imported int
}

var whole = scale{
	limit: 8 * time.Minute, starts: 20,
	loginCost: 12, pairs: 12, rateRounds: 3, rateFor: 2500 * time.Millisecond,
	bareFor: 1500 * time.Millisecond, floodWarmUp: 5 * time.Second, floodFor: 8 * time.Second, overloadFor: 6 * time.Second,
	cpuRounds: 7, cpuFor: 400 * time.Millisecond,
	changes: 256, rightsChanges: 40, heldRounds: 4, heldFor: 2 * time.Second,
	sizes: []int{1_000, 100_000, 1_000_000}, pages: 60, searches: 15, imported: 100_000,
}

var short = scale{
	quick: true, limit: 90 * time.Second, starts: 3,
	loginCost: 10, pairs: 4, rateRounds: 1, rateFor: 800 * time.Millisecond,
	bareFor: 500 * time.Millisecond, floodWarmUp: time.Second, floodFor: 1500 * time.Millisecond, overloadFor: 2 * time.Second,
	cpuRounds: 2, cpuFor: 150 * time.Millisecond,
	changes: 32, rightsChanges: 8, heldRounds: 1, heldFor: time.Second,
	sizes: []int{1_000, 100_000}, pages: 10, searches: 5, imported: 20_000,
}
