package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
)

// queries are the statements of this package, run on a pool or in a transaction.
type queries struct {
	conn       conn
	dialect    dialect
	classifier classifier
	traits     *traits
	// failed is called with each failure of a statement. A transaction remembers it.
	failed func(*failure)
	// until is when the transaction has to have ended, if this is one. The context of each statement comes
	// from the user of the transaction, who knows nothing of that.
	until time.Time
}

// on are queries on a pool or in a transaction.
func (s *Store) on(c conn) queries {
	return queries{conn: c, dialect: s.dialect, classifier: s.classifier, traits: s.traits, failed: func(*failure) {}}
}

// reads are queries outside a transaction.
func (s *Store) reads() queries { return s.on(s.db.reads()) }

// failure notes and returns what became of a statement.
func (q queries) failure(ctx context.Context, doing string, err error) *failure {
	f := newFailure(ctx, q.classifier, doing, err)
	q.failed(f)
	return f
}

// limit is the context of a statement, which ends no later than its transaction.
func (q queries) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if q.until.IsZero() {
		return ctx, func() {}
	}
	// Of two timers set to one moment the wrong one may be first, and the caller's own end go unseen.
	if own, ok := ctx.Deadline(); ok && !own.After(q.until) {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, q.until)
}

// scan reads one row, into variables or fields.
type scanFunc[T any] func(*sql.Rows) (T, error)

// rows returns what a query finds.
func rows[T any](ctx context.Context, q queries, doing string, scan scanFunc[T], query string, args ...any) ([]T, error) {
	ctx, cancel := q.limit(ctx)
	defer cancel()
	var list []T
	err := each(ctx, q, query, args, func(r *sql.Rows) error {
		item, err := scan(r)
		list = append(list, item)
		return err
	})
	if err != nil {
		return nil, q.failure(ctx, doing, err)
	}
	return list, nil
}

// row returns the one row that a query finds, or ErrNotFound.
func row[T any](ctx context.Context, q queries, doing string, scan scanFunc[T], query string, args ...any) (T, error) {
	list, err := rows(ctx, q, doing, scan, query, args...)
	if err == nil && len(list) == 0 {
		err = users.ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return list[0], nil
}

func each(ctx context.Context, q queries, query string, args []any, do func(*sql.Rows) error) error {
	r, err := q.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for r.Next() {
		if err := do(r); err != nil {
			return errors.Join(err, r.Close())
		}
	}
	return errors.Join(r.Err(), r.Close())
}

// change runs a statement that must touch a row: ErrNotFound if it does not, ErrTaken if a unique value
// exists, and refers if a foreign key stands against it.
func (q queries) change(ctx context.Context, doing string, refers error, statement string, args ...any) error {
	n, err := q.exec(ctx, doing, statement, args...)
	var f *failure
	switch {
	case errors.As(err, &f) && f.class == taken:
		return users.ErrTaken
	case errors.As(err, &f) && f.class == reference:
		return refers
	case err != nil:
		return err
	case n == 0:
		return users.ErrNotFound
	}
	return nil
}

// exec runs a statement and returns how many rows it touched.
func (q queries) exec(ctx context.Context, doing, statement string, args ...any) (int64, error) {
	ctx, cancel := q.limit(ctx)
	defer cancel()
	result, err := q.conn.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, q.failure(ctx, doing, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, q.failure(ctx, doing, err)
	}
	return n, nil
}
