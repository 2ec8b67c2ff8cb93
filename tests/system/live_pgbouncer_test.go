package system

import (
	"net/http"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Behind a PgBouncer in transaction mode, which keeps what is notified to itself or gives it to whoever comes
// next, everybody asks, and everything is obeyed at once. With a way past it to listen on, they hear.
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
				c.hearing()
			} else {
				until(t, "both replicas say that they do not hear", func() bool { return c.a.stderr.last(notHearing)*c.b.stderr.last(notHearing) > 0 })
				s.asking = c.replicas()
			}
			draw := eachLoss()
			for range 6 * number(t, "SYSTEM_LIVE_ROUNDS", 1) {
				s.loses(draw())
			}
			if c.a.hears() != past || c.b.hears() != past {
				t.Errorf("the replicas say that they hear: %v, %v", c.a.hears(), c.b.hears())
			}
			untouched.end()
			untouched.always("somebody whom nothing was taken from", http.StatusOK)
			report(t, name, s.lasts)
		})
	}
}
