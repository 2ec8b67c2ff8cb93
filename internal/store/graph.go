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
	// position is where the changes of the database were, and mark proves that it is this database's past: from there
	// on changedGraph reads what has changed since. Without a mark nothing can be read on from here.
	position int64
	mark     string
	read     time.Time // when reading the whole began; what was read since are changes
}

// graphs keeps the graph that was loaded last, and sees to it that many who miss one load it once.
type graphs struct {
	kept    atomic.Pointer[stamped]
	loading singleflight.Group
}

// find returns the kept graph if it is the one of stamp and was not read too long ago.
func (g *graphs) find(stamp string, now time.Time) (*users.Graph, bool) {
	if k := g.base(now); k != nil && k.stamp == stamp {
		return k.graph, true
	}
	return nil, false
}

// base returns the kept graph if the whole was not read too long ago, or nil.
func (g *graphs) base(now time.Time) *stamped {
	if k := g.kept.Load(); k != nil && lease.WithinMaxAge(k.read, now) {
		return k
	}
	return nil
}

// graph returns the kept graph if it is the one of stamp.
func (s *Store) graph(stamp string) (*users.Graph, bool) { return s.graphs.find(stamp, s.clock()) }

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
		now := s.clock()
		base := s.graphs.base(now)
		loaded, err := inSnapshot(ctx, s, func(q queries) (stamped, error) { return q.loadGraph(ctx, base, now) })
		if err == nil {
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
