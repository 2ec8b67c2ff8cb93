package system

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// frozenLimit is how long a request may take while the database hangs, by the machine's clock: ten seconds for the
// longest of them, a transaction, and some for all that belongs to it.
const frozenLimit = 13 * time.Second

// A PostgreSQL that hangs, with all its connections open, makes requests end in 503 instead of hanging too. The
// process says that it lives and is not ready, can be told to stop, and works again when the database does.
func TestPostgresFrozen(t *testing.T) {
	t.Parallel()
	proxy, database := newProxy(t, withPassword(t, pgtest.URL(t)))
	c := newCluster(t, database)
	p := c.newPerson(c.roles["User"])
	for range rounds(t, 1) {
		proxy.freeze(true)
		c.whileFrozen(p)
		leaving := c.b
		leaving.signal(syscall.SIGTERM)
		if status := leaving.wait(frozenLimit); status != 0 {
			t.Errorf("told to stop while the database hangs, a server ends with status %d", status)
		}
		proxy.freeze(false)
		c.back(machineTime(), c.a)
		c.b = serve(t, database)
		if a := c.b.me(p.token); !a.is(http.StatusOK) {
			t.Errorf("after the thaw a token is answered %d", a.status)
		}
	}
}

// whileFrozen asks for everything at once.
func (c *cluster) whileFrozen(p person) {
	c.t.Helper()
	var wait sync.WaitGroup
	for _, request := range []struct {
		method, path, token string
		body                any
		status              int
	}{
		{http.MethodGet, "/api/v1/auth/me", p.token, nil, http.StatusServiceUnavailable},
		{http.MethodGet, "/api/v1/accounts", c.admin.token, nil, http.StatusServiceUnavailable},
		{http.MethodPost, "/api/v1/roles", c.admin.token, map[string]any{"name": unique("Frozen")}, http.StatusServiceUnavailable},
		{http.MethodPost, "/api/v1/auth/login", "", credentials(p.email, p.password), http.StatusServiceUnavailable},
		{http.MethodPost, "/api/v1/auth/login", "", credentials(newEmail(), newPassword()), http.StatusServiceUnavailable},
		{http.MethodGet, "/api/v1/health", "", nil, http.StatusServiceUnavailable},
		{http.MethodGet, "/readyz", "", nil, http.StatusServiceUnavailable},
		{http.MethodGet, "/livez", "", nil, http.StatusOK},
		{http.MethodGet, "/api/v1/auth/jwks", "", nil, http.StatusOK},
		{http.MethodGet, "/api/v1/auth/me", "", nil, http.StatusUnauthorized},
	} {
		for range 4 {
			wait.Go(func() {
				began := machineTime()
				a := c.a.send(request.method, request.path, request.token, request.body)
				took := machineSince(began)
				if !a.is(request.status) || took > frozenLimit {
					c.t.Errorf("while the database hangs, %s %s is answered %d %q %v after %v, want %d",
						request.method, request.path, a.status, a.Message, a.err, took, request.status)
				}
				if request.status != http.StatusServiceUnavailable && took > 3*time.Second {
					c.t.Errorf("%s %s needs no database and takes %v while it hangs", request.method, request.path, took)
				}
			})
		}
	}
	wait.Wait()
}

// back fails the test unless a server serves again within the time it has, which began at since.
func (c *cluster) back(since time.Duration, s *server) {
	c.t.Helper()
	for {
		a, ready := s.me(c.admin.token), s.send(http.MethodGet, "/readyz", "", nil)
		took := machineSince(since)
		switch {
		case a.is(http.StatusOK) && ready.is(http.StatusOK):
			c.t.Logf("back after %v", took)
			return
		case !a.is(http.StatusServiceUnavailable, http.StatusOK) || !ready.is(http.StatusServiceUnavailable, http.StatusOK):
			c.t.Fatalf("on the way back: %d %q %v and %d %v", a.status, a.Message, a.err, ready.status, ready.err)
		case took > backWithin:
			c.t.Fatalf("not back after %v", took)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
