package system

import (
	"net/http"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// PostgreSQL is stopped as by a crash and started again, right after a right was taken away, or right before. Until
// it is back there is 503. Nobody with a valid token is ever told 401, and nobody keeps for longer than a second
// what was taken from them: who listened has heard nothing of what was changed before it listened again.
func TestLivePostgresRestarted(t *testing.T) {
	t.Parallel()
	postgres := pgtest.Start(t)
	database := withPassword(t, postgres.Database(t))
	c := join(t, database, serve(t, database, "--demo"), serve(t, database))
	untouched := c.bystander(steady)
	s := c.newSubject(steady)
	s.watch.busy = []int{0, 1}
	s.calm = liveLimit * 13 / 10
	draw := eachLoss()
	for range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		for range 2 {
			c.hearing()
			s.loses(draw(), func() { postgres.Restart(t) })
			c.hearing()
			postgres.Restart(t)
			s.loses(draw())
		}
		if t.Failed() {
			break
		}
	}
	untouched.end()
	untouched.always("somebody whom nothing was taken from", http.StatusOK, http.StatusServiceUnavailable)
	report(t, "while PostgreSQL is restarted", s.lasts)
}
