package password

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
func load(t *testing.T, p *pool, why users.Purpose, n int) (wait func()) {
	t.Helper()
	var done sync.WaitGroup
	for range n {
		done.Go(func() {
			if err := p.do(t.Context(), why, sleep); err != nil {
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
func TestDoorRefusesWhatWouldTakeTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(2)
		defer p.close()
		wait := load(t, p, users.PurposeLogin, 14)
		start := time.Now()
		refusal := refused(t, p.do(t.Context(), users.PurposeLogin, never(t)))
		if refusal.Message != "Too many logins at once; try again shortly." || refusal.RetryAfter != 2*time.Second {
			t.Errorf("got %q, retry after %v", refusal.Message, refusal.RetryAfter)
		}
		if held := time.Since(start); held != holdTime {
			t.Errorf("told after %v", held)
		}
		wait()
		if took := time.Since(start); took != 7*hashTime {
			t.Errorf("fourteen hashes took %v", took)
		}
		if err := p.do(t.Context(), users.PurposeLogin, sleep); err != nil {
			t.Errorf("when all is quiet again: %v", err)
		}
	})
}

// What a hash has yet to take counts, not how many there are.
func TestDoorCountsWhatIsBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.close()
		wait := load(t, p, users.PurposeLogin, 1)
		for _, want := range []time.Duration{hashTime, hashTime - hashTime/5} {
			p.mu.Lock()
			if got := p.expected(0); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			p.mu.Unlock()
			time.Sleep(hashTime / 5)
		}
		wait()
	})
}

// However dear a hash is, an idle worker takes whoever comes; and who would have to wait for it is refused.
func TestIdleWorkerTakesAnybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const dear = 4 * time.Second
		p := newPool(2, shortWait, pace{mean: dear}, func() {}, func(int) {})
		defer p.close()
		var done sync.WaitGroup
		for range 2 {
			done.Go(func() {
				if err := p.do(t.Context(), users.PurposeLogin, func() { time.Sleep(dear) }); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if refusal := refused(t, p.do(t.Context(), users.PurposeLogin, never(t))); refusal.RetryAfter != 4*time.Second {
			t.Errorf("retry after %v", refusal.RetryAfter)
		}
		done.Wait()
	})
}

// Ten times what can be hashed, for twenty seconds, from callers who come back at once: whoever is let in is served
// in time, everybody else hears so after a moment, and the workers are never idle.
func TestFloodIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const workers, seconds = 2, 20
		p := slowPool(workers)
		defer p.close()
		var served, refusals atomic.Int64
		var done sync.WaitGroup
		arrivals := 10 * workers * seconds * int(time.Second/hashTime)
		for range arrivals {
			time.Sleep(seconds * time.Second / time.Duration(arrivals))
			done.Go(func() {
				start := time.Now()
				err := p.do(t.Context(), users.PurposeLogin, sleep)
				took := time.Since(start)
				switch {
				case err == nil:
					served.Add(1)
					if took > shortWait+hashTime {
						t.Errorf("served after %v", took)
					}
				case errors.Is(err, users.ErrUnavailable):
					refusals.Add(1)
					if took != holdTime {
						t.Errorf("refused after %v", took)
					}
				default:
					t.Error(err)
				}
			})
		}
		done.Wait()
		if least := int64(workers * seconds * int(time.Second/hashTime)); served.Load() < least-1 || refusals.Load() == 0 {
			t.Errorf("%d served, %d refused; the workers could have served %d", served.Load(), refusals.Load(), least)
		}
	})
}

// The door can be wrong. Who could no longer be served in time is refused then, and is not held on top of it.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.close()
		var done sync.WaitGroup
		done.Go(func() {
			if err := p.do(t.Context(), users.PurposeLogin, func() { time.Sleep(time.Minute) }); err != nil {
				t.Errorf("what has begun is finished: %v", err)
			}
		})
		synctest.Wait()
		start := time.Now()
		_ = refused(t, p.do(t.Context(), users.PurposeLogin, never(t)))
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

