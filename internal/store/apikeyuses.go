package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/svc-users/svc-users"
)

const (
	// usePrecision is how far apart two notes of the use of a key are at least.
	usePrecision = time.Minute
	// maxPendingUses bounds how many keys wait for a note of their use. The use of others is not noted then, and is with the
	// next request a minute later.
	maxPendingUses = 10_000
	// useBatch is how many uses are noted in one transaction.
	useBatch = 200
)

// apiKeyUses notes when API keys were used. While any wait for that, one goroutine writes them, all that have come meanwhile
// in one transaction.
type apiKeyUses struct {
	// noted is when a key's use was noted last, for keys that were used lately.
	noted *otter.Cache[users.ID, time.Time]

	mu      sync.Mutex
	pending map[users.ID]time.Time
	writing bool // the goroutine runs
	closed  bool
	running sync.WaitGroup // the goroutine
}

func newAPIKeyUses() *apiKeyUses {
	return &apiKeyUses{
		noted:   otter.Must(&otter.Options[users.ID, time.Time]{MaximumSize: maxAPIKeysKept}),
		pending: map[users.ID]time.Time{},
	}
}

// NoteAPIKeyUse implements users.APIKeyFinder. A clock that was set back does not keep uses from being noted.
func (s *Store) NoteAPIKeyUse(k users.APIKey, at time.Time) {
	last := k.UsedAt
	if noted, ok := s.uses.noted.GetIfPresent(k.ID); ok && noted.After(last) {
		last = noted
	}
	if at.Sub(last).Abs() < usePrecision {
		return
	}
	s.uses.noted.Set(k.ID, at)
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	if s.uses.closed || len(s.uses.pending) >= maxPendingUses {
		return
	}
	s.uses.pending[k.ID] = at
	if !s.uses.writing {
		s.uses.writing = true
		s.uses.running.Go(s.writeUses)
	}
}

// writeUses writes what is pending until nothing is. What fails is dropped: the next use, a minute later, is noted again.
func (s *Store) writeUses() {
	for {
		s.uses.mu.Lock()
		pending := s.uses.pending
		s.uses.pending = map[users.ID]time.Time{}
		s.uses.writing = len(pending) > 0
		s.uses.mu.Unlock()
		if len(pending) == 0 {
			return
		}
		// In one order everywhere, so that two replicas do not wait for each other.
		ids := slices.SortedFunc(maps.Keys(pending), users.ID.Compare)
		for batch := range slices.Chunk(ids, useBatch) {
			_ = s.transact(context.Background(), rowLocks, func(t *tx) error {
				for _, id := range batch {
					if err := t.noteUse(context.Background(), id, pending[id]); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
}

// noteUse writes when a key was used, unless another replica just has.
func (q queries) noteUse(ctx context.Context, id users.ID, at time.Time) error {
	_, err := q.exec(ctx, "note the use of an API key",
		`UPDATE api_keys SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $3)`,
		id.String(), instant(at), instant(at.Add(-usePrecision/2)))
	return err
}

// close waits until what is pending is written.
func (u *apiKeyUses) close() {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	u.running.Wait()
}
