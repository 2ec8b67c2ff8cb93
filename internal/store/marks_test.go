package store_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// A database of the version before is told what in it is the system's and what has a published password; a name that
// was taken in advance stops the start, and does not become the system's.
func TestMarksOfAnUpgradedDatabase(t *testing.T) {
	t.Parallel()
	for engine, fresh := range map[string]func(testing.TB) string{"sqlite": newSQLite, "postgres": pgtest.URL} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := fresh(t)
			driver, name := "pgx", url
			if path, is := strings.CutPrefix(url, "sqlite://"); is {
				driver, name = "sqlite", path
			}
			db, err := sql.Open(driver, name)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			schemaAt(t, db, engine, 8)
			now := `'2026-01-01T00:00:00Z'`
			if engine == "sqlite" {
				now = `1767225600000000`
			}
			exec := func(statement string, args ...any) {
				t.Helper()
				if _, err := db.ExecContext(t.Context(), strings.ReplaceAll(statement, "NOW", now), args...); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			role := users.NewID().String()
			exec(`INSERT INTO roles (id, name, name_key, is_system, created_at, updated_at) VALUES ($1, 'Staff', 'staff', '0', NOW, NOW)`, role)
			for _, email := range []string{"admin@example.com", "user@example.com", "ada@example.com"} {
				exec(`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
					VALUES ($1, $2, $3, 'x', $4, '1', 1, NOW, NOW)`, users.NewID().String(), email, email, role)
			}
			for _, permission := range []string{"changes:read", "accounts:read", "orders:read", "sessions:revoke"} {
				exec(`INSERT INTO permissions (id, name, created_at, updated_at) VALUES ($1, $2, NOW, NOW)`, users.NewID().String(), permission)
			}

			s, err := store.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			marked, err := s.DemoPasswords(t.Context())
			if err != nil || len(marked) != 2 || marked[0].String() != "admin@example.com" || marked[1].String() != "user@example.com" {
				t.Errorf("marked: %v %v", marked, err)
			}
			graph, err := s.Graph(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[users.PermissionName]bool{"changes:read": true, "accounts:read": true, "orders:read": false, "sessions:revoke": false} {
				if p, ok := graph.PermissionByName(name); !ok || p.System != want {
					t.Errorf("%s: %+v", name, p)
				}
			}
			rules := users.New(users.Ports{Store: s, Now: time.Now, NewID: users.NewID})
			if err := rules.Bootstrap(t.Context()); !errors.Is(err, users.ErrConflict) || !strings.Contains(err.Error(), "sessions:revoke") {
				t.Errorf("Bootstrap: %v", err)
			}
			if graph, err = s.Graph(t.Context()); err != nil {
				t.Error(err)
			}
			if _, made := graph.PermissionByName(users.RolesRead); made {
				t.Error("a start that was stopped has made permissions")
			}
			exec(`UPDATE permissions SET name = 'app:' || name WHERE name = 'sessions:revoke'`)
			if err := rules.Bootstrap(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
