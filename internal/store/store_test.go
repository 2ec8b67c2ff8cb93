package store_test

import (
	"path/filepath"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

func newSQLite(t testing.TB) string {
	return "sqlite://" + filepath.Join(t.TempDir(), "test.db")
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, newSQLite, storetest.SQLite)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, pgtest.URL, storetest.Postgres)
}
