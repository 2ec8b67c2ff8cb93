package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/svc-users/svc-users"
)

// tx is a users.Tx.
type tx struct {
	queries
	graphs *graphs // those that are kept for all
	clock  func() time.Time
	own    cachedGraph // the graph that this transaction loaded last
	// broken is the first statement that failed. PostgreSQL takes no further one in the transaction, SQLite
	// would; so that both do the same, such a transaction is never committed.
	broken *failure
}

var _ users.Tx = (*tx)(nil)

// InTx implements users.Store. It ends within 10 seconds even if the database hangs. After ErrUnavailable the change may
// have been made, if the connection broke during the commit.
func (s *Store) InTx(ctx context.Context, fn func(tx users.Tx) error) error {
	err := s.transact(ctx, exclusive, func(t *tx) error { return fn(t) })
	if err == nil {
		s.wakeSubscribers()
	}
	return err
}

// InRowTx implements users.Store. Its limits and errors are those of InTx.
func (s *Store) InRowTx(ctx context.Context, fn func(tx users.RowTx) error) error {
	return s.transact(ctx, rowLocks, func(t *tx) error { return fn(rowTx{t.queries}) })
}

// transact runs fn in a transaction, and again where that failed for a transient reason.
func (s *Store) transact(ctx context.Context, mode txMode, fn func(t *tx) error) error {
	limited, cancel := context.WithTimeout(ctx, s.txLimit)
	defer cancel()
	for n := 1; ; n++ {
		err := s.transactOnce(limited, mode, fn)
		if err == nil {
			return nil
		}
		if n == attempts || !s.waitToRetry(limited, err, n) {
			return translate(ctx, err)
		}
	}
}

// transactOnce runs fn in one transaction. Without a commit, as after an error or a panic, nothing is changed.
func (s *Store) transactOnce(ctx context.Context, mode txMode, fn func(t *tx) error) (err error) {
	if mode == exclusive || s.traits.oneWriter {
		select {
		case s.writing <- struct{}{}:
			defer func() { <-s.writing }()
		case <-ctx.Done():
			return &failure{class: ended, doing: "wait for other transactions", reason: ctx.Err().Error()}
		}
	}
	began, err := s.db.begin(ctx, mode)
	if err != nil {
		return newFailure(ctx, s.classifier, "begin a transaction", err)
	}
	// After a commit this does nothing. If it fails the connection is gone, and the transaction with it.
	defer func() { _ = began.Rollback() }()

	t := s.in(ctx, began)
	err = fn(t)
	if t.broken != nil && (t.broken.retryable() || t.broken.class == ended) {
		return t.broken
	}
	if err != nil {
		return err
	}
	if t.broken != nil {
		return fmt.Errorf("a transaction was to be committed after a statement of it had failed: %w", t.broken)
	}
	if err := s.commit(ctx, mode, began); err != nil {
		return err
	}
	if t.own.graph != nil {
		s.graphs.kept.Store(&t.own) // committed: the current graph, or the base of the next load
	}
	return nil
}

// in makes a tx of a transaction that has begun and ends with ctx.
func (s *Store) in(ctx context.Context, began *sql.Tx) *tx {
	t := &tx{graphs: &s.graphs, clock: s.clock}
	until, _ := ctx.Deadline()
	t.queries = s.on(began)
	t.queries.until = until
	t.queries.failed = func(f *failure) {
		if t.broken == nil {
			t.broken = f
		}
	}
	return t
}

// commit tells apart a commit that failed from one whose answer was lost: the latter must neither be repeated nor be
// called a success.
func (s *Store) commit(ctx context.Context, mode txMode, began *sql.Tx) error {
	if ctx.Err() != nil {
		return &failure{class: ended, doing: "commit a transaction", reason: ctx.Err().Error()}
	}
	if mode == exclusive {
		// Whether or not it is committed: from now on no request is answered from a lease of before.
		defer s.revisions.committed()
	}
	err := began.Commit()
	if err == nil {
		if err = s.db.verifyCommit(); err == nil {
			return nil
		}
	}
	f := newFailure(ctx, s.classifier, "commit a transaction", err)
	switch {
	case !s.classifier.undone(err):
		f.class = unknown
	case !f.retryable() && f.class != ended:
		f.class = defect // no constraint of this schema fails at the commit
	}
	return f
}
