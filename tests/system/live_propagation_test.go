package system

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Rights are taken away through one replica, or by SQL, while all replicas are asked at full speed by who has
// them. Each obeys within a second. Nobody is refused what they have, not even what they have had for a moment
// only: given through one replica, it is there on all others with the acknowledgement.
func TestLivePropagation(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3} {
		t.Run(strconv.Itoa(n)+" replicas", func(t *testing.T) {
			t.Parallel()
			c := newLiveCluster(t, n)
			untouched := c.watched(c.newPerson(c.roles["Manager"]), fullSpeed)
			s := c.newSubject(fullSpeed)
			for round := range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
				s.here = c.replicas()[round%n]
				for _, l := range slices.Concat(losses, lossesBySQL) {
					s.loses(l)
				}
				if t.Failed() {
					break
				}
			}
			untouched.end()
			untouched.always("somebody whom nothing was taken from", http.StatusOK)
			s.watch.end()
			t.Logf("%d answers to who loses, %d to who does not", s.watch.mark(), untouched.mark())
			report(t, strconv.Itoa(n)+" replicas", s.lasts)
		})
	}
}

// A permission is deleted, which only SQL can do to one that guards an endpoint.
func TestLivePermissionDeleted(t *testing.T) {
	t.Parallel()
	c := newLiveCluster(t, 3)
	s := c.newSubject(fullSpeed)
	for range number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		s.loses(lossOfPermission)
	}
	report(t, "a permission is deleted", s.lasts)
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
