package system

import (
	"net/http"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// PostgreSQL is stopped as by a crash and started again, right after a right was revoked, or right before. Until it is
// back requests get 503. A valid token never gets 401, and no right is granted for longer than a second after it was
// revoked: the replicas were not notified of changes from before they listened again.
func TestLivePostgresRestarted(t *testing.T) {
	t.Parallel()
	postgres := pgtest.Start(t)
	database := withPassword(t, postgres.Database(t))
	c := join(t, database, serve(t, database, "--demo"), serve(t, database))
	untouched := c.bystander(steady)
	s := c.newSubject(steady)
	s.watch.busy = []int{0, 1}
	s.watchFor = liveLimit * 13 / 10
	draw := eachLoss()
	for range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		for range 2 {
			c.awaitLeases()
			s.loses(draw(), func() { postgres.Restart(t) })
			c.awaitLeases()
			postgres.Restart(t)
			s.loses(draw())
		}
		if t.Failed() {
			break
		}
	}
	untouched.end()
	untouched.always("an account without losses", http.StatusOK, http.StatusServiceUnavailable)
	report(t, "while PostgreSQL is restarted", s.lasts)
}
