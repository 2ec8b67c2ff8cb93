package system

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Rights are taken away through one replica, or by SQL, while all replicas are asked at full speed by who has
// them. Each obeys within a second. Nobody is refused what they have, not even what they have had for a moment
// only: given through one replica, it is there on all others with the acknowledgement.
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
			c.hearing()
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
			untouched.always("somebody whom nothing was taken from", http.StatusOK)
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
