package workpool

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	users "github.com/svc-users/svc-users"
)

// load keeps the workers busy with n logins that are all let in, and returns what waits for their end.
func load(t *testing.T, p *Pool, class Class, n int) (wait func()) {
	t.Helper()
	var done sync.WaitGroup
	for range n {
		done.Go(func() {
			if err := p.Do(t.Context(), class, sleep); err != nil {
				t.Errorf("within the bounds: %v", err)
			}
		})
	}
	synctest.Wait()
	return done.Wait
}

// refused fails the test unless err is the refusal of overload.
func refused(t *testing.T, err error) *users.Error {
	t.Helper()
	var refusal *users.Error
	if !errors.As(err, &refusal) || !errors.Is(err, users.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	return refusal
}

// never is work that must not be done.
func never(t *testing.T) func() { return func() { t.Error("refused work was done") } }

// Two workers begin the last of fourteen hashes of a quarter of a second after 1.5 s. A fifteenth would have to wait longer.
func TestRefusesWhatWouldTakeTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(2)
		defer p.Close()
		wait := load(t, p, logins, 14)
		start := time.Now()
		refusal := refused(t, p.Do(t.Context(), logins, never(t)))
		if refusal.Message != "Too many logins at once; try again shortly." || refusal.RetryAfter != 2*time.Second {
			t.Errorf("got %q, retry after %v", refusal.Message, refusal.RetryAfter)
		}
		if took := time.Since(start); took != refusalDelay {
			t.Errorf("told after %v", took)
		}
		wait()
		if took := time.Since(start); took != 7*jobTime {
			t.Errorf("fourteen hashes took %v", took)
		}
		if err := p.Do(t.Context(), logins, sleep); err != nil {
			t.Errorf("when all is quiet again: %v", err)
		}
	})
}

// What a hash has yet to take counts, not how many there are.
func TestCountsWhatIsBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		wait := load(t, p, logins, 1)
		for _, want := range []time.Duration{jobTime, jobTime - jobTime/5} {
			p.mu.Lock()
			if got := p.expectedWait(0); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			p.mu.Unlock()
			time.Sleep(jobTime / 5)
		}
		wait()
	})
}

// However long a job takes, an idle worker takes it; a job that would have to wait for it is refused.
func TestIdleWorkerTakesAnybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const dear = 4 * time.Second
		p := newPool(2, shortWait, dear)
		defer p.Close()
		var done sync.WaitGroup
		for range 2 {
			done.Go(func() {
				if err := p.Do(t.Context(), logins, func() { time.Sleep(dear) }); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if refusal := refused(t, p.Do(t.Context(), logins, never(t))); refusal.RetryAfter != 4*time.Second {
			t.Errorf("retry after %v", refusal.RetryAfter)
		}
		done.Wait()
	})
}

// Ten times what can be hashed, for twenty seconds, from callers who come back at once: every job that is let in is
// done in time, the others are refused after a moment, and the workers are never idle.
func TestFloodIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const workers, seconds = 2, 20
		p := slowPool(workers)
		defer p.Close()
		var served, refusals atomic.Int64
		var done sync.WaitGroup
		arrivals := 10 * workers * seconds * int(time.Second/jobTime)
		for range arrivals {
			time.Sleep(seconds * time.Second / time.Duration(arrivals))
			done.Go(func() {
				start := time.Now()
				err := p.Do(t.Context(), logins, sleep)
				took := time.Since(start)
				switch {
				case err == nil:
					served.Add(1)
					if took > shortWait+jobTime {
						t.Errorf("served after %v", took)
					}
				case errors.Is(err, users.ErrUnavailable):
					refusals.Add(1)
					if took != refusalDelay {
						t.Errorf("refused after %v", took)
					}
				default:
					t.Error(err)
				}
			})
		}
		done.Wait()
		if least := int64(workers * seconds * int(time.Second/jobTime)); served.Load() < least-1 || refusals.Load() == 0 {
			t.Errorf("%d served, %d refused; the workers could have served %d", served.Load(), refusals.Load(), least)
		}
	})
}

// Admission can be wrong. A job that can no longer begin in time is refused then, without a further delay.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		var done sync.WaitGroup
		done.Go(func() {
			if err := p.Do(t.Context(), logins, func() { time.Sleep(time.Minute) }); err != nil {
				t.Errorf("what has begun is finished: %v", err)
			}
		})
		synctest.Wait()
		start := time.Now()
		_ = refused(t, p.Do(t.Context(), logins, never(t)))
		if took := time.Since(start); took != shortWait+shortWait/margin {
			t.Errorf("refused after %v", took)
		}
		p.mu.Lock()
		if p.waiting.len() != 0 {
			t.Errorf("%d still wait", p.waiting.len())
		}
		p.mu.Unlock()
		done.Wait()
	})
}

