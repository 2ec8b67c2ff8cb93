package workpool

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// burst is how many logins of those that come at once are refused, how many of these after more than the
// delay of a refusal, and how long the last answer takes.
func burst(t *testing.T, p *Pool, count int, took time.Duration) (refusals, late int, last time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var done sync.WaitGroup
	start := time.Now()
	for range count {
		done.Go(func() {
			err := p.Do(t.Context(), logins, func() { time.Sleep(took) })
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refusals++
				if time.Since(start) > refusalDelay {
					late++
				}
			}
			last = max(last, time.Since(start))
		})
	}
	done.Wait()
	return refusals, late, last
}

// With the defaults, 32 people who log in at once on two cores that take 0.3 s for a hash are all served,
// whatever the pool has seen before: a load that is over, a machine that was suspended in the middle of a hash, or a single
// account that was made.
func TestBurstIsServed(t *testing.T) {
	t.Parallel()
	const jobTime = 300 * time.Millisecond
	do := func(t *testing.T, p *Pool, class Class, took time.Duration, times int) {
		t.Helper()
		for range times {
			if err := p.Do(t.Context(), class, func() { time.Sleep(took) }); err != nil {
				t.Error(err)
			}
		}
	}
	for name, before := range map[string]func(t *testing.T, p *Pool){
		"nothing": func(*testing.T, *Pool) {},
		"a load that is over": func(t *testing.T, p *Pool) {
			do(t, p, logins, jobTime, 2*smoothing)
			do(t, p, logins, 10*jobTime, 100)
			time.Sleep(staleAfter)
		},
		"a suspended machine": func(t *testing.T, p *Pool) {
			do(t, p, logins, time.Hour, 1)
			do(t, p, logins, jobTime, 3*smoothing)
		},
		"an account that was made": func(t *testing.T, p *Pool) { do(t, p, newAccounts, jobTime, 1) },
		"many that were made before a pause": func(t *testing.T, p *Pool) {
			do(t, p, newAccounts, jobTime, 20)
			time.Sleep(idleAfter + time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPool(2, longWait, jobTime)
				defer p.Close()
				before(t, p)
				if refusals, _, last := burst(t, p, 32, jobTime); refusals > 0 || last > longWait+jobTime {
					t.Errorf("%d of 32 are refused, the last is answered after %v", refusals, last)
				}
			})
		})
	}
}

// A burst beside one account that is being made, as when an administrator works.
func TestBurstBesideOneAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, longWait, jobTime)
		defer p.Close()
		wait := load(t, p, newAccounts, 1)
		if refusals, _, last := burst(t, p, 32, jobTime); refusals > 0 || last > longWait+jobTime {
			t.Errorf("%d of 32 are refused, the last is answered after %v", refusals, last)
		}
		wait()
	})
}

// A machine that has just become slow is noticed by the hashes that are not done, and not only by those that are: who comes
// then is refused at once, and does not wait for nothing.
func TestSeesAJobThatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, shortWait, jobTime/4)
		defer p.Close()
		var slow sync.WaitGroup
		for range 2 {
			slow.Go(func() {
				if err := p.Do(t.Context(), logins, func() { time.Sleep(2 * jobTime) }); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(jobTime)
		if refusals, late, last := burst(t, p, 40, jobTime); refusals < 26 || late > 2 || last > shortWait+jobTime {
			t.Errorf("%d of 40 are refused, %d of them late; the last answer comes after %v", refusals, late, last)
		}
		slow.Wait()
	})
}

// While a load lasts, admission knows it: of a burst that can't be served in time, those that can't are refused at once, and
// none of those let in waits for nothing.
func TestBurstUnderLoadIsAnsweredHonestly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, longWait, jobTime/4)
		defer p.Close()
		for range 6 * smoothing { // four times as slow as it was thought to be
			if err := p.Do(t.Context(), logins, sleep); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(staleAfter - time.Second) // the load may still be there
		if refusals, late, last := burst(t, p, 100, jobTime); refusals > 100-40 || refusals < 50 || late > 0 || last > longWait+jobTime {
			t.Errorf("%d of 100 are refused, %d of them late; the last answer comes after %v", refusals, late, last)
		}
	})
}
