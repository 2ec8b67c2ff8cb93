package system

import (
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// A database that speaks PostgreSQL's protocol and has no notifications, which is made here by renaming the function
// pg_notify: the schema can be made, everything works, and changes take effect at once, since every replica queries the
// database on each request.
func TestLiveDatabaseWithoutNotify(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.Start(t).Database(t))
	run(t, byHand(t, database), `ALTER FUNCTION pg_catalog.pg_notify(text, text) RENAME TO no_notify`)
	c := join(t, database, serve(t, database, "--demo"), serve(t, database))
	until(t, "both replicas log that notifications are lost", func() bool { return c.a.stderr.last(logNotificationsLost)*c.b.stderr.last(logNotificationsLost) > 0 })
	s := c.newSubject(steady)
	s.asking = c.replicas()
	draw := eachLoss()
	for range 6 * number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		s.loses(draw())
	}
	if c.a.receivesChanges() || c.b.receivesChanges() {
		t.Error("a replica logs that it receives notifications")
	}
}
