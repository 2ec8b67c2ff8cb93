package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/jobs"
)

var _ jobs.Leases = (*Store)(nil)

// AcquireJob implements jobs.Leases. Of several that ask at once one touches the row: the others wait for its lock, and
// then find the job held. The same holder may ask again, as it does where the answer was lost. ErrUnavailable.
func (s *Store) AcquireJob(ctx context.Context, job, holder string, lease time.Duration) (acquired bool, wait time.Duration, err error) {
	wait, err = retry(ctx, s, s.readLimit, func(ctx context.Context) (time.Duration, error) {
		q := s.reads()
		now, err := q.readClock(ctx)
		if err != nil {
			return 0, err
		}
		n, err := q.exec(ctx, "acquire the lease of a job",
			`INSERT INTO job_leases (name, holder, held_until, due_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
			WHERE job_leases.due_at <= excluded.due_at AND (job_leases.held_until <= excluded.due_at OR job_leases.holder = excluded.holder)`,
			job, holder, instant(now.Add(lease)), instant(now))
		if acquired = n == 1; err != nil || acquired {
			return 0, err
		}
		wait, err := row(ctx, q, "read the lease of a job", func(r *sql.Rows) (wait time.Duration, err error) {
			var heldUntil, dueAt time.Time
			err = r.Scan((*timeColumn)(&heldUntil), (*timeColumn)(&dueAt))
			return max(heldUntil.Sub(now), dueAt.Sub(now), 0), err
		}, `SELECT held_until, due_at FROM job_leases WHERE name = $1`, job)
		if errors.Is(err, users.ErrNotFound) {
			err = nil // deleted by hand just now: the next try inserts it
		}
		return wait, err
	})
	return acquired && err == nil, wait, err
}

// FinishJob implements jobs.Leases. ErrUnavailable.
func (s *Store) FinishJob(ctx context.Context, job, holder string, next time.Duration) error {
	_, err := retry(ctx, s, s.readLimit, func(ctx context.Context) (int64, error) {
		q := s.reads()
		now, err := q.readClock(ctx)
		if err != nil {
			return 0, err
		}
		return q.exec(ctx, "finish a job", `UPDATE job_leases SET held_until = $3, due_at = $4 WHERE name = $1 AND holder = $2`,
			job, holder, instant(now), instant(now.Add(next)))
	})
	return err
}

// readClock reads the clock of the database. That of SQLite has whole seconds.
func (q queries) readClock(ctx context.Context) (time.Time, error) {
	return row(ctx, q, "read the clock of the database", func(r *sql.Rows) (now time.Time, err error) {
		return now, r.Scan((*timeColumn)(&now))
	}, `SELECT `+q.traits.clock)
}
