package store_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

func diagnose(t *testing.T, url string) store.Diagnosis {
	t.Helper()
	d, err := store.Diagnose(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDiagnose(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) string{"SQLite": newSQLite, "PostgreSQL": pgtest.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := fresh(t)
			if name == "SQLite" {
				if _, err := store.Diagnose(t.Context(), url); !errors.Is(err, store.ErrMissing) {
					t.Fatalf("of a file that is not there: %v", err)
				}
			} else if d := diagnose(t, url); d.SchemaErr != nil || d.Pending() != len(d.Schema) || !d.MayMigrate {
				t.Errorf("of an empty database: %+v", d)
			}
			migrated(t, url)
			d := diagnose(t, url)
			if !strings.HasPrefix(d.Engine, name+" ") || !strings.HasPrefix(d.Encoding, "UTF") || !d.MayMigrate || len(d.MissingGrants) > 0 ||
				d.Pending() != 0 || len(d.Schema) == 0 || d.SchemaErr != nil || d.ClockAhead.Abs() > time.Second {
				t.Errorf("%+v", d)
			}
			if (d.Role == "") != (name == "SQLite") || d.Encrypted != (name == "SQLite") {
				t.Errorf("role %q, encrypted %t", d.Role, d.Encrypted)
			}
			if !d.SameDatabase(diagnose(t, url)) {
				t.Error("a database is another than itself")
			}
			if _, err := byHand(t, url).ExecContext(t.Context(), `INSERT INTO svc_users_migrations (version_id, is_applied) VALUES (99999, '1')`); err != nil {
				t.Fatal(err)
			}
			if d := diagnose(t, url); !errors.Is(d.SchemaErr, store.ErrNewerSchema) {
				t.Errorf("of a newer schema: %v", d.SchemaErr)
			}
		})
	}
	if _, err := store.Diagnose(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "none", "x.db")); !errors.Is(err, store.ErrMissing) {
		t.Errorf("%v", err)
	}
	if _, err := store.Diagnose(t.Context(), "postgresql://u:hunter2@127.0.0.1:1/d"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// TestDiagnoseGrants: what a role that serves lacks is named, and another database is told from this one.
func TestDiagnoseGrants(t *testing.T) {
	t.Parallel()
	url, other := pgtest.URL(t), pgtest.URL(t)
	migrated(t, url)
	migrated(t, other)
	if diagnose(t, url).SameDatabase(diagnose(t, other)) {
		t.Error("two databases are the same")
	}
	_, role := stranger(t, url)
	as := url + map[bool]string{true: "&", false: "?"}[strings.Contains(url, "?")] + "options=-c%20role%3D" + role
	d := diagnose(t, as)
	if d.Role != role || d.Superuser || d.MayMigrate || d.SchemaErr == nil {
		t.Errorf("without a right: %+v", d)
	}
	admin(t, url, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO `+role, `REVOKE UPDATE, DELETE ON accounts FROM `+role)
	if d := diagnose(t, as); d.SchemaErr != nil || !slices.Equal(d.MissingGrants, []string{"DELETE on accounts", "UPDATE on accounts"}) {
		t.Errorf("without two rights: %+v", d)
	}
	admin(t, url, `GRANT UPDATE, DELETE ON accounts TO `+role)
	if d := diagnose(t, as); d.SchemaErr != nil || len(d.MissingGrants) > 0 || !d.SameDatabase(diagnose(t, url)) {
		t.Errorf("with all of them: %+v", d)
	}
}
