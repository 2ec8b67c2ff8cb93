package password

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

// hashTime is how long a hash takes on the imagined machine of these tests, whose clock moves only while
// everybody waits.
const hashTime = 250 * time.Millisecond

// shortWait is their MaxWait: six hashes.
const shortWait = 1500 * time.Millisecond

func slowPool(workers int) *pool {
	return newPool(workers, shortWait, pace{mean: hashTime}, func() {}, func(int) {})
}

func sleep() { time.Sleep(hashTime) }

func TestFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.close()
		var order []int // written by the one worker
		var done sync.WaitGroup
		for i := range 5 {
			done.Go(func() {
				if err := p.do(t.Context(), users.PurposeLogin, func() { order = append(order, i); sleep() }); err != nil {
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

// Whoever gives up while waiting frees the place for another, and the work is not done.
func TestGivingUpWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.close()
		var done sync.WaitGroup
		done.Go(func() {
			if err := p.do(t.Context(), users.PurposeLogin, sleep); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), hashTime/10)
		defer cancel()
		start := time.Now()
		err := p.do(ctx, users.PurposeLogin, func() { t.Error("work nobody waits for was done") })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != hashTime/10 {
			t.Fatalf("got %v after %v", err, time.Since(start))
		}

		if err := p.do(t.Context(), users.PurposeLogin, sleep); err != nil {
			t.Errorf("the place was not given up: %v", err)
		}
		done.Wait()
	})
}

// Whoever gives up while a worker is at it gets an answer at once; the worker finishes and goes on.
func TestGivingUpWhileServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.close()
		finished := false // written by the worker, read after it has taken the next job
		ctx, cancel := context.WithTimeout(t.Context(), hashTime/10)
		defer cancel()
		start := time.Now()
		err := p.do(ctx, users.PurposeLogin, func() { sleep(); finished = true })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != hashTime/10 {
			t.Fatalf("got %v after %v", err, time.Since(start))
		}
		if err := p.do(t.Context(), users.PurposeLogin, func() {}); err != nil || !finished {
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
	defer p.close()
	if err := p.do(ctx, users.PurposeLogin, j.work); !errors.Is(err, context.Canceled) {
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
				if err := p.do(t.Context(), users.PurposeLogin, sleep); err != nil {
					t.Error(err)
				}
				served.Add(1)
			})
		}
		synctest.Wait()
		closing := make(chan struct{})
		go func() { p.close(); close(closing) }()
		synctest.Wait()
		if err := p.do(t.Context(), users.PurposeLogin, sleep); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("while closing: got %v", err)
		}
		<-closing
		done.Wait()
		if served.Load() != 4 {
			t.Errorf("%d of 4 served", served.Load())
		}
		p.close() // again
	})
}

func TestPanicBecomesAnError(t *testing.T) {
	t.Parallel()
	var c counter
	h := newHasher(Options{Cost: MinCost, Workers: 1, MaxWait: unhurried}, c.count(func(key []byte, _ [saltSize]byte, n int) [digestSize]byte {
		if c.calls.Load() > 3 { // those that measure the pace
			panic("key: " + string(key))
		}
		return [digestSize]byte{}
	}))
	t.Cleanup(h.Close)
	for range 3 { // the one worker survives each
		hash, err := h.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword("battery!"))
		if err == nil || hash != "" {
			t.Fatalf("Hash: got %q, %v", string(hash), err)
		}
		if strings.Contains(err.Error(), "battery!") {
			t.Errorf("the error tells the password: %v", err)
		}
		if !strings.Contains(err.Error(), "TestPanicBecomesAnError") {
			t.Errorf("the error does not tell where: %v", err)
		}
		if errors.Is(err, users.ErrUnavailable) {
			t.Errorf("a defect looks like overload: %v", err)
		}
		check, err := h.Check(t.Context(), users.PurposeLogin, "", users.PresentedPassword("battery!"))
		if err == nil || check != (users.PasswordCheck{}) {
			t.Fatalf("Check: got %+v, %v", check, err)
		}
	}
}

func TestRuntimePanicKeepsItsText(t *testing.T) {
	t.Parallel()
	p := slowPool(1)
	defer p.close()
	var none []int
	err := p.do(t.Context(), users.PurposeLogin, func() { none[len(none)] = 1 })
	if err == nil || !strings.Contains(err.Error(), "index out of range [0] with length 0") {
		t.Errorf("got %v", err)
	}
}
