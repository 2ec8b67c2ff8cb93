package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/jobs"
)

// testJobLeases: of two replicas one does a job; when it has died the other takes over; and a job that is done is not
// due before its time.
func testJobLeases(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := open(t, f.url)
	acquire := func(what string, s jobs.Leases, holder string, lease time.Duration, want bool) (wait time.Duration) {
		t.Helper()
		acquired, wait, err := s.AcquireJob(ctx, "tidy", holder, lease)
		if err != nil || acquired != want {
			t.Errorf("%s: acquired is %t (%v), want %t", what, acquired, err, want)
		}
		return wait
	}
	acquire("the first", f.Store, "a", time.Hour, true)
	if wait := acquire("the other meanwhile", other, "b", time.Hour, false); wait <= 59*time.Minute || wait > time.Hour {
		t.Errorf("it is told to wait for %v", wait)
	}
	acquire("the holder, whose answer was lost", f.Store, "a", -time.Minute, true) // and this lease has ended
	acquire("the other, after the holder died", other, "b", time.Hour, true)

	wantError(t, "FinishJob of the holder before", f.FinishJob(ctx, "tidy", "a", time.Hour), nil)
	acquire("the first, which has lost it", f.Store, "a", time.Hour, false)
	wantError(t, "FinishJob", other.FinishJob(ctx, "tidy", "b", 2*time.Hour), nil)
	if wait := acquire("the first, when it is done", f.Store, "a", time.Hour, false); wait <= 119*time.Minute || wait > 2*time.Hour {
		t.Errorf("it is told to wait for %v", wait)
	}
	acquire("the one that did it", other, "b", time.Hour, false)
	byHand(t, f.url, `DELETE FROM job_leases`)
	acquire("the first, when the row was deleted", f.Store, "a", time.Hour, true)
	wantError(t, "FinishJob of one that was stopped in the middle", f.FinishJob(ctx, "tidy", "a", 0), nil)
	acquire("the other after that", other, "b", time.Hour, true)

	if acquired, _, err := f.AcquireJob(ctx, "another", "a", time.Hour); err != nil || !acquired {
		t.Errorf("another job: %t (%v)", acquired, err)
	}
}

// testJobLeasesOfMany: however many replicas ask at the same time, one acquires the lease, over and over.
func testJobLeasesOfMany(t *testing.T, f *fixture) {
	const replicas, rounds = 6, 5
	ctx := t.Context()
	stores := make([]jobs.Leases, replicas)
	for i := range stores {
		stores[i] = open(t, f.url)
	}
	for range rounds {
		var acquired atomic.Int64
		var done sync.WaitGroup
		winner := make(chan string, replicas)
		for i, s := range stores {
			done.Go(func() {
				holder := string(rune('a' + i))
				got, _, err := s.AcquireJob(ctx, "tidy", holder, time.Hour)
				if err != nil {
					t.Error(err)
				}
				if got {
					acquired.Add(1)
					winner <- holder
				}
			})
		}
		done.Wait()
		if n := acquired.Load(); n != 1 {
			t.Fatalf("%d replicas of %d acquired the lease", n, replicas)
		}
		wantError(t, "FinishJob", f.FinishJob(ctx, "tidy", <-winner, 0), nil)
	}
}
