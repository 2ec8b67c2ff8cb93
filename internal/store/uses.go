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
	// usePrecision is how far apart two notes of the use of a credential are at least.
	usePrecision = time.Minute
	// maxNotedUses bounds of how many credentials it is remembered when their use was noted last.
	maxNotedUses = 16_384
	// maxPendingUses bounds how many credentials wait for a note of their use. The use of others is not noted then, and is
	// with the next request a minute later.
	maxPendingUses = 10_000
	// useBatch is how many uses are noted in one transaction, where one writes at a time.
	useBatch = 200
	// lastUses is how long Close waits for what is pending.
	lastUses = 2 * time.Second
)

// uses notes when credentials of a kind were used. While any wait for that, one goroutine writes them.
type uses struct {
	store *Store
	table string // with the columns id and used_at
	// noted is when a credential's use was noted last, for those that were used lately.
	noted *otter.Cache[users.ID, time.Time]

	mu      sync.Mutex
	pending map[users.ID]time.Time
	writing bool // the goroutine runs
	closed  bool
	running sync.WaitGroup // the goroutine
	ctx     context.Context
	stop    context.CancelFunc // ends what it does
}

func newUses(s *Store, table string) *uses {
	u := &uses{
		store: s, table: table, pending: map[users.ID]time.Time{},
		noted: otter.Must(&otter.Options[users.ID, time.Time]{MaximumSize: maxNotedUses}),
	}
	u.ctx, u.stop = context.WithCancel(context.Background())
	return u
}

// note has the use of a credential written, the last noted use of which was read a moment ago. It waits for nothing. A clock
// that was set back does not keep uses from being noted.
func (u *uses) note(id users.ID, last, at time.Time) {
	if noted, ok := u.noted.GetIfPresent(id); ok && noted.After(last) {
		last = noted
	}
	if at.Sub(last).Abs() < usePrecision {
		return
	}
	u.noted.Set(id, at)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || len(u.pending) >= maxPendingUses {
		return
	}
	u.pending[id] = at
	if !u.writing {
		u.writing = true
		u.running.Go(u.write)
	}
}

// write writes what is pending until nothing is. What fails is dropped: the next use, a minute later, is noted again.
func (u *uses) write() {
	for {
		u.mu.Lock()
		pending := u.pending
		u.pending = map[users.ID]time.Time{}
		u.writing = len(pending) > 0
		u.mu.Unlock()
		if len(pending) == 0 {
			return
		}
		for batch := range slices.Chunk(slices.Collect(maps.Keys(pending)), useBatch) {
			if u.writeBatch(batch, pending) != nil {
				break
			}
		}
	}
}

// writeBatch writes some of the uses. Where several can write at a time, each is a statement by itself, which holds no lock
// that another replica, or the end of many credentials, could wait for in another order.
func (u *uses) writeBatch(batch []users.ID, at map[users.ID]time.Time) error {
	if u.store.traits.oneWriter {
		return u.store.transact(u.ctx, rowLocks, func(t *tx) error {
			for _, id := range batch {
				if err := t.noteUse(u.ctx, u.table, id, at[id]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, id := range batch {
		_, err := retry(u.ctx, u.store, u.store.readLimit, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, u.store.reads().noteUse(ctx, u.table, id, at[id])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// noteUse writes when a credential was used, unless another replica just has.
func (q queries) noteUse(ctx context.Context, table string, id users.ID, at time.Time) error {
	_, err := q.exec(ctx, "note the use of a credential",
		`UPDATE `+table+` SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $3)`,
		id.String(), instant(at), instant(at.Add(-usePrecision/2)))
	return err
}

// close waits a little until what is pending is written.
func (u *uses) close() {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	late := time.AfterFunc(lastUses, u.stop)
	u.running.Wait()
	late.Stop()
	u.stop()
}
