package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/throttle"
)

// CountThrottles implements throttle.Store.
func (s *Store) CountThrottles(ctx context.Context, most int) (int, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (int, error) {
		return row(ctx, s.reads(), "count the budgets", func(r *sql.Rows) (n int, err error) { return n, r.Scan(&n) },
			`SELECT count(*) FROM (SELECT 1 FROM throttles LIMIT $1) AS found`, most)
	})
}

const throttleColumns = `id, kind, subject, burst, every, full_at`

func scanThrottle(r *sql.Rows) (t throttle.Record, err error) {
	var every, fullAt int64
	err = r.Scan((*idColumn)(&t.ID), (*string)(&t.Kind), &t.Subject, &t.Rate.Burst, &every, &fullAt)
	t.Rate.Every, t.FullAt = time.Duration(every)*time.Microsecond, time.UnixMicro(fullAt).UTC()
	if err == nil && (t.Rate.Every <= 0 || t.Rate.Burst <= 0) {
		err = &badValue{"a rate"}
	}
	return t, err
}

// Throttles implements throttle.Store.
func (s *Store) Throttles(ctx context.Context, now time.Time, f throttle.Filter, most int) ([]throttle.Record, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]throttle.Record, error) {
		where, args := throttleFilter(now, f)
		args = append(args, most)
		return rows(ctx, s.reads(), "list the budgets", scanThrottle,
			`SELECT `+throttleColumns+` FROM throttles WHERE `+where+`
			ORDER BY full_at - (burst - 1) * every DESC, id LIMIT $`+strconv.Itoa(len(args)), args...)
	})
}

// throttleFilter is the condition of rows that are chosen, of those that are not full.
func throttleFilter(now time.Time, f throttle.Filter) (where string, args []any) {
	where, args = `full_at > $1`, []any{now.UnixMicro()}
	add := func(condition, value string) {
		if value != "" {
			args = append(args, value)
			where += ` AND ` + condition + strconv.Itoa(len(args))
		}
	}
	add(`kind = $`, string(f.Kind))
	add(`subject = $`, f.Subject)
	if f.Blocked {
		where += ` AND full_at > $1 + (burst - 1) * every`
	}
	return where, args
}

// SweepThrottles implements throttle.Store. It passes over rows that a login has locked, and never waits for one.
func (s *Store) SweepThrottles(ctx context.Context, before time.Time) error {
	for after := ""; ; {
		last, err := s.sweepThrottles(ctx, after, before)
		if errors.Is(err, users.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		after = last
	}
}

// sweepThrottles does one batch, in the order of ids, and returns where it ends. ErrNotFound when there is none.
func (s *Store) sweepThrottles(ctx context.Context, after string, before time.Time) (last string, err error) {
	err = s.tallies(ctx, func(q queries) error {
		last, err = row(ctx, q, "look for budgets that are full", scanText,
			`SELECT id FROM (SELECT id FROM throttles WHERE id > $1 ORDER BY id LIMIT $2) AS batch ORDER BY id DESC LIMIT 1`, after, sweepBatch)
		if err != nil {
			return err
		}
		_, err = q.exec(ctx, "delete budgets that are full",
			`DELETE FROM throttles WHERE id IN (SELECT id FROM throttles WHERE id > $1 AND id <= $2 AND full_at < $3 ORDER BY id`+q.traits.skipLocked+`) AND full_at < $3`,
			after, last, before.UnixMicro())
		return err
	})
	return last, err
}

// DeleteThrottle implements throttle.Tx.
func (q queries) DeleteThrottle(ctx context.Context, id users.ID) (throttle.Record, error) {
	return row(ctx, q, "delete a budget", scanThrottle, `DELETE FROM throttles WHERE id = $1 RETURNING `+throttleColumns, id.String())
}

// DeleteThrottles implements throttle.Tx. Rows of budgets that are full are left to the sweep.
func (q queries) DeleteThrottles(ctx context.Context, now time.Time, f throttle.Filter) (int, error) {
	where, args := throttleFilter(now, f)
	n, err := q.exec(ctx, "delete the budgets", `DELETE FROM throttles WHERE `+where, args...)
	return int(n), err
}
