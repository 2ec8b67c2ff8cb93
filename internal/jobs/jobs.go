// Package jobs does periodic work on one replica at a time.
//
// Every replica runs the same jobs. Which of them does a job is decided by a lease in the database: the replica that
// finds the job due takes the lease and does it, the others wait. If the holder dies, the lease ends by itself and the
// job, which is still due, goes to another. All times are those of the database's clock, so replicas whose clocks differ
// agree on them.
//
//	                 ┌── due, no other holds it ──▶ Run ──▶ FinishJob: due again after Period
//	AcquireJob ──────┤
//	      ▲          └── not due, or held ──┐
//	      └────────── wait, and jitter ◀────┘
package jobs

import (
	"context"
	"math/rand/v2"
	"time"
)

// Job is periodic work. It must bear being done twice, for a holder that hangs loses its lease to another.
type Job struct {
	// Name is the key of the job in the database, such as "forget_changes".
	Name string
	// Period is the time from the end of a run to the next, over all replicas.
	Period time.Duration
	// Jitter is at most added to each wait, so that replicas do not all ask at the same time.
	Jitter time.Duration
	// Lease is how long a run may take. The context of Run ends then, and another replica may take over.
	Lease time.Duration
	Run   func(ctx context.Context) error
}

// Leases are kept in the database.
type Leases interface {
	// AcquireJob takes the lease of a job if the job is due and no other holder has it. A job that the database does not
	// know yet is due. holder identifies a replica among all on the database. If the lease is not acquired, wait is how
	// long it takes until the job is due and the lease of the other has ended.
	AcquireJob(ctx context.Context, job, holder string, lease time.Duration) (acquired bool, wait time.Duration, err error)
	// FinishJob gives up the lease, if holder still has it; the job is due again after next.
	FinishJob(ctx context.Context, job, holder string, next time.Duration) error
}

const (
	// leastWait keeps a job that is held, and should be due at any moment, from being asked for all the time.
	leastWait = time.Second
	// retryWait is how long to wait after the lease could not be asked for: the database is away.
	retryWait = 5 * time.Minute
	// finishLimit bounds FinishJob, also while the process is being stopped. If it fails the lease ends by itself.
	finishLimit = 2 * time.Second
)

// Runner does jobs for one replica.
type Runner struct {
	Leases Leases
	// Holder identifies this process among all on the database, such as a random text.
	Holder string
	// Observe is called after each run, and after each failure to ask for the lease: for a log and for metrics.
	Observe func(Outcome)
}

// Outcome is how a run went.
type Outcome struct {
	Job  string
	Took time.Duration // of Run
	Err  error         // nil for success
}

// Do does a job whenever it is due and no other replica does it, the first time at once. It returns when ctx ends.
func (r *Runner) Do(ctx context.Context, j Job) {
	for {
		wait := max(r.try(ctx, j), leastWait)
		if j.Jitter > 0 {
			wait += rand.N(j.Jitter)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// try does the job if it can have the lease, and returns how long to wait before the next try.
func (r *Runner) try(ctx context.Context, j Job) time.Duration {
	began := time.Now() // before the lease begins, so that Run ends before it does
	acquired, wait, err := r.Leases.AcquireJob(ctx, j.Name, r.Holder, j.Lease)
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		r.Observe(Outcome{Job: j.Name, Err: err})
		return min(retryWait, j.Period)
	case !acquired:
		return min(wait, j.Period)
	}
	limited, cancel := context.WithDeadline(ctx, began.Add(j.Lease))
	defer cancel()
	err = j.Run(limited)
	took := time.Since(began)
	next := j.Period
	if ctx.Err() != nil {
		next = 0 // stopped in the middle of it: another replica does it now
	} else {
		r.Observe(Outcome{Job: j.Name, Took: took, Err: err})
	}
	finishing, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishLimit)
	defer cancel()
	if err := r.Leases.FinishJob(finishing, j.Name, r.Holder, next); err != nil && ctx.Err() == nil {
		r.Observe(Outcome{Job: j.Name, Err: err})
	}
	return next
}
