package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// prepared runs statements on a pool, each parsed and planned once per connection. In SQLite that is half the
// cost of a small read; for PostgreSQL, pgx does the same by itself. The texts are few: those of this package.
type prepared struct {
	db         *sql.DB
	file       *openedFile // looked at before each statement
	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

func newPrepared(db *sql.DB, file *openedFile) *prepared {
	return &prepared{db: db, file: file, statements: map[string]*sql.Stmt{}}
}

func (p *prepared) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if err := p.file.checkSoon(); err != nil {
		return nil, err
	}
	p.mu.RLock()
	s, ok := p.statements[text]
	p.mu.RUnlock()
	if ok {
		return s, nil
	}
	s, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other, ok := p.statements[text]; ok {
		return other, s.Close()
	}
	p.statements[text] = s
	return s, nil
}

// ExecContext is a transaction of its own, so the file is compared before and after it, as in begin and committed.
func (p *prepared) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if err := p.file.check(); err != nil {
		return nil, err
	}
	s, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return result, p.file.check()
}

func (p *prepared) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, s := range p.statements {
		errs = append(errs, s.Close())
	}
	clear(p.statements)
	return errors.Join(errs...)
}
