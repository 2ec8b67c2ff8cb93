package system

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Rights are revoked through one replica, or by SQL, while their holder sends requests to all replicas at full speed.
// Each replica enforces the change within a second. A right that is held is never refused, even if it is new: once one
// replica has acknowledged it, all others grant it.
func TestLivePropagation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		replicas int
		subject  func(*cluster, time.Duration) *subject
		losses   []loss
	}{
		{"two replicas, an endpoint", 2, (*cluster).newReader, slices.Concat(losses, lossesBySQL)},
		{"three replicas, a proxy's question", 3, (*cluster).newSubject, slices.Concat(losses, lossesBySQL, lossesOfPermission)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newLiveCluster(t, test.replicas)
			untouched := c.bystander(fullSpeed)
			s := test.subject(c, fullSpeed)
			c.awaitLeases()
			for round := range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
				s.here = c.replicas()[round%test.replicas]
				for _, l := range test.losses {
					s.loses(l)
				}
				if t.Failed() {
					break
				}
			}
			untouched.end()
			untouched.always("an account without losses", http.StatusOK)
			report(t, test.name, s.lasts)
		})
	}
}

// newLiveCluster is n replicas on one PostgreSQL.
func newLiveCluster(t *testing.T, n int) *cluster {
	t.Helper()
	database := withPassword(t, pgtest.URL(t))
	servers := []*server{serve(t, database, "--demo")}
	for len(servers) < n {
		servers = append(servers, serve(t, database))
	}
	return join(t, database, servers[0], servers[1], servers[2:]...)
}
