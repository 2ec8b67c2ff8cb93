package system

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// What docs/migration.md has operators do with the FastAPI service's database, whose tables are made here as its own
// migrations make them: those of its first release and those of its last.

const legacyRoles = `
	CREATE TABLE legacy.permissions (id uuid PRIMARY KEY, name varchar(100) NOT NULL UNIQUE, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
	CREATE TABLE legacy.roles (id uuid PRIMARY KEY, name varchar(100) NOT NULL UNIQUE, description varchar(255), created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
	CREATE TABLE legacy.role_permissions (role_id uuid REFERENCES legacy.roles ON DELETE CASCADE, permission_id uuid REFERENCES legacy.permissions ON DELETE CASCADE,
		PRIMARY KEY (role_id, permission_id));`

var legacyAccounts = map[string]string{
	"first": `CREATE TABLE legacy.accounts (id uuid PRIMARY KEY, email varchar(255) NOT NULL UNIQUE, password_hash varchar(255) NOT NULL,
		role_id uuid NOT NULL REFERENCES legacy.roles ON DELETE RESTRICT, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);`,
	"last": `CREATE TABLE legacy.accounts (email varchar(255) PRIMARY KEY, entity_id uuid NOT NULL, organization_id uuid NOT NULL, password_hash varchar(255) NOT NULL,
		role_id uuid NOT NULL REFERENCES legacy.roles ON DELETE RESTRICT, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);`,
}

// legacyHash is what Python's bcrypt makes of "correct horse battery".
const legacyHash = "$2b$10$AOrEzs5H3MGFuMma9A52kugnucaxVlx9qlCHsCdfuFmPrJHk6CLZq"

// legacy fills a database that is up to date with the tables of one release beside.
func legacy(t *testing.T, release string) (url string, db *sql.DB) {
	t.Helper()
	url = pgtest.URL(t)
	if p := command(t, []string{"DATABASE_URL=" + url}, "migrate", "up"); p.wait(patience) != 0 {
		t.Fatal(p.stderr.tail())
	}
	db = byHand(t, url)
	inZone(t, db, "UTC")
	run(t, db, `CREATE SCHEMA legacy;`+legacyRoles+legacyAccounts[release]+`
		INSERT INTO legacy.permissions SELECT gen_random_uuid(), name, '2025-07-01 10:00', '2025-07-01 10:00'
			FROM unnest(ARRAY['accounts:read', 'accounts:create', 'organizations:read', 'users.create']) AS name;
		INSERT INTO legacy.roles SELECT gen_random_uuid(), name, 'As ' || name, '2025-07-01 10:00', '2025-07-01 10:00'
			FROM unnest(ARRAY['Admin', 'User', 'Administración']) AS name;
		INSERT INTO legacy.role_permissions SELECT r.id, p.id FROM legacy.roles r, legacy.permissions p WHERE r.name <> 'User' OR p.name LIKE '%read';`)
	return url, db
}

// legacyAccount adds an account of the old service.
func legacyAccount(t *testing.T, db *sql.DB, release, id, email, role string) {
	t.Helper()
	column, value := "id", ""
	if release == "last" {
		column, value = "organization_id, entity_id", "'00000000-0000-4000-8000-0000000000aa', "
	}
	run(t, db, fmt.Sprintf(`INSERT INTO legacy.accounts (email, %s, password_hash, role_id, created_at, updated_at)
		SELECT '%s', %s'%s', '%s', id, '2025-07-01 10:00', '2025-07-02 10:00' FROM legacy.roles WHERE name = '%s'`, column, email, value, id, legacyHash, role))
}

