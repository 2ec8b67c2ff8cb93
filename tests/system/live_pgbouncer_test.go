package system

import (
	"net/http"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Behind a PgBouncer in transaction mode, which drops notifications or delivers them to another client, replicas query
// the database on every request, and changes take effect at once. With DATABASE_LISTEN_URL past PgBouncer they receive
// notifications.
func TestLiveBehindPgBouncer(t *testing.T) {
	t.Parallel()
	for name, past := range map[string]bool{"nothing leads past it": false, "listening leads past it": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := withPassword(t, pgtest.URL(t))
			settings := []string{"DATABASE_URL=" + newPgBouncer(t, database)}
			if past {
				settings = append(settings, "DATABASE_LISTEN_URL="+database)
			}
			c := join(t, database, serveWith(t, settings, "--demo"), serveWith(t, settings))
			untouched := c.bystander(steady)
			s := c.newSubject(steady)
			if past {
				c.awaitLeases()
			} else {
				until(t, "both replicas log that notifications are lost", func() bool { return c.a.stderr.last(logNotificationsLost)*c.b.stderr.last(logNotificationsLost) > 0 })
				s.asking = c.replicas()
			}
			draw := eachLoss()
			for range 6 * number(t, "SYSTEM_LIVE_ROUNDS", 1) {
				s.loses(draw())
			}
			if c.a.receivesChanges() != past || c.b.receivesChanges() != past {
				t.Errorf("the replicas log that they receive notifications: %v, %v", c.a.receivesChanges(), c.b.receivesChanges())
			}
			untouched.end()
			untouched.always("an account without losses", http.StatusOK)
			report(t, name, s.lasts)
		})
	}
}
