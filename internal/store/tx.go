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
	own    stamped // the graph that this transaction loaded last
	// broken is the first statement that failed. PostgreSQL takes no further one in the transaction, SQLite
	// would; so that both do the same, such a transaction is never committed.
	broken *failure
}

var _ users.Tx = (*tx)(nil)

// InTx implements users.Store. However the database hangs, it ends within 10 seconds. ErrUnavailable may mean,
// when the connection broke during the commit, that the change was made.
func (s *Store) InTx(ctx context.Context, fn func(tx users.Tx) error) error {
	limited, cancel := context.WithTimeout(ctx, s.txLimit)
	defer cancel()
	for n := 1; ; n++ {
		err := s.transact(limited, fn)
		if err == nil {
			s.changed()
			return nil
		}
		if n == attempts || !s.again(limited, err, n) {
			return translate(ctx, err)
		}
	}
}

// transact runs fn in one transaction. On any way out but a commit, a panic included, nothing is changed.
func (s *Store) transact(ctx context.Context, fn func(tx users.Tx) error) (err error) {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return &failure{fault: ended, doing: "wait for other transactions", reason: ctx.Err().Error()}
	}
	began, err := s.engine.begin(ctx)
	if err != nil {
		return failed(ctx, s.engine, "begin a transaction", err)
	}
	// After a commit this does nothing. If it fails the connection is gone, and the transaction with it.
	defer func() { _ = began.Rollback() }()

	t := s.in(ctx, began)
	err = fn(t)
	if t.broken != nil && (t.broken.again() || t.broken.fault == ended) {
		return t.broken
	}
	if err != nil {
		return err
	}
	if t.broken != nil {
		return fmt.Errorf("a transaction was to be committed after a statement of it had failed: %w", t.broken)
	}
	if err := s.commit(ctx, began); err != nil {
		return err
	}
	if t.own.graph != nil {
		s.graphs.kept.Store(&t.own) // it is the truth for all now, or what to read on from
	}
	return nil
}

// in makes a tx of a transaction that has begun and ends with ctx.
func (s *Store) in(ctx context.Context, began *sql.Tx) *tx {
	t := &tx{graphs: &s.graphs, clock: s.clock}
	until, _ := ctx.Deadline()
	t.queries = queries{conn: began, engine: s.engine, until: until, failed: func(f *failure) {
		if t.broken == nil {
			t.broken = f
		}
	}}
	return t
}

// commit tells apart a commit that failed from one of which nothing was heard: the latter must neither be
// repeated nor be called a success.
func (s *Store) commit(ctx context.Context, began *sql.Tx) error {
	if ctx.Err() != nil {
		return &failure{fault: ended, doing: "commit a transaction", reason: ctx.Err().Error()}
	}
	// Whether or not it was committed: from now on nobody is let in on what was heard before.
	defer s.engine.wrote()
	err := began.Commit()
	if err == nil {
		if err = s.engine.committed(); err == nil {
			return nil
		}
	}
	f := failed(ctx, s.engine, "commit a transaction", err)
	switch {
	case !s.engine.undone(err):
		f.fault = unknown
	case !f.again() && f.fault != ended:
		f.fault = defect // whatever a constraint says at this time, it is none of ours
	}
	return f
}
