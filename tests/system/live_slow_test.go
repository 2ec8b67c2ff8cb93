package system

import (
	"net/http"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Heartbeats and changes reach a replica late, and the first request after a loss comes when the second is over. A
// heartbeat that arrives then was sent before the change: the lease counts from its sending, and does not make the old
// state valid again.
func TestLiveSlowListener(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.URL(t))
	wire, listen := newProxy(t, database)
	c := join(t, database, serve(t, database, "--demo"), serveWith(t, []string{"DATABASE_URL=" + database, "DATABASE_LISTEN_URL=" + listen}))
	s := c.newSubject(steady)
	s.watch.end()
	for range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		for _, l := range lossesBySQL[:3] {
			c.awaitLeases()
			c.b.want(http.StatusOK, http.MethodGet, s.path, s.token, nil)
			wire.slow(liveLimit * 3 / 2)
			time.Sleep(liveLimit * 3 / 10) // in which a heartbeat sets out
			l.take(s)
			time.Sleep(liveLimit * 8 / 5) // in which it arrives, and what comes after it does not
			w := newWatch(t, steady, s.token, s.path, c.b)
			time.Sleep(2 * liveLimit)
			w.end()
			w.always("the account after its loss, "+l.name+",", l.status)
			wire.slow(0)
			l.give(s)
		}
	}
}
