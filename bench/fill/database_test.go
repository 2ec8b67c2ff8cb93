package fill

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // for a second look at what was written

	"github.com/svc-users/svc-users/internal/pgtest"
)

// tables are as much of the service's as filling needs. That its own take the same is seen whenever the benchmark
// runs.
const tables = `
CREATE TABLE roles (id %[1]s PRIMARY KEY, name text, name_key text, description text, parent_id %[1]s REFERENCES roles (id), is_system %[2]s, created_at %[3]s, updated_at %[3]s);
CREATE TABLE permissions (id %[1]s PRIMARY KEY, name text, created_at %[3]s, updated_at %[3]s);
CREATE TABLE role_permissions (role_id %[1]s REFERENCES roles (id), permission_id %[1]s REFERENCES permissions (id));
CREATE TABLE accounts (id %[1]s PRIMARY KEY, email text, email_key text, password_hash text, role_id %[1]s REFERENCES roles (id), is_active %[2]s,
	token_version bigint, created_at %[3]s, updated_at %[3]s);
INSERT INTO permissions (id, name) VALUES ('01941f29-7c00-7000-8000-00000000abcd', 'accounts:read'), ('01941f29-7c00-7000-8000-00000000abce', 'accounts:update');`

func TestFilling(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	url := pgtest.URL(t)
	for name, test := range map[string]struct {
		url, driver, source, types string
		options                    []any
	}{
		"SQLite": {"sqlite://" + path, "sqlite", "file:" + path, fmt.Sprintf(tables, "text", "integer", "integer"), nil},
		// Several statements at once take the simple protocol.
		"PostgreSQL": {url, "pgx", url, fmt.Sprintf(tables, "uuid", "boolean", "timestamptz"), []any{pgx.QueryExecModeSimpleProtocol}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := sql.Open(test.driver, test.source)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(t.Context(), test.types, test.options...); err != nil {
				t.Fatal(err)
			}
			fillTwice(t, test.url)
			look(t, db)
		})
	}
}

var tested = Plan{Accounts: 2*rowsAtOnce + 7, Hash: "hash"}

// fillTwice inserts every third account, then the others.
func fillTwice(t *testing.T, url string) {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Roles(ctx); err != nil {
		t.Fatal(err)
	}
	for _, third := range []bool{true, false} {
		if err := db.Accounts(ctx, tested, func(i int) bool { return (i%3 == 0) == third }); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Rights(ctx, 25, 12); err != nil {
		t.Fatal(err)
	}
	if err := db.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, db *sql.DB) {
	t.Helper()
	count := func(query string, args ...any) (n int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := count("SELECT count(*) FROM accounts"); got != tested.Accounts {
		t.Errorf("%d accounts, want %d", got, tested.Accounts)
	}
	a := tested.Account(7)
	if got := count("SELECT count(*) FROM accounts WHERE id = $1 AND email = $2 AND email_key = $2 AND password_hash = 'hash' AND role_id = $3 AND token_version = 1 AND created_at = updated_at",
		Text(a.ID), a.Email, Text(a.Role.ID())); got != 1 {
		t.Errorf("account 7 is there %d times", got)
	}
	if got := count("SELECT count(*) FROM role_permissions WHERE role_id = $1", Text(Reader.ID())); got != 1 {
		t.Errorf("readers hold %d permissions", got)
	}
	if got := count("SELECT count(DISTINCT role_id) FROM role_permissions JOIN permissions p ON p.id = permission_id WHERE p.name LIKE 'filled:%'"); got != 25 {
		t.Errorf("%d filled roles hold permissions", got)
	}
	if got := count("SELECT count(*) FROM roles WHERE parent_id IS NOT NULL"); got != len(roleNames)-1+22 {
		t.Errorf("%d roles inherit", got)
	}
}

func TestUnknownDatabase(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), "mysql://localhost/x"); err == nil {
		t.Error("it was opened")
	}
}
