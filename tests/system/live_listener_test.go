package system

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Messages of the log when a replica begins to receive change notifications, and when it cannot or no longer does.
const (
	logNotificationsOn   = "receiving change notifications from the database"
	logNotificationsLost = "change notifications lost; querying the database on every request"
)

// receivesChanges reports whether the last of these messages in a replica's log says that it receives notifications.
func (s *server) receivesChanges() bool {
	return s.stderr.last(logNotificationsOn) > s.stderr.last(logNotificationsLost)
}

// until polls is until it returns true, and fails the test after patience.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("after %v it is not true that %s", patience, what)
		}
	}
}

// awaitLeases returns when all replicas receive change notifications and have had time for a heartbeat since the last
// change, so that they hold a lease on their caches.
func (c *cluster) awaitLeases() {
	c.t.Helper()
	until(c.t, "all replicas receive change notifications", func() bool {
		return !slices.ContainsFunc(c.replicas(), func(s *server) bool { return !s.receivesChanges() })
	})
	time.Sleep(liveLimit / 2)
}

// trouble is a fault of the connection on which a replica listens.
type trouble struct {
	name  string
	begin func(*proxy)
	end   func(*proxy)
	// silent says that no notification arrives during the fault.
	silent bool
	// late is how long after a change notifications from before it may still arrive.
	late time.Duration
}

var troubles = []trouble{
	{"cut", func(p *proxy) { p.cut(true) }, func(p *proxy) { p.cut(false) }, true, 0},
	{"cut for a moment", func(p *proxy) { p.cut(true); p.cut(false) }, func(*proxy) {}, false, 0},
	{"half open", func(p *proxy) { p.freeze(true) }, func(p *proxy) { p.freeze(false) }, true, 0},
	{"half open, and cut when it thaws", func(p *proxy) { p.freeze(true) }, func(p *proxy) { p.cut(true); p.freeze(false); p.cut(false) }, true, 0},
	{"frozen on its way to the service", func(p *proxy) { p.freezeOne(toService, true) }, func(p *proxy) { p.freezeOne(toService, false) }, true, 0},
	{"slow", func(p *proxy) { p.slow(liveLimit * 3 / 2) }, func(p *proxy) { p.slow(0) }, false, 3 * liveLimit},
	{"frozen on its way to the database", func(p *proxy) { p.freezeOne(toDatabase, true) }, func(p *proxy) { p.freezeOne(toDatabase, false) }, false, 0},
}

// The connection on which one replica listens breaks or hangs, in each way in which connections do; its other
// connections work. Whatever notifications arrive then or afterwards, the replica grants no right for longer than a
// second after it was revoked, and refuses no right that is held. Once the replica knows that its connection is lost,
// changes take effect there at once, and later it receives notifications again.
func TestLiveListenerInTrouble(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.URL(t))
	wire, listen := newProxy(t, database)
	c := join(t, database, serve(t, database, "--demo"), serveWith(t, []string{"DATABASE_URL=" + database, "DATABASE_LISTEN_URL=" + listen}))
	untouched := c.bystander(steady)
	s := c.newSubject(steady)
	draw := eachLoss()
	for range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		for _, trouble := range troubles {
			c.awaitLeases()
			// The lease still runs for some time; then it ends before the change has taken effect.
			s.watchFor = liveLimit*13/10 + trouble.late
			trouble.begin(wire)
			s.loses(draw())
			s.loses(draw(), func() { trouble.end(wire) })
			s.watchFor = liveLimit / 10
			until(t, "the replica receives notifications again", c.b.receivesChanges)
			trouble.begin(wire)
			if trouble.silent {
				until(t, "the replica logs that notifications are lost", func() bool { return !c.b.receivesChanges() })
				s.asking = []*server{c.b}
				s.loses(draw())
				s.asking = nil
			}
			trouble.end(wire)
			until(t, "the replica receives notifications again", c.b.receivesChanges)
			s.loses(draw())
			if t.Failed() {
				t.Fatalf("with the connection %s", trouble.name)
			}
		}
	}
	untouched.end()
	untouched.always("an account without losses", http.StatusOK)
	report(t, "with a listener in trouble", s.lasts)
}
