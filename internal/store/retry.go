package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// attempts is how often an operation is tried that fails for a transient reason.
const attempts = 4

// retry runs do, and again where it failed for a transient reason, such as a broken connection: after a restart of the
// database every connection of the pool is broken, which the caller need not notice. So do must be repeatable.
func retry[T any](ctx context.Context, s *Store, limit time.Duration, do func(ctx context.Context) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, min(limit, s.readLimit))
	defer cancel()
	for n := 1; ; n++ {
		result, err := do(limited)
		if err == nil {
			return result, nil
		}
		if n == attempts || !s.waitToRetry(limited, err, n) {
			var none T
			return none, translate(ctx, err)
		}
	}
}

// waitToRetry reports whether what failed with err for the nth time is worth trying once more, having waited a
// little. The first broken connection is no reason to wait: the database itself may be well.
func (s *Store) waitToRetry(ctx context.Context, err error, n int) bool {
	var f *failure
	if !errors.As(err, &f) || !f.retryable() {
		return false
	}
	if f.class == noRevision {
		return s.insertRevision(ctx) == nil
	}
	if f.class == lost {
		s.db.resetPool()
		if n == 1 {
			return ctx.Err() == nil
		}
	}
	// About 10, 40, 160 ms, at random, so that replicas that were in each other's way are not again.
	pause := time.Duration(10<<(2*(n-1))) * time.Millisecond
	pause += rand.N(pause) - pause/2
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
