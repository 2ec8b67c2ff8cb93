package workpool

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	users "github.com/svc-users/svc-users"
)

// jobTime is how long a hash takes on the imagined machine of these tests, whose clock moves only while
// all goroutines wait.
const jobTime = 250 * time.Millisecond

// shortWait is their MaxWait: six hashes.
const shortWait = 1500 * time.Millisecond

func slowPool(workers int) *Pool {
	return newPool(workers, shortWait, jobTime)
}

func sleep() { time.Sleep(jobTime) }

func TestFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		var order []int // written by the one worker
		var done sync.WaitGroup
		for i := range 5 {
			done.Go(func() {
				if err := p.Do(t.Context(), logins, func() { order = append(order, i); sleep() }); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		done.Wait()
		for i, got := range order {
			if got != i {
				t.Fatalf("served in the order %v", order)
			}
		}
	})
}

// A caller that gives up while waiting frees the place for another, and the work is not done.
func TestGivingUpWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		var done sync.WaitGroup
		done.Go(func() {
			if err := p.Do(t.Context(), logins, sleep); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), jobTime/10)
		defer cancel()
		start := time.Now()
		err := p.Do(ctx, logins, func() { t.Error("work without a caller was done") })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != jobTime/10 {
			t.Fatalf("got %v after %v", err, time.Since(start))
		}

		if err := p.Do(t.Context(), logins, sleep); err != nil {
			t.Errorf("the place was not given up: %v", err)
		}
		done.Wait()
	})
}

// A caller that gives up while a worker is at it gets an answer at once; the worker finishes and goes on.
func TestGivingUpWhileServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		finished := false // written by the worker, read after it has taken the next job
		ctx, cancel := context.WithTimeout(t.Context(), jobTime/10)
		defer cancel()
		start := time.Now()
		err := p.Do(ctx, logins, func() { sleep(); finished = true })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != jobTime/10 {
			t.Fatalf("got %v after %v", err, time.Since(start))
		}
		if err := p.Do(t.Context(), logins, func() {}); err != nil || !finished {
			t.Errorf("the next: %v; the first finished: %v", err, finished)
		}
	})
}

// A worker does not begin for a caller who is gone, even if it got to the job before the caller could take it
// back.
func TestGoneBeforeBegun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j := &job{ctx: ctx, work: func() { t.Error("the work was done") }}
	if worked := j.run(); worked || !errors.Is(j.err, context.Canceled) {
		t.Errorf("worked: %v, err: %v", worked, j.err)
	}
	p := slowPool(1)
	defer p.Close()
	if err := p.Do(ctx, logins, j.work); !errors.Is(err, context.Canceled) {
		t.Errorf("do: %v", err)
	}
}

func TestCloseFinishesWhatWasTakenOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		var served atomic.Int64
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() {
				if err := p.Do(t.Context(), logins, sleep); err != nil {
					t.Error(err)
				}
				served.Add(1)
			})
		}
		synctest.Wait()
		closing := make(chan struct{})
		go func() { p.Close(); close(closing) }()
		synctest.Wait()
		if err := p.Do(t.Context(), logins, sleep); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("while closing: got %v", err)
		}
		<-closing
		done.Wait()
		if served.Load() != 4 {
			t.Errorf("%d of 4 served", served.Load())
		}
		p.Close() // again
	})
}

func TestRuntimePanicKeepsItsText(t *testing.T) {
	t.Parallel()
	p := slowPool(1)
	defer p.Close()
	var none []int
	err := p.Do(t.Context(), logins, func() { none[len(none)] = 1 })
	if err == nil || !strings.Contains(err.Error(), "index out of range [0] with length 0") {
		t.Errorf("got %v", err)
	}
}
