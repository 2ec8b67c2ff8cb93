package store

import (
	"context"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
)

// sweepBatch is how many sessions are looked at in one statement, so that none holds locks for long.
const sweepBatch = 1000

// SweepSessions deletes the sessions that were over, with all their access tokens, before a time, and what was noted of
// sessions that ended so long ago. It works in small statements that may be repeated. ErrUnavailable.
func (s *Store) SweepSessions(ctx context.Context, before time.Time) error {
	for after := (users.ID{}); ; {
		last, err := s.sweepSessions(ctx, after, before)
		if errors.Is(err, users.ErrNotFound) {
			return s.sweepEnded(ctx, before)
		}
		if err != nil {
			return err
		}
		after = last
	}
}

// sweepSessions does one batch, in the order of ids, which no refresh changes, and returns where it ends. ErrNotFound
// when there is none. An index on the times would have to be written at each refresh.
func (s *Store) sweepSessions(ctx context.Context, after users.ID, before time.Time) (users.ID, error) {
	return retry(ctx, s, s.txLimit, func(ctx context.Context) (users.ID, error) {
		q := s.reads()
		last, err := row(ctx, q, "look for sessions that are over", scanText,
			`SELECT id FROM (SELECT id FROM account_sessions WHERE id > $1 ORDER BY id LIMIT $2) AS batch ORDER BY id DESC LIMIT 1`,
			after.String(), sweepBatch)
		if err != nil {
			return users.ID{}, err
		}
		_, err = q.exec(ctx, "delete sessions that are over",
			`DELETE FROM account_sessions WHERE id > $1 AND id <= $2 AND (idle_until < $3 OR ends_at < $3) AND tokens_until < $3`,
			after.String(), last, instant(before))
		id, ok := users.ParseID(last)
		if !ok && err == nil {
			err = &badValue{"an id"}
		}
		return id, err
	})
}

// sweepEnded forgets ended sessions that no token can be of, a batch at a time.
func (s *Store) sweepEnded(ctx context.Context, before time.Time) error {
	for {
		n, err := retry(ctx, s, s.txLimit, func(ctx context.Context) (int64, error) {
			return s.reads().exec(ctx, "forget sessions that ended long ago",
				`DELETE FROM ended_sessions WHERE session_id IN (SELECT session_id FROM ended_sessions WHERE until_at < $1 LIMIT $2)`,
				instant(before), sweepBatch)
		})
		if err != nil || n < sweepBatch {
			return err
		}
	}
}