// A flood of one class shuts out none of the others, whose turn comes next.
func TestClassesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		var flood sync.WaitGroup
		stop := make(chan struct{})
		for range 64 {
			flood.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_ = p.Do(t.Context(), logins, sleep)
					}
				}
			})
		}
		time.Sleep(shortWait)
		for _, class := range []Class{newAccounts, changes} {
			start := time.Now()
			if err := p.Do(t.Context(), class, sleep); err != nil {
				t.Errorf("class %d: %v", class, err)
			}
			if took := time.Since(start); took > 3*jobTime {
				t.Errorf("class %d took %v", class, took)
			}
		}
		close(stop)
		flood.Wait()
	})
}

// Two floods share the workers evenly, and each is told what it is.
func TestFloodsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(2)
		defer p.Close()
		messages := map[Class]string{
			logins:      "Too many logins at once; try again shortly.",
			newAccounts: "Too many accounts are being made at once; try again shortly.",
			changes:     "Too many passwords are being changed at once; try again shortly.",
		}
		var served [len(testClasses)]atomic.Int64
		var done sync.WaitGroup
		until := time.Now().Add(20 * time.Second)
		for class, message := range messages {
			for range 32 {
				done.Go(func() {
					for time.Now().Before(until) {
						err := p.Do(t.Context(), class, sleep)
						if err == nil {
							served[class].Add(1)
						} else if got := refused(t, err).Message; got != message {
							t.Errorf("class %d is refused with %q", class, got)
						}
					}
				})
			}
		}
		done.Wait()
		for class := range messages {
			if got := served[class].Load(); got < 45 || got > 65 { // a third of 160
				t.Errorf("class %d was served %d times", class, got)
			}
		}
	})
}

// A client that makes one account after another takes a turn each time. Admission expects that, so that no login is let in
// only to be refused after all.
func TestExpectsTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(2)
		defer p.Close()
		var done sync.WaitGroup
		until := time.Now().Add(30 * time.Second)
		again := func(class Class, do func(error, time.Duration)) {
			done.Go(func() {
				for time.Now().Before(until) {
					start := time.Now()
					do(p.Do(t.Context(), class, sleep), time.Since(start))
				}
			})
		}
		var late, made atomic.Int64
		for range 32 {
			again(logins, func(err error, took time.Duration) {
				if err != nil && took > refusalDelay {
					late.Add(1)
				}
			})
		}
		again(newAccounts, func(err error, _ time.Duration) {
			if err != nil {
				t.Errorf("an account: %v", err)
			}
			made.Add(1)
		})
		done.Wait()
		if late.Load() > 8 { // those let in before the first account
			t.Errorf("%d logins waited for nothing", late.Load())
		}
		if made.Load() < 60 {
			t.Errorf("%d accounts in 30 s", made.Load())
		}
	})
}

// A job of a class with IdleOnly is taken by an idle worker or not at all.
func TestUpgradeDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.Close()
		if err := p.Do(t.Context(), upgrades, sleep); err != nil {
			t.Errorf("an idle worker: %v", err)
		}
		wait := load(t, p, logins, 1)
		start := time.Now()
		_ = refused(t, p.Do(t.Context(), upgrades, never(t)))
		if took := time.Since(start); took != 0 {
			t.Errorf("refused after %v", took)
		}
		wait()
	})
}

// full is a pool with no room for another login within the next second.
func full(t *testing.T) (p *Pool, end func()) {
	t.Helper()
	p = newPool(1, shortWait, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = p.Do(ctx, logins, func() { <-ctx.Done() }) }()
	synctest.Wait()
	return p, func() { cancel(); p.Close() }
}

func TestHungUpWhileDelayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, end := full(t)
		defer end()
		ctx, cancel := context.WithTimeout(t.Context(), refusalDelay/5)
		defer cancel()
		start := time.Now()
		err := p.Do(ctx, logins, never(t))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != refusalDelay/5 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if p.delayed != 0 {
			t.Errorf("%d are delayed", p.delayed)
		}
	})
}

func TestNoMoreAreDelayedThanTheBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, end := full(t)
		defer end()
		var done sync.WaitGroup
		var atOnce atomic.Int64
		for range maxDelayed + 3 {
			done.Go(func() {
				start := time.Now()
				refusal := refused(t, p.Do(t.Context(), logins, never(t)))
				if refusal.RetryAfter != maxRetryAfter {
					t.Errorf("retry after %v", refusal.RetryAfter)
				}
				if time.Since(start) == 0 {
					atOnce.Add(1)
				}
			})
		}
		done.Wait()
		if atOnce.Load() != 3 {
			t.Errorf("%d were refused at once", atOnce.Load())
		}
		if p.delayed != 0 {
			t.Errorf("%d are still delayed", p.delayed)
		}
	})
}

func TestCloseEndsDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, end := full(t)
		start := time.Now()
		told := make(chan time.Duration)
		go func() {
			_ = refused(t, p.Do(t.Context(), logins, never(t)))
			told <- time.Since(start)
		}()
		synctest.Wait()
		end()
		if took := <-told; took != 0 {
			t.Errorf("told after %v", took)
		}
		if err := p.Do(t.Context(), logins, never(t)); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("after the end: %v", err)
		}
	})
}
