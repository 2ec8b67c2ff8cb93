package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/limit"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/throttle"
)

// throttleStart is when budgets are used first, in these tests.
var throttleStart = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// newDraw is an attempt of a budget of its own.
func newDraw(kind throttle.Kind, subject string, rate limit.Rate) throttle.Draw {
	return throttle.Draw{ID: users.NewID(), Kind: kind, Subject: subject, Rate: rate}
}

// take takes attempts, and returns how long the wait is for each budget that has none left, by its id.
func take(t testing.TB, s *store.Store, at time.Time, draws ...throttle.Draw) map[users.ID]time.Duration {
	t.Helper()
	empty, err := s.TakeAttempts(t.Context(), at, draws)
	wantError(t, "TakeAttempts", err, nil)
	waits := map[users.ID]time.Duration{}
	for _, e := range empty {
		waits[e.ID] = e.Wait
	}
	return waits
}

// testThrottleArithmetic: the statements count as package limit does, whichever process runs them, and of two budgets take
// from both or from none.
func testThrottleArithmetic(t *testing.T, f *fixture) {
	stores := []*store.Store{f.Store, open(t, f.url)}
	draws := []throttle.Draw{
		newDraw(throttle.KindAddress, "203.0.113.7", limit.Rate{Burst: 7, Every: 1300 * time.Millisecond}),
		newDraw(throttle.KindAccount, "", limit.Rate{Burst: 3, Every: 4 * time.Second}),
	}
	model := make([]time.Time, len(draws))
	at := throttleStart
	random := rand.New(rand.NewPCG(14, 1))
	for step := range 300 {
		at = at.Add(time.Duration(random.IntN(900)) * time.Millisecond)
		s := stores[random.IntN(len(stores))]
		chosen := [][]int{{0}, {1}, {0, 1}}[random.IntN(3)]
		var list []throttle.Draw
		want := map[users.ID]time.Duration{}
		for _, i := range chosen {
			list = append(list, draws[i])
			if wait := draws[i].Rate.Wait(model[i], at); wait > 0 {
				want[draws[i].ID] = wait
			}
		}
		if random.IntN(4) == 0 {
			wantError(t, "ReturnAttempts", s.ReturnAttempts(t.Context(), at, list), nil)
			for _, i := range chosen {
				model[i] = draws[i].Rate.Return(model[i], at)
			}
			continue
		}
		same(t, "step "+strconv.Itoa(step), take(t, s, at, list...), want)
		if len(want) == 0 {
			for _, i := range chosen {
				model[i], _ = draws[i].Rate.Take(model[i], at)
			}
		}
	}
}

// testThrottleAtOnce: of any number of attempts at once, in two processes, as many get through as there are.
func testThrottleAtOnce(t *testing.T, f *fixture) {
	stores := []*store.Store{f.Store, open(t, f.url)}
	address := newDraw(throttle.KindAddress, "203.0.113.7", limit.Rate{Burst: 30, Every: time.Hour})
	accounts := make([]throttle.Draw, 4)
	for i := range accounts {
		accounts[i] = newDraw(throttle.KindAccount, "", limit.Rate{Burst: 10, Every: time.Hour})
	}
	var through [4]atomic.Int64
	var running sync.WaitGroup
	for n := range 100 {
		running.Go(func() {
			draws := []throttle.Draw{address, accounts[n%4]}
			if n%3 == 0 {
				draws[0], draws[1] = draws[1], draws[0]
			}
			empty, err := stores[n%2].TakeAttempts(context.Background(), throttleStart, draws)
			if err != nil {
				t.Errorf("an attempt: %v", err)
			} else if len(empty) == 0 {
				through[n%4].Add(1)
			}
		})
	}
	running.Wait()
	total := int64(0)
	for i := range through {
		if n := through[i].Load(); n > 10 {
			t.Errorf("%d attempts of account %d got through", n, i)
		}
		total += through[i].Load()
	}
	if total > 30 || total < 20 { // a few may have stood in each other's way
		t.Errorf("%d attempts got through", total)
	}

	alone := newDraw(throttle.KindDevice, "", limit.Rate{Burst: 5, Every: time.Hour})
	var passed atomic.Int64
	for n := range 100 {
		running.Go(func() {
			if empty, err := stores[n%2].TakeAttempts(context.Background(), throttleStart, []throttle.Draw{alone}); err == nil && len(empty) == 0 {
				passed.Add(1)
			}
		})
	}
	running.Wait()
	if passed.Load() != 5 {
		t.Errorf("%d attempts got through, want 5", passed.Load())
	}
}

