package password

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	users "github.com/svc-users/svc-users"
)

// burst is how many logins of those that come at once are refused, how many of these after more than the time that the
// refused are held, and how long the last answer takes.
func burst(t *testing.T, p *pool, logins int, took time.Duration) (refusals, late int, last time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var done sync.WaitGroup
	start := time.Now()
	for range logins {
		done.Go(func() {
			err := p.do(t.Context(), users.PurposeLogin, func() { time.Sleep(took) })
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refusals++
				if time.Since(start) > holdTime {
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
	const hashTime = 300 * time.Millisecond
	do := func(t *testing.T, p *pool, why users.Purpose, took time.Duration, times int) {
		t.Helper()
		for range times {
			if err := p.do(t.Context(), why, func() { time.Sleep(took) }); err != nil {
				t.Error(err)
			}
		}
	}
	for name, before := range map[string]func(t *testing.T, p *pool){
		"nothing": func(*testing.T, *pool) {},
		"a load that is over": func(t *testing.T, p *pool) {
			do(t, p, users.PurposeLogin, hashTime, 2*smoothing)
			do(t, p, users.PurposeLogin, 10*hashTime, 100)
			time.Sleep(staleAfter)
		},
		"a suspended machine": func(t *testing.T, p *pool) {
			do(t, p, users.PurposeLogin, time.Hour, 1)
			do(t, p, users.PurposeLogin, hashTime, 3*smoothing)
		},
		"an account that was made": func(t *testing.T, p *pool) { do(t, p, users.PurposeNewAccount, hashTime, 1) },
		"many that were made before a pause": func(t *testing.T, p *pool) {
			do(t, p, users.PurposeNewAccount, hashTime, 20)
			time.Sleep(calm + time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPool(2, DefaultMaxWait, pace{mean: hashTime}, func() {}, func(int) {})
				defer p.close()
				before(t, p)
				if refusals, _, last := burst(t, p, 32, hashTime); refusals > 0 || last > DefaultMaxWait+hashTime {
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
		p := newPool(2, DefaultMaxWait, pace{mean: hashTime}, func() {}, func(int) {})
		defer p.close()
		wait := load(t, p, users.PurposeNewAccount, 1)
		if refusals, _, last := burst(t, p, 32, hashTime); refusals > 0 || last > DefaultMaxWait+hashTime {
			t.Errorf("%d of 32 are refused, the last is answered after %v", refusals, last)
		}
		wait()
	})
}

// A machine that has just become slow is noticed by the hashes that are not done, and not only by those that are: who comes
// then is refused at once, and does not wait for nothing.
func TestDoorSeesAHashThatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, shortWait, pace{mean: hashTime / 4}, func() {}, func(int) {})
		defer p.close()
		var slow sync.WaitGroup
		for range 2 {
			slow.Go(func() {
				if err := p.do(t.Context(), users.PurposeLogin, func() { time.Sleep(2 * hashTime) }); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(hashTime)
		if refusals, late, last := burst(t, p, 40, hashTime); refusals < 26 || late > 2 || last > shortWait+hashTime {
			t.Errorf("%d of 40 are refused, %d of them late; the last answer comes after %v", refusals, late, last)
		}
		slow.Wait()
	})
}

// While a load lasts the door knows it: of a burst that can't be served in time, those that can't are refused at once, and
// none of those let in waits for nothing.
func TestBurstUnderLoadIsAnsweredHonestly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, DefaultMaxWait, pace{mean: hashTime / 4}, func() {}, func(int) {})
		defer p.close()
		for range 6 * smoothing { // four times as slow as it was thought to be
			if err := p.do(t.Context(), users.PurposeLogin, sleep); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(staleAfter - time.Second) // the load may still be there
		if refusals, late, last := burst(t, p, 100, hashTime); refusals > 100-40 || refusals < 50 || late > 0 || last > DefaultMaxWait+hashTime {
			t.Errorf("%d of 100 are refused, %d of them late; the last answer comes after %v", refusals, late, last)
		}
	})
}
