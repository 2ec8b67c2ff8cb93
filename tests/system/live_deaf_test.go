package system

import (
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// A database that speaks PostgreSQL's protocol and has no notifications, which is made here by taking the
// function away: the schema can be made, everything works, and everything is obeyed at once, since everybody asks.
func TestLiveDatabaseWithoutNotify(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.Start(t).Database(t))
	run(t, byHand(t, database), `ALTER FUNCTION pg_catalog.pg_notify(text, text) RENAME TO no_notify`)
	c := join(t, database, serve(t, database, "--demo"), serve(t, database))
	until(t, "both replicas say that they do not hear", func() bool { return c.a.stderr.last(notHearing)*c.b.stderr.last(notHearing) > 0 })
	s := c.newSubject(steady)
	s.asking = c.replicas()
	draw := eachLoss()
	for range 6 * number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		s.loses(draw())
	}
	if c.a.hears() || c.b.hears() {
		t.Error("a replica says that it hears")
	}
}
