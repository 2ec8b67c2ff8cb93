package jobs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a Leases whose clock is that of the test.
type memory struct {
	mu     sync.Mutex
	leases map[string]*entry
	err    error // what every call returns, if it is not nil
}

type entry struct {
	holder           string
	heldUntil, dueAt time.Time
}

func (m *memory) AcquireJob(_ context.Context, job, holder string, lease time.Duration) (bool, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return false, 0, m.err
	}
	now := time.Now()
	if m.leases == nil {
		m.leases = map[string]*entry{}
	}
	if m.leases[job] == nil {
		m.leases[job] = &entry{dueAt: now}
	}
	e := m.leases[job]
	if e.dueAt.After(now) || e.heldUntil.After(now) && e.holder != holder {
		return false, max(e.dueAt.Sub(now), e.heldUntil.Sub(now)), nil
	}
	e.holder, e.heldUntil = holder, now.Add(lease)
	return true, 0, nil
}

func (m *memory) FinishJob(_ context.Context, job, holder string, next time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if e := m.leases[job]; e.holder == holder {
		e.heldUntil, e.dueAt = time.Now(), time.Now().Add(next)
	}
	return nil
}

// replica runs a job until its context ends, and notes each begin of a run.
type replica struct {
	Runner
	mu       sync.Mutex
	runs     []time.Time
	outcomes []Outcome
}

func newReplica(m *memory, name string) *replica {
	r := &replica{Runner: Runner{Leases: m, Holder: name}}
	r.Observe = func(o Outcome) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.outcomes = append(r.outcomes, o)
	}
	return r
}

func (r *replica) start(ctx context.Context, run func(context.Context) error) (wait func()) {
	var done sync.WaitGroup
	done.Go(func() {
		r.Do(ctx, Job{Name: "tidy", Period: time.Hour, Jitter: time.Minute, Lease: 10 * time.Minute, Run: func(ctx context.Context) error {
			r.mu.Lock()
			r.runs = append(r.runs, time.Now())
			r.mu.Unlock()
			return run(ctx)
		}})
	})
	return done.Wait
}

// TestOneReplicaDoesIt: of two replicas one runs at a time, once a period and a little more, the first time at once.
func TestOneReplicaDoesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var working sync.Mutex
		work := func(context.Context) error {
			if !working.TryLock() {
				t.Error("two replicas do the job")
				return nil
			}
			defer working.Unlock()
			time.Sleep(time.Minute)
			return nil
		}
		a, b := newReplica(m, "a"), newReplica(m, "b")
		waitA, waitB := a.start(ctx, work), b.start(ctx, work)
		time.Sleep(24 * time.Hour)
		cancel()
		waitA()
		waitB()
		runs := slices.SortedFunc(slices.Values(append(a.runs, b.runs...)), time.Time.Compare)
		// A run takes a minute, and the next begins within a minute after an hour.
		if n := len(runs); n < 23 || n > 24 || runs[0] != began {
			t.Errorf("%d runs in a day, the first after %v", n, runs[0].Sub(began))
		}
		for i := range len(runs) - 1 {
			if gap := runs[i+1].Sub(runs[i]); gap < time.Hour+time.Minute || gap > time.Hour+2*time.Minute {
				t.Errorf("%v between two runs", gap)
			}
		}
		if n := len(a.outcomes) + len(b.outcomes); n != len(runs) {
			t.Errorf("%d runs, %d observed", len(runs), n)
		}
	})
}

// TestHolderDies: another replica takes over when the lease of one that hangs, and never says so, has ended.
func TestHolderDies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		if acquired, _, err := m.AcquireJob(t.Context(), "tidy", "dead", 10*time.Minute); !acquired || err != nil {
			t.Fatal("the lease is not to be had")
		}
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		b := newReplica(m, "b")
		wait := b.start(ctx, func(context.Context) error { return nil })
		time.Sleep(30 * time.Minute)
		cancel()
		wait()
		if len(b.runs) != 1 || b.runs[0].Sub(began) < 10*time.Minute || b.runs[0].Sub(began) > 12*time.Minute {
			t.Errorf("the other ran at %v, from %v on", b.runs, began)
		}
	})
}

// TestRunEndsWithItsLease: the context of a run ends before another replica may begin.
func TestRunEndsWithItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		ctx, cancel := context.WithCancel(t.Context())
		a := newReplica(m, "a")
		wait := a.start(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		time.Sleep(30 * time.Minute)
		cancel()
		wait()
		if len(a.outcomes) != 1 || !errors.Is(a.outcomes[0].Err, context.DeadlineExceeded) || a.outcomes[0].Took != 10*time.Minute {
			t.Errorf("observed %v", a.outcomes)
		}
	})
}

// TestStoppedReplica: what a replica did not finish, because it was stopped, another does soon.
func TestStoppedReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		stopping, stop := context.WithCancel(t.Context())
		a := newReplica(m, "a")
		wait := a.start(stopping, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		synctest.Wait()
		stop()
		wait()
		if len(a.outcomes) != 0 {
			t.Errorf("the end of the process is observed as %v", a.outcomes)
		}
		ctx, cancel := context.WithCancel(t.Context())
		b := newReplica(m, "b")
		wait = b.start(ctx, func(context.Context) error { return nil })
		synctest.Wait()
		cancel()
		wait()
		if len(b.runs) != 1 {
			t.Errorf("the other ran %d times", len(b.runs))
		}
	})
}

// TestFailures: a run that fails is observed, and done again after a period; a database that is away is asked again after
// a while.
func TestFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away, broken := errors.New("away"), errors.New("broken")
		m := &memory{err: away}
		ctx, cancel := context.WithCancel(t.Context())
		a := newReplica(m, "a")
		wait := a.start(ctx, func(context.Context) error { return broken })
		synctest.Wait()
		m.mu.Lock()
		m.err = nil
		m.mu.Unlock()
		time.Sleep(retryWait + 90*time.Minute)
		cancel()
		wait()
		if o := a.outcomes; len(o) != 3 || !errors.Is(o[0].Err, away) || !errors.Is(o[1].Err, broken) || !errors.Is(o[2].Err, broken) {
			t.Errorf("observed %v", o)
		}
	})
}
