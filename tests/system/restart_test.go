package system

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// PostgreSQL is stopped as by a crash, and started again, while two replicas read, write and log people in. Until
// it is back every request gets 503: no 401 for a valid token or password, no success for a write that was not made,
// no broken connection.
func TestPostgresRestartedUnderLoad(t *testing.T) {
	t.Parallel()
	postgres := pgtest.Start(t)
	c := newCluster(t, withPassword(t, postgres.Database(t)))
	writers := c.newWriters(4)
	p := c.newPerson(c.roles["User"])
	for round := range rounds(t, 2) {
		stop := make(chan struct{})
		var wait sync.WaitGroup
		for i, w := range writers {
			w.s = c.replicas()[i%2]
			wait.Go(func() { w.work(stop, true) })
		}
		for _, s := range c.replicas() {
			wait.Go(func() { c.readOn(s, p, stop) })
			wait.Go(func() { c.logInOn(s, p, stop) })
			wait.Go(func() { c.live(s, stop) })
		}
		time.Sleep(100*time.Millisecond + rand.N(200*time.Millisecond))
		postgres.Stop(t)
		if round%2 == 0 {
			c.away() // else it may be back before both replicas have been asked
		}
		postgres.Start(t)
		back := machineTime()
		for _, s := range c.replicas() {
			c.back(back, s)
		}
		time.Sleep(100 * time.Millisecond)
		close(stop)
		wait.Wait()
		for _, w := range writers {
			writes := w.check(c.any())
			t.Logf("%d new roles, deletions and accounts, %d of them with an unknown outcome", len(writes), countUnanswered(writes))
		}
		if t.Failed() {
			return
		}
	}
	c.wholeAccounts()
	c.sound()
}

// away fails the test unless both replicas report that they are not ready.
func (c *cluster) away() {
	c.t.Helper()
	for _, s := range c.replicas() {
		for _, path := range []string{"/readyz", "/api/v1/health", "/api/v1/auth/me"} {
			if a := s.send(http.MethodGet, path, c.admin.token, nil); !a.is(http.StatusServiceUnavailable) {
				c.t.Errorf("without a database %s is answered %d %q %v", path, a.status, a.Message, a.err)
			}
		}
	}
}

// readOn reads with a valid token until stop is closed.
func (c *cluster) readOn(s *server, p person, stop <-chan struct{}) {
	every(5*time.Millisecond, stop, func() {
		if a := s.me(p.token); !a.is(http.StatusOK, http.StatusServiceUnavailable) {
			c.t.Errorf("a valid token is answered %d %q %v", a.status, a.Message, a.err)
		}
	})
}

// logInOn logs in with the right password until it is told to stop.
func (c *cluster) logInOn(s *server, p person, stop <-chan struct{}) {
	every(100*time.Millisecond, stop, func() {
		a := s.send(http.MethodPost, "/api/v1/auth/login", "", credentials(p.email, p.password))
		if !a.is(http.StatusOK, http.StatusServiceUnavailable) {
			c.t.Errorf("the right password is answered %d %q %v", a.status, a.Message, a.err)
		}
	})
}

// live asks whether the process lives until it is told to stop.
func (c *cluster) live(s *server, stop <-chan struct{}) {
	every(20*time.Millisecond, stop, func() {
		began := machineTime()
		if a := s.send(http.MethodGet, "/livez", "", nil); !a.is(http.StatusOK) || machineSince(began) > backWithin {
			c.t.Errorf("livez is answered %d %v after %v", a.status, a.err, machineSince(began))
		}
	})
}

// every does something again and again until stop is closed.
func every(pause time.Duration, stop <-chan struct{}, f func()) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(pause):
			f()
		}
	}
}
