package store

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/lease"
)

// The whole graph is read again before it is too old, and not by the request that happens to come then.
func TestGraphIsRenewedInTheBackground(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := Open(ctx, "sqlite://"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.SetLimits(time.Hour, time.Hour, time.Hour)
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	var passed atomic.Int64
	began := time.Now()
	s.clock = func() time.Time { return began.Add(time.Duration(passed.Load())) }
	read := func() {
		t.Helper()
		if _, err := s.Graph(ctx); err != nil {
			t.Fatal(err)
		}
		s.background.Wait()
	}
	read()
	first := s.graphs.kept.Load()
	passed.Store(int64(lease.MaxAge / 2))
	if read(); s.graphs.kept.Load() != first {
		t.Error("the graph was read again at half its age")
	}
	passed.Store(int64(lease.MaxAge - time.Second))
	read()
	second := s.graphs.kept.Load()
	if second == first || second.readAt.Sub(first.readAt) != lease.MaxAge-time.Second || second.revision != first.revision {
		t.Errorf("before its age the graph is %+v, was %+v", second, first)
	}
	// What a request finds then is no older than that.
	passed.Add(int64(lease.MaxAge / 2))
	if read(); s.graphs.kept.Load() != second {
		t.Error("the graph that was read in the background is not used")
	}
}
