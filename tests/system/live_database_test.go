package system

import (
	"net/http"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// All connections of one replica to its database hang or break; the one on which it listens does too, or works. The
// replica grants no right that was revoked longer than a second ago, even where notifications arrive, refuses no right
// that is held, and answers 503 in time where it cannot decide. The other replica is not affected.
func TestLiveDatabaseInTrouble(t *testing.T) {
	t.Parallel()
	for name, listensOnItsOwn := range map[string]bool{"it listens past it": true, "it listens through it": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := withPassword(t, pgtest.URL(t))
			wire, through := newProxy(t, database)
			settings := []string{"DATABASE_URL=" + through}
			if listensOnItsOwn {
				settings = append(settings, "DATABASE_LISTEN_URL="+database)
			}
			c := join(t, database, serve(t, database, "--demo"), serveWith(t, settings))
			untouched := c.bystander(steady)
			s := c.newSubject(steady)
			s.watch.busy, untouched.busy = []int{1}, []int{1}
			draw := eachLoss()
			for range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
				for _, trouble := range troubles[:3] {
					c.awaitLeases()
					trouble.begin(wire)
					s.loses(draw(), func() {
						time.Sleep(liveLimit * 3 / 2)
						trouble.end(wire)
					})
					c.back(machineTime(), c.b)
					if t.Failed() {
						t.Fatalf("with the connections %s", trouble.name)
					}
				}
			}
			s.watch.end()
			untouched.end()
			untouched.always("an account without losses", http.StatusOK, http.StatusServiceUnavailable)
			s.watch.within(frozenLimit)
			untouched.within(frozenLimit)
			report(t, name, s.lasts)
		})
	}
}
