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

// cachedGraph is the role graph as it was at a revision. The database draws a new one at random with every
// change of roles, permissions and assignments, so equal revisions mean an equal graph.
type cachedGraph struct {
	revision string
	graph    *users.Graph
	// position is where the changes of the database were, and mark proves that it is this database's past: from there
	// on loadGraph reads what has changed since. Without a mark nothing can be read on from here.
	position int64
	mark     string
	readAt   time.Time // when reading the whole began; what was read since are changes
}

// graphs keeps the graph that was loaded last, and sees to it that many who miss one load it once.
type graphs struct {
	kept     atomic.Pointer[cachedGraph]
	loading  singleflight.Group
	renewing atomic.Bool
}

// find returns the kept graph if it is the one of a revision and was not read too long ago.
func (g *graphs) find(revision string, now time.Time) (*users.Graph, bool) {
	if k := g.base(now); k != nil && k.revision == revision {
		return k.graph, true
	}
	return nil, false
}

// base returns the kept graph if the whole was not read too long ago, or nil.
func (g *graphs) base(now time.Time) *cachedGraph {
	if k := g.kept.Load(); k != nil && lease.WithinMaxAge(k.readAt, now) {
		return k
	}
	return nil
}

// graph returns the kept graph if it is the one of a revision.
func (s *Store) graph(revision string) (*users.Graph, bool) {
	now := s.clock()
	graph, ok := s.graphs.find(revision, now)
	if ok {
		s.renewGraph(now)
	}
	return graph, ok
}

// renewGraph reads the whole graph again, in the background, before the kept one is too old: at the largest size that takes
// a noticeable part of a second. If it fails, the next call tries again.
func (s *Store) renewGraph(now time.Time) {
	old := s.graphs.kept.Load()
	if old == nil || !lease.NearMaxAge(old.readAt, now) || !s.graphs.renewing.CompareAndSwap(false, true) {
		return
	}
	s.background.Go(func() {
		defer s.graphs.renewing.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), s.readLimit)
		defer cancel()
		loaded, err := inSnapshot(ctx, s, func(q queries) (cachedGraph, error) { return q.loadGraph(ctx, nil, now) })
		if err == nil {
			s.graphs.kept.CompareAndSwap(old, &loaded) // another that was kept meanwhile is of a later revision
		}
	})
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
		now := s.clock()
		base := s.graphs.base(now)
		loaded, err := inSnapshot(ctx, s, func(q queries) (cachedGraph, error) { return q.loadGraph(ctx, base, now) })
		if err == nil {
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
