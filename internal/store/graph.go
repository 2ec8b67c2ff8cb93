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

// stamped is the role graph as it was under a stamp. The database draws a new stamp at random with every
// change of roles, permissions and assignments, so equal stamps mean an equal graph.
type stamped struct {
	stamp string
	graph *users.Graph
	read  time.Time // when reading it began
}

// graphs keeps the graph that was loaded last, and sees to it that many who miss one load it once.
type graphs struct {
	kept    atomic.Pointer[stamped]
	loading singleflight.Group
}

// find returns the kept graph if it is the one of stamp and was not read too long ago.
func (g *graphs) find(stamp string, now time.Time) (*users.Graph, bool) {
	if k := g.kept.Load(); k != nil && k.stamp == stamp && lease.WithinMaxAge(k.read, now) {
		return k.graph, true
	}
	return nil, false
}

// graph returns the kept graph if it is the one of stamp.
func (s *Store) graph(stamp string) (*users.Graph, bool) { return s.graphs.find(stamp, s.clock()) }

// loadGraph reads the graph and its stamp. It takes several statements, so it needs a transaction in which all
// of them see one state.
func (q queries) loadGraph(ctx context.Context) (stamped, error) {
	stamp, err := q.stamp(ctx)
	if err != nil {
		return stamped{}, err
	}
	roles, err := rows(ctx, q, "read all roles", scanRole, `SELECT `+roleColumns+` FROM roles`)
	if err != nil {
		return stamped{}, err
	}
	permissions, err := rows(ctx, q, "read all permissions", scanPermission, `SELECT `+permissionColumns+` FROM permissions`)
	if err != nil {
		return stamped{}, err
	}
	assigned, err := rows(ctx, q, "read all assignments", scanAssignment, `SELECT role_id, permission_id FROM role_permissions`)
	if err != nil {
		return stamped{}, err
	}
	return stamped{stamp: stamp, graph: users.NewGraph(roles, permissions, assigned)}, nil
}

// inSnapshot runs do on a state of the database that does not move meanwhile.
func inSnapshot[T any](ctx context.Context, s *Store, do func(queries) (T, error)) (T, error) {
	var none T
	began, err := s.engine.snapshot(ctx)
	if err != nil {
		return none, failed(ctx, s.engine, "begin reading", err)
	}
	// It has written nothing, so there is nothing to commit.
	defer func(began *sql.Tx) { _ = began.Rollback() }(began)
	return do(queries{conn: began, engine: s.engine, failed: func(*failure) {}})
}

// load loads the graph for somebody who has seen stamp, and keeps it. All who have seen the same stamp share
// one load, which began after one of them saw it and hence is of that stamp or a later one.
func (s *Store) load(ctx context.Context, stamp string) (stamped, error) {
	result := s.graphs.loading.DoChan(stamp, func() (any, error) {
		// Shared, so it must not end with the one request that happened to begin it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.readLimit)
		defer cancel()
		began := s.clock()
		loaded, err := inSnapshot(ctx, s, func(q queries) (stamped, error) { return q.loadGraph(ctx) })
		if err == nil {
			loaded.read = began
			s.graphs.kept.Store(&loaded)
		}
		return loaded, err
	})
	select {
	case r := <-result:
		return r.Val.(stamped), r.Err
	case <-ctx.Done():
		return stamped{}, &failure{fault: ended, doing: "read all roles", reason: ctx.Err().Error()}
	}
}
