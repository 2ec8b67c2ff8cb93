package store_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

var migratedAccounts = flag.Int("migrated", 3000, "how many accounts the test of the migration of lists has")

// TestListsAreMigrated: a database of the first version, with accounts in it, comes to the present one with all
// of them, counted and found.
func TestListsAreMigrated(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) string{"SQLite": newSQLite, "Postgres": pgtest.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := fresh(t)
			db := byHand(t, url)
			firstVersion(t, db, strings.ToLower(name))
			bulk(t, url, *migratedAccounts)
			before := everything(t, db)
			began := time.Now()
			s := migrated(t, url)
			t.Logf("%d accounts took %v", *migratedAccounts, time.Since(began))
			if after := everything(t, db); len(after) != *migratedAccounts || strings.Join(after, "\n") != strings.Join(before, "\n") {
				t.Errorf("%d accounts are left of %d, or they have changed", len(after), len(before))
			}
			checkMigrated(t, s)
			for statement, wrong := range map[string]string{
				`UPDATE accounts SET role_id = '` + users.NewID().String() + `'`: "an unknown role",
				`UPDATE accounts SET email_key = 'x'`:                            "an address twice",
				`UPDATE accounts SET is_active = 'perhaps'`:                      "a value of another type",
				`DELETE FROM roles`:                                              "an account without a role",
			} {
				if _, err := db.ExecContext(t.Context(), statement); err == nil {
					t.Errorf("%s was taken", wrong)
				}
			}
			if name == "SQLite" {
				if _, err := db.ExecContext(t.Context(), `VACUUM`); err != nil {
					t.Fatal(err)
				}
			}
			checkMigrated(t, s)
		})
	}
}

// firstVersion makes the schema as it was before there were lists that do not grow slower.
func firstVersion(t *testing.T, db *sql.DB, engine string) {
	t.Helper()
	schemaAt(t, db, engine, 1)
}

// schemaAt brings an empty database to a version of the schema.
func schemaAt(t *testing.T, db *sql.DB, engine string, version int64) {
	t.Helper()
	dialect := goose.DialectPostgres
	if engine == "sqlite" {
		dialect = goose.DialectSQLite3
	}
	provider, err := goose.NewProvider(dialect, db, os.DirFS(filepath.Join("migrations", engine)),
		goose.WithTableName("svc_users_migrations"), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

func everything(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at FROM accounts ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var row [9]any
		var into []any
		for i := range row {
			into = append(into, &row[i])
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(row))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func checkMigrated(t *testing.T, s *store.Store) {
	t.Helper()
	all := *migratedAccounts
	for what, c := range map[string]struct {
		filter      users.AccountFilter
		limit, want int
	}{
		"all":      {users.AccountFilter{}, 0, all},
		"active":   {users.AccountFilter{Active: pointer(true)}, 0, all / 1000},
		"a role":   {users.AccountFilter{RoleID: bulkRole(3)}, 0, all / 10},
		"its rows": {users.AccountFilter{RoleID: bulkRole(3)}, all, all / 10},
		"a team":   {users.AccountFilter{Query: "@team42."}, all, all / 100},
		"no match": {users.AccountFilter{Query: "@team420"}, all, 0},
		"one":      {users.AccountFilter{Query: bulkEmail(all / 2)[1:]}, all, 1},
	} {
		if n, err := s.CountAccounts(t.Context(), c.filter, c.limit); err != nil || n != c.want {
			t.Errorf("%s: counted %d (%v), want %d", what, n, err, c.want)
		}
	}
	last, err := s.Accounts(t.Context(), users.AccountFilter{}, users.List{Order: users.Order{Descending: true}, Limit: 1})
	if err != nil || len(last) != 1 || last[0].ID != bulkID(all-1) {
		t.Errorf("the newest account is %v (%v), want %v", last, err, bulkID(all-1))
	}
}
