package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/svc-users/svc-users/internal/throttle"
)

// throttleKey names the secret under which rows of throttles are digested.
const throttleKey = "throttles"

// deviceKey names the secret under which device tokens are signed where there is no ENCRYPTION_KEY.
const deviceKey = "device_tokens"

var (
	_ throttle.Store = (*Store)(nil)
	_ throttle.Tx    = (*tx)(nil)
)

// ThrottleKey implements throttle.Store.
func (s *Store) ThrottleKey(ctx context.Context) ([]byte, error) {
	return s.keptSecret(ctx, throttleKey)
}

// DeviceKey returns the 32 random bytes that all processes on this database share for signing device tokens. ErrUnavailable.
func (s *Store) DeviceKey(ctx context.Context) ([]byte, error) { return s.keptSecret(ctx, deviceKey) }

func (s *Store) keptSecret(ctx context.Context, name string) ([]byte, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]byte, error) {
		return s.reads().makeSecret(ctx, name)
	})
}

// The statements on budgets take their rows in one order, so that two of them never wait for each other. $1 is the time of
// now, in microseconds as all of them; after it come the values of drawValues, one row for each draw.
const (
	drawColumns = `draw (id, kind, subject, burst, every)`
	// takeAttempts writes nothing where a budget has no attempt left. Of two statements at the same time both may find one:
	// then the second finds the row changed, leaves it and returns fewer rows.
	takeAttempts = ` INSERT INTO throttles (id, kind, subject, burst, every, full_at)
		SELECT id, kind, subject, burst, every, CAST($1 AS bigint) + every FROM draw
		WHERE NOT EXISTS (SELECT 1 FROM throttles AS t JOIN draw AS d ON d.id = t.id WHERE t.full_at > CAST($1 AS bigint) + (d.burst - 1) * d.every)
		ORDER BY id
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject, burst = excluded.burst, every = excluded.every,
			full_at = CASE WHEN throttles.full_at > CAST($1 AS bigint) THEN throttles.full_at ELSE CAST($1 AS bigint) END + excluded.every
		WHERE throttles.full_at <= CAST($1 AS bigint) + (excluded.burst - 1) * excluded.every
		RETURNING id`
	// returnAttempts inserts a full budget where the row is gone, which is as good as none: an UPDATE would take the rows in
	// an order of its own.
	returnAttempts = ` INSERT INTO throttles (id, kind, subject, burst, every, full_at)
		SELECT id, kind, subject, burst, every, CAST($1 AS bigint) FROM draw WHERE true ORDER BY id
		ON CONFLICT (id) DO UPDATE SET full_at = CASE WHEN throttles.full_at - excluded.every > CAST($1 AS bigint)
			THEN throttles.full_at - excluded.every ELSE CAST($1 AS bigint) END`
	fullDraws = ` SELECT t.id, t.full_at FROM throttles AS t JOIN draw AS d ON d.id = t.id WHERE t.full_at > CAST($1 AS bigint)`
)

// withDraws puts a table of draws before a statement.
func withDraws(now time.Time, draws []throttle.Draw, statement string) (query string, args []any) {
	var text strings.Builder
	text.WriteString(`WITH ` + drawColumns + ` AS (VALUES `)
	args = append(args, now.UnixMicro())
	for i, d := range draws {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteByte('(')
		for j, kind := range []string{"text", "text", "text", "bigint", "bigint"} {
			if j > 0 {
				text.WriteString(", ")
			}
			text.WriteString(`CAST($` + strconv.Itoa(len(args)+1+j) + ` AS ` + kind + `)`)
		}
		text.WriteByte(')')
		args = append(args, d.ID.String(), string(d.Kind), d.Subject, int64(d.Rate.Burst), d.Rate.Every.Microseconds())
	}
	return text.String() + `)` + statement, args
}

// tallies are queries on what may be lost when the power fails. Where one transaction can write at a time they wait for
// their turn with the others of this process.
func (s *Store) tallies(ctx context.Context, do func(q queries) error) error {
	_, err := retry(ctx, s, s.readLimit, func(ctx context.Context) (struct{}, error) {
		if s.traits.oneWriter {
			select {
			case s.writing <- struct{}{}:
				defer func() { <-s.writing }()
			case <-ctx.Done():
				return struct{}{}, &failure{class: ended, doing: "wait for other transactions", reason: ctx.Err().Error()}
			}
		}
		return struct{}{}, do(s.on(s.db.tallies()))
	})
	return err
}

// takeTries is how often attempts are taken anew where others have changed the same budgets meanwhile.
const takeTries = 8

// TakeAttempts implements throttle.Store.
func (s *Store) TakeAttempts(ctx context.Context, now time.Time, draws []throttle.Draw) ([]throttle.Exhausted, error) {
	for range takeTries {
		taken, err := s.takeAttempts(ctx, now, draws)
		if err != nil || len(taken) == len(draws) {
			return nil, err
		}
		if len(taken) > 0 {
			if err := s.ReturnAttempts(ctx, now, taken); err != nil {
				return nil, err
			}
		}
		if empty, err := s.ExhaustedBudgets(ctx, now, draws); len(empty) > 0 || err != nil {
			return empty, err
		}
	}
	return []throttle.Exhausted{{Draw: draws[0], Wait: time.Second}}, nil
}

func (s *Store) takeAttempts(ctx context.Context, now time.Time, draws []throttle.Draw) (taken []throttle.Draw, err error) {
	query, args := withDraws(now, draws, takeAttempts)
	err = s.tallies(ctx, func(q queries) error {
		ids, err := rows(ctx, q, "count an attempt", scanText, query, args...)
		taken = taken[:0]
		for _, d := range draws {
			for _, id := range ids {
				if id == d.ID.String() {
					taken = append(taken, d)
				}
			}
		}
		return err
	})
	return taken, err
}

// ExhaustedBudgets implements throttle.Store.
func (s *Store) ExhaustedBudgets(ctx context.Context, now time.Time, draws []throttle.Draw) ([]throttle.Exhausted, error) {
	query, args := withDraws(now, draws, fullDraws)
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]throttle.Exhausted, error) {
		fullAt := map[string]time.Time{}
		_, err := rows(ctx, s.reads(), "read the budgets of an attempt", func(r *sql.Rows) (struct{}, error) {
			var id string
			var at int64
			err := r.Scan(&id, &at)
			fullAt[id] = time.UnixMicro(at)
			return struct{}{}, err
		}, query, args...)
		var empty []throttle.Exhausted
		for _, d := range draws {
			if wait := d.Rate.Wait(fullAt[d.ID.String()], now.Truncate(time.Microsecond)); wait > 0 {
				empty = append(empty, throttle.Exhausted{Draw: d, Wait: wait})
			}
		}
		return empty, err
	})
}

// ReturnAttempts implements throttle.Store.
func (s *Store) ReturnAttempts(ctx context.Context, now time.Time, draws []throttle.Draw) error {
	query, args := withDraws(now, draws, returnAttempts)
	return s.tallies(ctx, func(q queries) error {
		_, err := q.exec(ctx, "give back an attempt", query, args...)
		return err
	})
}
