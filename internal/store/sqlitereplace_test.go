package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/svc-users/svc-users"
)

// TestSQLiteReplaceIsSeen: REPLACE takes the place of an account without deleting it, as far as triggers can
// tell. What is kept of the account must not outlive it.
func TestSQLiteReplaceIsSeen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := migrated(t, "sqlite://"+path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	role, account := users.NewID(), users.NewID()
	exec(`INSERT INTO roles (id, name, name_key, description, parent_id, is_system, created_at, updated_at)
		VALUES ($1, 'R', 'r', NULL, NULL, 0, 0, 0)`, role.String())
	for _, step := range []struct {
		verb   string
		active bool
	}{{`INSERT`, true}, {`INSERT OR REPLACE`, false}, {`REPLACE`, true}} {
		exec(step.verb+` INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
			VALUES ($1, 'a@example.com', 'a@example.com', '', $2, $3, 1, 0, 0)`, account.String(), role.String(), step.active)
		access, err := s.Access(t.Context(), account)
		if err != nil || access.Account.Active != step.active {
			t.Errorf("after %s the account is seen as active: %t (%v)", step.verb, access.Account.Active, err)
		}
	}
}
