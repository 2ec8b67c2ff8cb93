package store

import (
	"context"
	"database/sql"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

// cachedGraph is the role graph and the Revision.Roles that it was read at. The database draws a new one at random with
// every change of roles, permissions and assignments, so equal revisions mean an equal graph.
type cachedGraph struct {
	revision string
	graph    *users.Graph
	readAt   time.Time // when reading it began
}

// graphs keeps the graph that was loaded last, and sees to it that many who miss one load it once.
type graphs struct {
	kept    atomic.Pointer[cachedGraph]
	loading singleflight.Group
}

// find returns the kept graph if it is the one of a revision and was not read too long ago.
func (g *graphs) find(revision string, now time.Time) (*users.Graph, bool) {
	if k := g.kept.Load(); k != nil && k.revision == revision && lease.WithinMaxAge(k.readAt, now) {
		return k.graph, true
	}
	return nil, false
}

// graph returns the kept graph if it is the one of a revision.
func (s *Store) graph(revision string) (*users.Graph, bool) {
	return s.graphs.find(revision, s.clock())
}

// loadGraph reads the graph and its revision. It takes several statements, so it needs a transaction in which all
// of them see one state.
func (q queries) loadGraph(ctx context.Context) (cachedGraph, error) {
	revision, err := q.readRolesRevision(ctx)
	if err != nil {
		return cachedGraph{}, err
	}
	roles, err := rows(ctx, q, "read all roles", scanRole, `SELECT `+roleColumns+` FROM roles`)
	if err != nil {
		return cachedGraph{}, err
	}
	permissions, err := rows(ctx, q, "read all permissions", scanPermission, `SELECT `+permissionColumns+` FROM permissions`)
	if err != nil {
		return cachedGraph{}, err
	}
	assigned, err := rows(ctx, q, "read all assignments", scanAssignment, `SELECT role_id, permission_id FROM role_permissions`)
	if err != nil {
		return cachedGraph{}, err
	}
	return cachedGraph{revision: revision, graph: users.NewGraph(roles, permissions, assigned)}, nil
}

// inSnapshot runs do on a state of the database that does not move meanwhile.
func inSnapshot[T any](ctx context.Context, s *Store, do func(queries) (T, error)) (T, error) {
	var none T
	began, err := s.db.begin(ctx, snapshot)
	if err != nil {
		return none, newFailure(ctx, s.classifier, "begin reading", err)
	}
	// It has written nothing, so there is nothing to commit.
	defer func(began *sql.Tx) { _ = began.Rollback() }(began)
	return do(s.on(began))
}

// load loads the graph for a caller that has read a revision, and keeps it. All that have read the same share one load,
// which began after one of them read it and hence is of that revision or a later one.
func (s *Store) load(ctx context.Context, revision string) (cachedGraph, error) {
	result := s.graphs.loading.DoChan(revision, func() (any, error) {
		// Shared, so it must not end with the one request that happened to begin it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.readLimit)
		defer cancel()
		began := s.clock()
		loaded, err := inSnapshot(ctx, s, func(q queries) (cachedGraph, error) { return q.loadGraph(ctx) })
		if err == nil {
			loaded.readAt = began
			s.graphs.kept.Store(&loaded)
		}
		return loaded, err
	})
	select {
	case r := <-result:
		return r.Val.(cachedGraph), r.Err
	case <-ctx.Done():
		return cachedGraph{}, &failure{class: ended, doing: "read all roles", reason: ctx.Err().Error()}
	}
}
