package system

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// What a replica logs when it begins to hear of changes, and when it does not or no more.
const (
	hearing    = "hearing of changes from the database"
	notHearing = "not hearing of changes: asking the database with each request"
)

// hears reports whether a replica says that it hears of changes.
func (s *server) hears() bool { return s.stderr.last(hearing) > s.stderr.last(notHearing) }

// until waits for something to become so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("after %v it is still not so that %s", patience, what)
		}
	}
}

// hearing returns when all replicas say that they hear, and have had the time for a heartbeat since whatever changed
// last: what they heard counts now.
func (c *cluster) hearing() {
	c.t.Helper()
	until(c.t, "all replicas hear", func() bool {
		return !slices.ContainsFunc(c.replicas(), func(s *server) bool { return !s.hears() })
	})
	time.Sleep(liveLimit / 2)
}

// trouble is what happens to the connection on which a replica listens.
type trouble struct {
	name  string
	begin func(*proxy)
	end   func(*proxy)
	// deaf says that nothing is heard while it lasts.
	deaf bool
	// late is how long after a change what was sent before it may still come in.
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

// The connection on which one replica listens breaks or hangs, in each of the ways in which connections do, and
// its others do not. Whatever it hears then, and whatever pours in when all is well again, it grants nothing for
// longer than a second after it was taken away, and refuses nobody who may. Once it knows that it does not hear,
// it obeys at once, and later it hears again.
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
			c.hearing()
			// What was heard last still counts for some time; then it ends while a change is not obeyed yet.
			s.calm = liveLimit*13/10 + trouble.late
			trouble.begin(wire)
			s.loses(draw())
			s.loses(draw(), func() { trouble.end(wire) })
			s.calm = liveLimit / 10
			until(t, "the replica hears again", c.b.hears)
			trouble.begin(wire)
			if trouble.deaf {
				until(t, "the replica says that it hears nothing", func() bool { return !c.b.hears() })
				s.asking = []*server{c.b}
				s.loses(draw())
				s.asking = nil
			}
			trouble.end(wire)
			until(t, "the replica hears again", c.b.hears)
			s.loses(draw())
			if t.Failed() {
				t.Fatalf("with the connection %s", trouble.name)
			}
		}
	}
	untouched.end()
	untouched.always("somebody whom nothing was taken from", http.StatusOK)
	report(t, "with a listener in trouble", s.lasts)
}
