package system

import (
	"net/http"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// All connections of one replica to its database hang or break, while the one on which it listens does too, or
// does not. Nobody is let in there on what was taken away longer than a second ago, however well the replica hears
// otherwise, nobody who may is told that they may not, and what cannot be answered is 503 in time. The other
// replica notices nothing.
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
					c.hearing()
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
			untouched.always("somebody whom nothing was taken from", http.StatusOK, http.StatusServiceUnavailable)
			s.watch.within(frozenLimit)
			untouched.within(frozenLimit)
			report(t, name, s.lasts)
		})
	}
}
