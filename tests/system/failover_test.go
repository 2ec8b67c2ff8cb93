package system

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// One name for the database leads to the primary, then to a standby that lags behind, as it does while DNS or a
// balancer is late, and then to the same server promoted. Two replicas are asked and written to all the time. From the
// standby nothing is answered but 503, /readyz included, and an account that the primary has disabled is let in at no
// time. PgBouncer keeps the connections of the replicas while it leads them to another server.
func TestPostgresFailsOverUnderLoad(t *testing.T) {
	t.Parallel()
	for name, through := range map[string]func(t *testing.T, database string) string{
		"directly":          func(_ *testing.T, database string) string { return database },
		"through PgBouncer": newPgBouncer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := pgtest.Start(t)
			first := withPassword(t, primary.Database(t))
			standby := primary.Standby(t)
			second := withPassword(t, standby.Same(t, first))
			wire, byName := newProxy(t, first)
			settings := []string{"DATABASE_URL=" + through(t, byName)}
			c := join(t, first, serveWith(t, settings, "--demo"), serveWith(t, settings))
			writers, stays, disabled := c.newWriters(2), c.newPerson(c.roles["User"]), c.newPerson(c.roles["User"])

			copied := byHand(t, second)
			is := func(query string) func() bool { return func() bool { return one(t, copied, query) == "true" } }
			here := one(t, byHand(t, first), `SELECT pg_current_wal_lsn()`)
			until(t, "the standby has what the primary has", is(`SELECT pg_last_wal_replay_lsn() >= '`+here+`'`))
			run(t, copied, `SELECT pg_wal_replay_pause()`)
			until(t, "the standby lags behind", is(`SELECT pg_get_wal_replay_pause_state() = 'paused'`))
			c.ask(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+disabled.id, map[string]any{"is_active": false})
			here = one(t, byHand(t, first), `SELECT pg_current_wal_lsn()`)
			until(t, "the standby has received everything", is(`SELECT pg_last_wal_receive_lsn() >= '`+here+`'`))
			time.Sleep(liveLimit)
			if active := one(t, copied, `SELECT is_active FROM accounts WHERE id = '`+disabled.id+`'`); active != "true" {
				t.Fatalf("the standby does not lag behind: the account is active: %s", active)
			}

			stop := make(chan struct{})
			var wait sync.WaitGroup
			wire.lead(second)
			for i, w := range writers {
				w.s = c.replicas()[i]
				wait.Go(func() { w.work(stop, true) })
			}
			for _, s := range c.replicas() {
				wait.Go(func() { c.readOn(s, stays, stop) })
				wait.Go(func() { c.logInOn(s, stays, stop) })
				wait.Go(func() { c.refuses(s, disabled, stop) })
			}
			c.away()
			time.Sleep(2 * time.Second)
			c.away()
			primary.Stop(t)
			standby.Promote(t)
			c.database = second
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
			c.sound()
		})
	}
}

// refuses asks for a disabled account, with its token and by its password, until it is told to stop.
func (c *cluster) refuses(s *server, p person, stop <-chan struct{}) {
	every(5*time.Millisecond, stop, func() {
		if a := s.me(p.token); !a.is(http.StatusUnauthorized, http.StatusServiceUnavailable) {
			c.t.Errorf("the token of a disabled account is answered %d %q %v", a.status, a.Message, a.err)
		}
		a := s.send(http.MethodPost, "/api/v1/auth/login", "", credentials(p.email, p.password))
		if !a.is(http.StatusUnauthorized, http.StatusServiceUnavailable) {
			c.t.Errorf("the login of a disabled account is answered %d %q %v", a.status, a.Message, a.err)
		}
	})
}
