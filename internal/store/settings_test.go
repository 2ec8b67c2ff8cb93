package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
)

// TestSQLiteSettings looks at every connection of the pool: what is promised of one must hold for all.
func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	s := openTest(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"))
	for range sqliteConns {
		c, err := s.migrator.migrationDB().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			var got string
			if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
			}
		}
	}
}

// TestHangingDatabase: whatever the database waits for, callers get an answer within the limits, and their own
// context's error if that ended first.
func TestHangingDatabase(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]struct {
		url string
		by  []string
	}{
		// A reader of SQLite does not wait for others; only writers can be blocked.
		"SQLite":          {"sqlite://" + filepath.Join(t.TempDir(), "test.db"), []string{`BEGIN IMMEDIATE`}},
		"Postgres":        {pgtest.URL(t), []string{`BEGIN`, `LOCK TABLE accounts, roles, authorization_stamp IN ACCESS EXCLUSIVE MODE`}},
		"Postgres's lock": {pgtest.URL(t), []string{`BEGIN`, txLock}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openTest(t, hang.url)
			s.SetLimits(300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond)
			other := openTest(t, hang.url)
			c, err := other.migrator.migrationDB().Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = errors.Join(end(c), c.Close()) }()
			for _, statement := range hang.by {
				if _, err := c.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			calls := map[string]func(context.Context) error{
				"InTx": func(ctx context.Context) error {
					return s.InTx(ctx, func(tx users.Tx) error { _, err := tx.Account(ctx, users.NewID()); return err })
				},
			}
			if name != "Postgres's lock" {
				calls["InRowTx"] = func(ctx context.Context) error {
					return s.InRowTx(ctx, func(tx users.RowTx) error { _, err := tx.ReplacePasswordHash(ctx, users.NewID(), "a", "b"); return err })
				}
			}
			if name == "Postgres" {
				calls["Access"] = func(ctx context.Context) error { _, err := s.Access(ctx, users.NewID()); return err }
				calls["Graph"] = func(ctx context.Context) error { _, err := s.Graph(ctx); return err }
			}
			for what, call := range calls {
				var took time.Duration
				// A busy machine may keep it for longer, but hardly each time.
				for range 5 {
					began := time.Now()
					var unavailable *users.Error
					if err := call(t.Context()); !errors.As(err, &unavailable) || !errors.Is(err, users.ErrUnavailable) || unavailable.RetryAfter == 0 {
						t.Errorf("%s: %v, want ErrUnavailable", what, err)
					}
					soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
					if err := call(soon); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s under a short context: %v", what, err)
					}
					cancel()
					if took = time.Since(began); took <= 4*time.Second {
						break
					}
				}
				if took > 4*time.Second {
					t.Errorf("%s took %v", what, took)
				}
			}
		})
	}
}

func end(c *sql.Conn) error {
	_, err := c.ExecContext(context.Background(), `ROLLBACK`)
	return err
}

func openTest(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