// A flood of one purpose shuts out none of the others, whose turn comes next.
func TestPurposesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.close()
		var flood sync.WaitGroup
		stop := make(chan struct{})
		for range 64 {
			flood.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_ = p.do(t.Context(), users.PurposeLogin, sleep)
					}
				}
			})
		}
		time.Sleep(shortWait)
		for _, why := range []users.Purpose{users.PurposeNewAccount, users.PurposeChange} {
			start := time.Now()
			if err := p.do(t.Context(), why, sleep); err != nil {
				t.Errorf("purpose %d: %v", why, err)
			}
			if took := time.Since(start); took > 3*hashTime {
				t.Errorf("purpose %d took %v", why, took)
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
		defer p.close()
		messages := map[users.Purpose]string{
			users.PurposeLogin:      "Too many logins at once; try again shortly.",
			users.PurposeNewAccount: "Too many accounts are being made at once; try again shortly.",
			users.PurposeChange:     "Too many passwords are being changed at once; try again shortly.",
		}
		var served [len(tooMany)]atomic.Int64
		var done sync.WaitGroup
		until := time.Now().Add(20 * time.Second)
		for why, message := range messages {
			for range 32 {
				done.Go(func() {
					for time.Now().Before(until) {
						err := p.do(t.Context(), why, sleep)
						if err == nil {
							served[why].Add(1)
						} else if got := refused(t, err).Message; got != message {
							t.Errorf("purpose %d is refused with %q", why, got)
						}
					}
				})
			}
		}
		done.Wait()
		for why := range messages {
			if got := served[why].Load(); got < 45 || got > 65 { // a third of 160
				t.Errorf("purpose %d was served %d times", why, got)
			}
		}
	})
}

// One who makes an account after another takes a turn each time. The door expects that, so that no login is let in
// only to be refused after all.
func TestDoorExpectsTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(2)
		defer p.close()
		var done sync.WaitGroup
		until := time.Now().Add(30 * time.Second)
		again := func(why users.Purpose, do func(error, time.Duration)) {
			done.Go(func() {
				for time.Now().Before(until) {
					start := time.Now()
					do(p.do(t.Context(), why, sleep), time.Since(start))
				}
			})
		}
		var late, made atomic.Int64
		for range 32 {
			again(users.PurposeLogin, func(err error, took time.Duration) {
				if err != nil && took > holdTime {
					late.Add(1)
				}
			})
		}
		again(users.PurposeNewAccount, func(err error, _ time.Duration) {
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

// Replacing an outdated hash is worth nobody's time but that of an idle worker.
func TestUpgradeDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowPool(1)
		defer p.close()
		if err := p.do(t.Context(), users.PurposeUpgrade, sleep); err != nil {
			t.Errorf("an idle worker: %v", err)
		}
		wait := load(t, p, users.PurposeLogin, 1)
		start := time.Now()
		_ = refused(t, p.do(t.Context(), users.PurposeUpgrade, never(t)))
		if took := time.Since(start); took != 0 {
			t.Errorf("refused after %v", took)
		}
		wait()
	})
}

// full is a pool with no room for another login within the next second.
func full(t *testing.T) (p *pool, end func()) {
	t.Helper()
	p = newPool(1, shortWait, pace{mean: time.Hour}, func() {}, func(int) {})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = p.do(ctx, users.PurposeLogin, func() { <-ctx.Done() }) }()
	synctest.Wait()
	return p, func() { cancel(); p.close() }
}

func TestHungUpWhileHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, end := full(t)
		defer end()
		ctx, cancel := context.WithTimeout(t.Context(), holdTime/5)
		defer cancel()
		start := time.Now()
		err := p.do(ctx, users.PurposeLogin, never(t))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != holdTime/5 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if p.held != 0 {
			t.Errorf("%d are held", p.held)
		}
	})
}

func TestNoMoreAreHeldThanTheBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, end := full(t)
		defer end()
		var done sync.WaitGroup
		var atOnce atomic.Int64
		for range maxHeld + 3 {
			done.Go(func() {
				start := time.Now()
				refusal := refused(t, p.do(t.Context(), users.PurposeLogin, never(t)))
				if refusal.RetryAfter != longestRetry {
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
		if p.held != 0 {
			t.Errorf("%d are still held", p.held)
		}
	})
}

func TestCloseLetsGoOfTheHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, end := full(t)
		start := time.Now()
		told := make(chan time.Duration)
		go func() {
			_ = refused(t, p.do(t.Context(), users.PurposeLogin, never(t)))
			told <- time.Since(start)
		}()
		synctest.Wait()
		end()
		if took := <-told; took != 0 {
			t.Errorf("told after %v", took)
		}
		if err := p.do(t.Context(), users.PurposeLogin, never(t)); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("after the end: %v", err)
		}
	})
}
