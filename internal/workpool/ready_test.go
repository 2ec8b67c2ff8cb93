package workpool

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errNoGoAhead = errors.New("no go-ahead")

// The go-ahead is asked for when a worker is free, not before, and without it nothing is done and nothing measured.
func TestGoAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(2)
		defer p.Close()
		var asking, most, served, refused atomic.Int64
		var done sync.WaitGroup
		for n := range 10 {
			done.Go(func() {
				err := p.DoAfter(t.Context(), logins, func() error {
					most.Store(max(most.Load(), asking.Add(1)))
					if n%2 == 0 {
						asking.Add(-1)
						return errNoGoAhead
					}
					return nil
				}, func() { sleep(); asking.Add(-1) })
				switch {
				case err == nil:
					served.Add(1)
				case errors.Is(err, errNoGoAhead):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		done.Wait()
		if served.Load() != 5 || refused.Load() != 5 || most.Load() > 2 {
			t.Errorf("%d served, %d refused, %d at a time", served.Load(), refused.Load(), most.Load())
		}
		if mean := p.serviceTime.mean; mean != jobTime {
			t.Errorf("a job is thought to take %v", mean)
		}
	})
}

// A caller that goes away while the go-ahead is decided hears of it first: what ready has done can be undone.
func TestGoneWhileDeciding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		ctx, cancel := context.WithTimeout(t.Context(), jobTime/10)
		defer cancel()
		decided := false
		err := p.DoAfter(ctx, logins, func() error {
			time.Sleep(jobTime / 2)
			decided = true
			return nil
		}, func() {})
		if !errors.Is(err, context.DeadlineExceeded) || !decided {
			t.Errorf("got %v, decided: %v", err, decided)
		}
		// One that is gone before its turn is not asked about.
		wait := load(t, p, logins, 1)
		gone, leave := context.WithTimeout(t.Context(), jobTime/10)
		defer leave()
		err = p.DoAfter(gone, logins, func() error { t.Error("asked"); return nil }, never(t))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		wait()
	})
}

// A go-ahead that panics is an error of its own caller.
func TestGoAheadPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		if err := p.DoAfter(t.Context(), logins, func() error { panic("oh") }, never(t)); err == nil {
			t.Error("no error")
		}
		if err := p.Do(t.Context(), logins, sleep); err != nil {
			t.Errorf("the next: %v", err)
		}
	})
}