// inZone sets the time zone of connections to come.
func inZone(t *testing.T, db *sql.DB, zone string) {
	t.Helper()
	run(t, db, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), '`+zone+`'); END $$`)
}

func takeOver(t *testing.T, db *sql.DB) error {
	t.Helper()
	script, err := os.ReadFile("../../docs/from-fastapi.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(string(script))
	return err
}

func legacyID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func TestTakeOverFromFastAPI(t *testing.T) {
	t.Parallel()
	for release := range legacyAccounts {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			url, db := legacy(t, release)
			legacyAccount(t, db, release, legacyID(1), "Ada@Example.com", "Administración")
			legacyAccount(t, db, release, legacyID(2), "root@example.com", "Admin")
			legacyAccount(t, db, release, legacyID(3), "user@example.com", "User")
			if err := takeOver(t, db); err != nil {
				t.Fatal(err)
			}
			if got := one(t, db, `SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM accounts WHERE email_key = 'ada@example.com'`); got != "2025-07-01 10:00" {
				t.Errorf("created at %s", got)
			}
			if err := takeOver(t, db); err == nil || !strings.Contains(err.Error(), "svc-users has 3 accounts already") {
				t.Errorf("a second time: %v", err)
			}

			s := serve(t, url)
			login := func(email string) string {
				a := s.want(http.StatusOK, http.MethodPost, "/api/v1/auth/login", "", map[string]string{"email": email, "password": "correct horse battery"})
				return a.text("token")
			}
			me := s.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", login("ada@example.com"), nil)
			for _, want := range []string{legacyID(1), "Ada@Example.com", "Administración", "organizations:read", "users.create", "accounts:create"} {
				if !strings.Contains(string(me.Data), want) {
					t.Errorf("%s is not in %s", want, me.Data)
				}
			}
			s.want(http.StatusOK, http.MethodGet, "/api/v1/accounts/"+legacyID(3), login("root@example.com"), nil)
			s.want(http.StatusForbidden, http.MethodPost, "/api/v1/roles", login("user@example.com"), map[string]string{"name": "x"})
		})
	}
}

// Every obstacle is named, all of them at once, and then nothing has been written.
func TestTakeOverObstacles(t *testing.T) {
	t.Parallel()
	_, db := legacy(t, "last")
	for i, email := range []string{"ada@example.com", "Ada@example.com", "eve@bücher.example", "bob", "twin1@example.com", "twin2@example.com", "old@example.com"} {
		legacyAccount(t, db, "last", legacyID(min(i, 4)), email, "User")
	}
	run(t, db, `UPDATE legacy.accounts SET entity_id = gen_random_uuid() WHERE email NOT LIKE 'twin%';
		UPDATE legacy.accounts SET organization_id = gen_random_uuid() WHERE email = 'ada@example.com';
		UPDATE legacy.accounts SET password_hash = 'pbkdf2:sha256:600000$x$y' WHERE email = 'old@example.com';
		INSERT INTO legacy.permissions SELECT gen_random_uuid(), name, now(), now() FROM unnest(ARRAY['see all', 'audit:read']) AS name;
		INSERT INTO legacy.roles SELECT gen_random_uuid(), name, NULL, now(), now() FROM unnest(ARRAY['USER', 'Größe', ' Lead']) AS name`)
	err := takeOver(t, db)
	if err == nil {
		t.Fatal("nothing is in the way")
	}
	for _, want := range []string{
		"there are 2 organizations", "case of their e-mail: Ada@example.com, ada@example.com.", "share the id " + legacyID(4) + ": twin1@example.com, twin2@example.com.",
		"'eve@bücher.example' is not ASCII", "'bob' is no address", "password of 'old@example.com'", "'USER', 'User'", "the role ' Lead'", "the role 'Größe'",
		"the permission 'see all' is no OAuth scope token", "the permission 'audit:read' has a name that is reserved", "11 things are in the way",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in\n%v", want, err)
		}
	}
	for query, want := range map[string]string{
		`SELECT count(*) FROM accounts`: "0", `SELECT count(*) FROM roles`: "1", `SELECT count(*) FROM permissions WHERE name = 'organizations:read'`: "0",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// Times that the last release wrote in a zone that is not UTC are read in the zone that the operator names.
func TestTakeOverTimesOfAnotherZone(t *testing.T) {
	t.Parallel()
	_, db := legacy(t, "last")
	legacyAccount(t, db, "last", legacyID(1), "ada@example.com", "User")
	inZone(t, db, "Europe/Madrid")
	if err := takeOver(t, db); err == nil || !strings.Contains(err.Error(), "SET legacy.time_zone = 'Europe/Madrid'") {
		t.Fatalf("in another zone: %v", err)
	}
	script, err := os.ReadFile("../../docs/from-fastapi.sql")
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, "SET legacy.time_zone = 'Europe/Madrid';"+string(script))
	if got := one(t, db, `SELECT to_char(created_at AT TIME ZONE 'UTC', 'HH24:MI') FROM accounts`); got != "08:00" {
		t.Errorf("created at %s UTC, want 08:00", got)
	}
}