// testThrottleList: what is full is not listed, and is swept.
func testThrottleList(t *testing.T, f *fixture) {
	ctx := t.Context()
	rate := limit.Rate{Burst: 2, Every: time.Minute}
	blocked := newDraw(throttle.KindAddress, "203.0.113.7", rate)
	longer := newDraw(throttle.KindAccount, f.role.ID.String(), limit.Rate{Burst: 2, Every: time.Hour})
	used := newDraw(throttle.KindAddress, "2001:db8::/64", rate)
	back := newDraw(throttle.KindDevice, "", rate)
	for range 2 {
		take(t, f.Store, throttleStart, blocked)
		take(t, f.Store, throttleStart, longer)
	}
	take(t, f.Store, throttleStart, used)
	take(t, f.Store, throttleStart, back)
	wantError(t, "ReturnAttempts", f.ReturnAttempts(ctx, throttleStart, []throttle.Draw{back}), nil)

	record := func(d throttle.Draw, n int) throttle.Record {
		return throttle.Record{ID: d.ID, Kind: d.Kind, Subject: d.Subject, Rate: d.Rate, FullAt: throttleStart.Add(time.Duration(n) * d.Rate.Every)}
	}
	list := func(what string, at time.Time, filter throttle.Filter, most int, want ...throttle.Record) {
		t.Helper()
		got, err := f.Throttles(ctx, at, filter, most)
		wantError(t, what, err, nil)
		same(t, what, got, want)
	}
	list("all", throttleStart, throttle.Filter{}, 10, record(longer, 2), record(blocked, 2), record(used, 1))
	list("no more than asked for", throttleStart, throttle.Filter{}, 2, record(longer, 2), record(blocked, 2))
	list("blocked", throttleStart, throttle.Filter{Blocked: true}, 10, record(longer, 2), record(blocked, 2))
	list("of a kind", throttleStart, throttle.Filter{Kind: throttle.KindAddress}, 10, record(blocked, 2), record(used, 1))
	list("of a subject", throttleStart, throttle.Filter{Subject: "203.0.113.7"}, 10, record(blocked, 2))
	list("of another", throttleStart, throttle.Filter{Subject: "203.0.113.8"}, 10)
	list("later", throttleStart.Add(2*time.Minute), throttle.Filter{}, 10, record(longer, 2))

	count := func(want int) {
		t.Helper()
		n, err := f.CountThrottles(ctx, 100)
		if err != nil || n != want {
			t.Errorf("%d rows (%v), want %d", n, err, want)
		}
	}
	count(4)
	if n, err := f.CountThrottles(ctx, 2); err != nil || n != 2 {
		t.Errorf("counted %d (%v) of 2 at most", n, err)
	}
	wantError(t, "SweepThrottles", f.SweepThrottles(ctx, throttleStart.Add(90*time.Second)), nil)
	count(2)
	list("after a sweep", throttleStart, throttle.Filter{}, 10, record(longer, 2), record(blocked, 2))

	f.do(func(tx users.Tx) error {
		got, err := tx.(throttle.Tx).DeleteThrottle(ctx, longer.ID)
		same(t, "deleted", got, record(longer, 2))
		return err
	})
	f.try("a deletion of none", users.ErrNotFound, func(tx users.Tx) error {
		_, err := tx.(throttle.Tx).DeleteThrottle(ctx, longer.ID)
		return err
	})
	for _, c := range []struct {
		filter throttle.Filter
		at     time.Time
		want   int
	}{
		{throttle.Filter{Kind: throttle.KindAccount}, throttleStart, 0},
		{throttle.Filter{Subject: "203.0.113.8"}, throttleStart, 0},
		{throttle.Filter{}, throttleStart.Add(time.Hour), 0},
		{throttle.Filter{Kind: throttle.KindAddress, Subject: "203.0.113.7"}, throttleStart, 1},
	} {
		f.do(func(tx users.Tx) error {
			n, err := tx.(throttle.Tx).DeleteThrottles(ctx, c.at, c.filter)
			if n != c.want {
				t.Errorf("deleted %d by %+v, want %d", n, c.filter, c.want)
			}
			return err
		})
	}
	same(t, "after a deletion", take(t, f.Store, throttleStart, blocked), map[users.ID]time.Duration{})
}

// testThrottleSweep: a sweep of many rows goes on while others count.
func testThrottleSweep(t *testing.T, f *fixture) {
	ctx := t.Context()
	for range 2500 {
		take(t, f.Store, throttleStart, newDraw(throttle.KindAccount, "", limit.Rate{Burst: 2, Every: time.Second}))
	}
	hot := newDraw(throttle.KindAddress, "203.0.113.7", limit.Rate{Burst: 100_000, Every: time.Hour})
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				take(t, f.Store, throttleStart, hot)
			}
		}
	})
	wantError(t, "SweepThrottles", f.SweepThrottles(ctx, throttleStart.Add(time.Minute)), nil)
	close(stop)
	running.Wait()
	if n, err := f.CountThrottles(ctx, 10); err != nil || n > 1 {
		t.Errorf("%d rows are left (%v)", n, err)
	}
}

// testThrottleSecrets: the keys are the same in each process, and differ.
func testThrottleSecrets(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := open(t, f.url)
	seen := map[string]bool{}
	for name, read := range map[string]func(*store.Store) ([]byte, error){
		"rows":    func(s *store.Store) ([]byte, error) { return s.ThrottleKey(ctx) },
		"devices": func(s *store.Store) ([]byte, error) { return s.DeviceKey(ctx) },
	} {
		key, err := read(f.Store)
		again, err2 := read(other)
		if err := errors.Join(err, err2); err != nil || len(key) != 32 || string(key) != string(again) || seen[string(key)] {
			t.Errorf("the key of %s has %d bytes (%v)", name, len(key), err)
		}
		seen[string(key)] = true
	}
}
