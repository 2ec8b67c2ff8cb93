package throttle

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/limit"
	"github.com/svc-users/svc-users/internal/throttle"
)

// microseconds is a time as the database keeps it.
func microseconds(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }

// emails can be raised: go test ./tests/throttle -run TestManyEmails -args -emails 1000000 -rows 0
var (
	emails = flag.Int("emails", 5000, "how many distinct e-mails are tried")
	rows   = flag.Int("rows", 64, "how many rows there may be before rows are shared; 0: as many as a service has")
)

// Guesses at distinct e-mails, each from an address of its own, do not fill the database. Meanwhile devices that are known,
// own passwords and new accounts keep budgets of their own, and no e-mail has more than its share. What is over is swept.
func TestManyEmails(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		guard := throttle.NewGuard(throttle.Ports{Store: w.Store, Now: w.clock.Now, Rates: throttle.DefaultRates(), Rows: *rows})
		most := 2*guard.Rows + 2*4*guard.Rows // before they are shared, and the buckets of two kinds
		account, _ := users.ParseID(w.account.ID)
		try := func(a users.Attempt) error {
			a.Kind = users.AttemptLogin
			r, err := guard.Reserve(t.Context(), a)
			if err == nil {
				r.Settle(t.Context(), false)
			}
			return err
		}
		var running sync.WaitGroup
		const workers = 8
		for part := range workers {
			running.Go(func() {
				for n := part; n < *emails; n += workers {
					ip := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}).String()
					if err := try(users.Attempt{Address: ip, Email: fmt.Sprintf("p%d@example.com", n)}); err != nil && !errors.Is(err, users.ErrTooMany) {
						t.Errorf("%d: %v", n, err)
					}
				}
			})
		}
		running.Wait()
		n, err := w.Store.CountThrottles(t.Context(), 10*most)
		if err != nil || n > most {
			t.Errorf("%d rows (%v), want at most %d", n, err, most)
		}
		t.Logf("%d e-mails have made %d rows", *emails, n)

		through := 0
		for n := range 3 * throttle.DefaultRates().Account.Burst {
			if try(users.Attempt{Address: address(n), Email: w.account.Email, Account: account}) == nil {
				through++
			}
		}
		if through > throttle.DefaultRates().Account.Burst {
			t.Errorf("%d guesses at one e-mail got through", through)
		}
		for n := range throttle.DefaultRates().Device.Burst {
			if err := try(users.Attempt{Email: w.account.Email, Account: account, Device: "7"}); err != nil {
				t.Errorf("attempt %d of a known device: %v", n, err)
			}
		}
		w.clock.Pass(365 * 24 * time.Hour)
		if err := guard.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Store.CountThrottles(t.Context(), most); err != nil || n != 0 {
			t.Errorf("%d rows are left (%v)", n, err)
		}
	})
}

// gone is a store whose budgets cannot be reached.
type gone struct{ throttle.Store }

func (gone) error() error { return users.Unavailable("The database is away.", time.Second, nil) }

func (g gone) ExhaustedBudgets(context.Context, time.Time, []throttle.Draw) ([]throttle.Exhausted, error) {
	return nil, g.error()
}

func (g gone) TakeAttempts(context.Context, time.Time, []throttle.Draw) ([]throttle.Exhausted, error) {
	return nil, g.error()
}

// late is a store that is away once attempts have been looked at.
type late struct{ gone }

func (l late) ExhaustedBudgets(ctx context.Context, now time.Time, draws []throttle.Draw) ([]throttle.Exhausted, error) {
	return l.Store.ExhaustedBudgets(ctx, now, draws)
}

// Where attempts cannot be counted none is made.
func TestCountersAway(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		other := apitest.Start(t, apitest.Options{Engine: engine})
		key := other.NewAPIKey(t, other.AdminToken, "throttles:read").Key
		for name, store := range map[string]throttle.Store{"from the start": gone{w.Store}, "after a look": late{gone{w.Store}}} {
			at := w.Replica(t, func(o *app.EdgeOptions) {
				w.edge(o)
				ports := o.Service.Ports
				ports.Guard = throttle.NewGuard(throttle.Ports{Store: store, Now: w.clock.Now, Rates: throttle.DefaultRates()})
				apitest.ReplaceService(o, users.New(ports))
			})
			w.hashes.Store(0)
			for what, a := range map[string]*apitest.Answer{
				"a wrong login": w.guess("203.0.113.1", "").send(t, at), "a right one": w.right("203.0.113.1", "").send(t, at),
				"an API key":   at.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/throttles", Token: key}),
				"the password": at.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/email", Token: w.account.Token, Body: map[string]any{"current_password": wrong, "email": "x@example.com"}}),
				"an account":   at.Post(t, "/api/v1/accounts", map[string]any{"email": "y@example.com", "password": "a-fresh-secret", "role_id": w.AdminRole}),
			} {
				if a.Status != 503 || a.Header.Get("Retry-After") == "" {
					t.Errorf("%s, %s: %d %s", name, what, a.Status, a.Body)
				}
			}
			if w.hashes.Load() != 0 {
				t.Errorf("%s: %d hashes", name, w.hashes.Load())
			}
		}
	})
}

// A client that goes away before its turn has taken nothing.
func TestGoneClientsTakeNothing(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		least := limit.Rate{Burst: 1, Every: time.Hour}
		w := newWorld(t, engine, throttle.Rates{Address: least, Account: least, Device: least})
		for n := range 100 { // on a busy machine the comparison may be done before its caller is found to have gone
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ports := w.Users.Ports
			ports.Passwords = leaving{ports.Passwords, cancel}
			l := login{email: fmt.Sprintf("p%d@example.com", n), password: wrong, address: address(n)}
			_, err := users.New(ports).Login(ctx, users.LoginRequest{Email: l.email, Password: wrong, From: users.Client{Address: l.address}})
			if errors.Is(err, context.Canceled) {
				w.fail(t, 1, l)
				w.refuse(t, l)
				return
			}
		}
		t.Error("each comparison was done before its caller had gone")
	})
}

// leaving are Passwords whose caller goes away when it has its turn.
type leaving struct {
	users.Passwords
	leave func()
}

func (p leaving) Check(ctx context.Context, why users.Purpose, ready func() error, h users.PasswordHash, w users.Password) (users.PasswordCheck, error) {
	return p.Passwords.Check(ctx, why, func() error {
		err := ready()
		p.leave()
		return err
	}, h, w)
}
