package throttle

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/throttle"
)

// wrong is a password that no account has.
const wrong = "not-the-password"

// world is a service behind a proxy that is trusted, with an account.
type world struct {
	*apitest.Service
	account apitest.Account
	clock   *apitest.Clock
	hashes  *atomic.Int64 // how many passwords were compared, on all replicas
	edge    func(*app.EdgeOptions)
}

// counted are Passwords that count.
type counted struct {
	users.Passwords
	hashes *atomic.Int64
}

func (p counted) Check(ctx context.Context, why users.Purpose, ready func() error, h users.PasswordHash, w users.Password) (users.PasswordCheck, error) {
	return p.Passwords.Check(ctx, why, func() error {
		err := ready()
		if err == nil {
			p.hashes.Add(1)
		}
		return err
	}, h, w)
}

// newWorld starts a service with budgets, the usual ones if they are zero.
func newWorld(t *testing.T, engine string, rates throttle.Rates) *world {
	t.Helper()
	w := &world{clock: &apitest.Clock{}, hashes: &atomic.Int64{}}
	w.edge = func(o *app.EdgeOptions) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
		ports := o.Service.Ports
		ports.Passwords = counted{ports.Passwords, w.hashes}
		apitest.ReplaceService(o, users.New(ports))
	}
	w.Service = apitest.Start(t, apitest.Options{Engine: engine, Now: w.clock.Now, Throttles: rates, Configure: w.edge})
	w.account = w.NewAccount(t, w.NewRole(t, ""))
	w.hashes.Store(0)
	return w
}

// login is a request to log in, from an address.
type login struct {
	email, password, address string
	device                   string // empty for none
	more                     map[string]any
}

// send sends it to a replica.
func (l login) send(t testing.TB, at *apitest.Service) *apitest.Answer {
	t.Helper()
	body := map[string]any{"email": l.email, "password": l.password}
	if l.device != "" {
		body["device_token"] = l.device
	}
	for name, value := range l.more {
		body[name] = value
	}
	return at.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: body, Header: http.Header{"X-Forwarded-For": {l.address}}})
}

// right is a login of the account with its password.
func (w *world) right(address, device string) login {
	return login{email: w.account.Email, password: w.account.Password, address: address, device: device}
}

// guess is one with a wrong password.
func (w *world) guess(address, device string) login {
	return login{email: w.account.Email, password: wrong, address: address, device: device}
}

// fail sends so many wrong logins, which must all be compared.
func (w *world) fail(t testing.TB, n int, l login) {
	t.Helper()
	for range n {
		l.send(t, w.Service).Want(t, 401, "Invalid credentials.")
	}
}

// refuse expects that a login is refused for the number of attempts, without a hash, and returns when it may be tried again.
func (w *world) refuse(t testing.TB, l login) time.Duration {
	t.Helper()
	before := w.hashes.Load()
	after := retryAfter(t, l.send(t, w.Service).Want(t, 429, "Too many attempts; try again later."))
	if n := w.hashes.Load() - before; n != 0 {
		t.Errorf("%d hashes were computed", n)
	}
	return after
}

func retryAfter(t testing.TB, a *apitest.Answer) time.Duration {
	t.Helper()
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > 24*3600 {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

// device logs the account in, from an address of its own, and returns the token of the device.
func (w *world) device(t testing.TB) string {
	t.Helper()
	return w.right("192.0.2.200", "").send(t, w.Service).Want(t, 200, "").Text(t, "device_token")
}

// address is the nth of many.
func address(n int) string {
	return netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)}).String()
}
