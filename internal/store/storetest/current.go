package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// Migrations take longer than most tests, so each process runs them once, and the databases of its tests are copies.

// SQLite makes a database with the current schema for one test and returns its URL.
func SQLite(t testing.TB) string {
	t.Helper()
	file, err := currentFile()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite://" + path
}

// currentFile is what the file of such a database holds.
var currentFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "svc-users-storetest-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "current.db")
	err = migrate("sqlite://" + path)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	file, err := os.ReadFile(path)
	return file, errors.Join(err, os.RemoveAll(dir))
})

// Postgres makes a database with the current schema for one test and returns its URL.
func Postgres(t testing.TB) string {
	t.Helper()
	return current.URL(t)
}

var current = pgtest.Template{Fill: migrate}

// migrate brings a database up to date, and has closed it when it returns.
func migrate(url string) error {
	s, err := store.Open(context.Background(), url)
	if err != nil {
		return err
	}
	s.SetLimits(patience, patience, patience)
	return errors.Join(s.Migrate(context.Background()), s.Close())
}
