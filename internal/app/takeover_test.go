package app_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // for SQL by hand

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// oldRights are the tables of the FastAPI service beside accounts, as its own migrations make them.
const oldRights = `
	CREATE TABLE permissions (id uuid PRIMARY KEY, name varchar(100) NOT NULL UNIQUE, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
	CREATE TABLE roles (id uuid PRIMARY KEY, name varchar(100) NOT NULL UNIQUE, description varchar(255), created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
	CREATE TABLE role_permissions (role_id uuid REFERENCES roles ON DELETE CASCADE, permission_id uuid REFERENCES permissions ON DELETE CASCADE, PRIMARY KEY (role_id, permission_id));`

// oldAccounts are its accounts, by release.
var oldAccounts = map[string]string{
	"first": `CREATE TABLE accounts (id uuid PRIMARY KEY, email varchar(255) NOT NULL UNIQUE, password_hash varchar(255) NOT NULL,
		role_id uuid NOT NULL REFERENCES roles ON DELETE RESTRICT, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);`,
	"last": `CREATE TABLE accounts (email varchar(255) PRIMARY KEY, entity_id uuid NOT NULL, organization_id uuid NOT NULL, password_hash varchar(255) NOT NULL,
		role_id uuid NOT NULL REFERENCES roles ON DELETE RESTRICT, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);`,
}

// oldService is a database of the FastAPI service.
type oldService struct {
	t       *testing.T
	url     string
	db      *sql.DB
	release string
}

func newOldService(t *testing.T, release string) *oldService {
	t.Helper()
	url := pgtest.URL(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &oldService{t, url, db, release}
	s.do(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''UTC''', current_database()); END $$;` + oldRights + oldAccounts[release] + `
		INSERT INTO permissions SELECT CAST(format('00000000-0000-4000-8000-0000000001%s', lpad(CAST(n AS text), 2, '0')) AS uuid), name, '2025-07-01 10:00', '2025-07-01 11:00'
			FROM unnest(ARRAY['accounts:read', 'docs:edit', 'users.create']) WITH ORDINALITY AS p (name, n);
		INSERT INTO roles SELECT CAST(format('00000000-0000-4000-8000-0000000002%s', lpad(CAST(n AS text), 2, '0')) AS uuid), name, 'As ' || name, '2025-07-01 10:00', '2025-07-01 11:00'
			FROM unnest(ARRAY['ADMIN', 'User', 'Administración']) WITH ORDINALITY AS r (name, n);
		INSERT INTO role_permissions SELECT r.id, p.id FROM roles r, permissions p WHERE r.name <> 'User' OR p.name LIKE 'docs%';`)
	return s
}

func (s *oldService) do(statements string) {
	s.t.Helper()
	if _, err := s.db.ExecContext(s.t.Context(), statements); err != nil {
		s.t.Fatal(err)
	}
}

// oldID is the id of the nth account.
func oldID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func (s *oldService) add(n int, email, role string) {
	s.t.Helper()
	columns, values := "id", ""
	if s.release == "last" {
		columns, values = "organization_id, entity_id", "'00000000-0000-4000-8000-0000000000aa', "
	}
	s.do(fmt.Sprintf(`INSERT INTO accounts (email, %s, password_hash, role_id, created_at, updated_at)
		SELECT '%s', %s'%s', '%s', id, '2025-07-01 10:00', '2025-07-02 10:00' FROM roles WHERE name = '%s'`, columns, email, values, oldID(n), importHash, role))
}

// takeOver takes over what the service has.
func (s *oldService) takeOver(im *importer.Importer, zone string, o importer.Options) (results []string, summary importer.Summary, err error) {
	s.t.Helper()
	old, err := store.OpenFastAPI(s.t.Context(), strings.Replace(s.url, "postgresql://", "postgresql+asyncpg://", 1), zone)
	if err != nil {
		return nil, importer.Summary{}, err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	rights, err := old.Rights(s.t.Context())
	if err != nil {
		return nil, importer.Summary{}, err
	}
	summary, err = im.TakeOver(s.t.Context(), users.AsOperator(), rights, old.Records(s.t.Context()), o, func(r importer.Result) error {
		results = append(results, describe(r))
		return nil
	})
	return results, summary, err
}

func TestTakeOver(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		for release := range oldAccounts {
			t.Run(release, func(t *testing.T) {
				t.Parallel()
				events := &eventKinds{}
				svc := apitest.Start(t, apitest.Options{Engine: engine, Recorders: []users.Recorder{events}})
				old := newOldService(t, release)
				old.add(1, "Ada@Example.org", "Administración")
				old.add(2, "chief@example.org", "ADMIN")
				old.add(3, "reader@example.org", "User")
				old.add(4, "not-an-address", "User")
				old.add(5, "ADA@example.org", "User")
				im := asOperator(svc.Replica(t, nil), nil)
				events.take()

				const refused = "refused: role is that of administrators; --allow-role Admin lets the import give it"
				results, summary, err := old.takeOver(im, "", importer.Options{DryRun: true})
				if err != nil {
					t.Fatal(err)
				}
				if got := events.take(); len(got) > 0 {
					t.Errorf("a dry run has recorded %v", got)
				}
				wantResults(t, results, "1 created", "2 refused: email is also that of line 1", "3 "+refused, "4 refused: email must be an e-mail address such as ada@example.com", "5 created")
				if diff := cmp.Diff([]users.RoleName{"Administración", "User"}, summary.Roles); diff != "" {
					t.Error(diff)
				}
				done, summary, err := old.takeOver(im, "", importer.Options{})
				if err != nil {
					t.Fatal(err)
				}
				wantResults(t, done, results...)
				if diff := cmp.Diff([]users.RoleName{"Administración", "User"}, summary.Roles); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(map[users.EventKind]int{users.AccountCreated: 2, users.RoleCreated: 2, users.PermissionCreated: 2, users.AccountsImported: 2}, events.take()); diff != "" {
					t.Error(diff)
				}
				// The last release shows the account that is sorted first, ADA@; the ids and times are those of there.
				me := string(getAs(t, svc, "ada@example.org", "/api/v1/auth/me").Want(t, 200, "").Data)
				for _, want := range []string{oldID(5), `"ADA@example.org"`, `"docs:edit"`, `"2025-07-01T10:00:00Z"`, `"2025-07-02T10:00:00Z"`} {
					if !strings.Contains(me, want) {
						t.Errorf("%s is not in %s", want, me)
					}
				}
				role := string(svc.Get(t, "/api/v1/roles/00000000-0000-4000-8000-000000000203").Want(t, 200, "").Data)
				for _, want := range []string{`"Administración"`, `"As Administración"`, `"accounts:read"`, `"docs:edit"`, `"users.create"`, `"2025-07-01T11:00:00Z"`} {
					if !strings.Contains(role, want) {
						t.Errorf("%s is not in %s", want, role)
					}
				}
				svc.Get(t, "/api/v1/permissions/00000000-0000-4000-8000-000000000102").Want(t, 200, "")

				// Another time only what is new there is taken over, and what has changed here stays.
				svc.Patch(t, "/api/v1/roles/00000000-0000-4000-8000-000000000203", map[string]any{"name": "Gestión"}).Want(t, 200, "")
				svc.Delete(t, "/api/v1/roles/00000000-0000-4000-8000-000000000203/permissions/00000000-0000-4000-8000-000000000103").Want(t, 200, "")
				old.do(`DELETE FROM accounts WHERE email LIKE 'Ada%'; INSERT INTO roles SELECT gen_random_uuid(), 'Late', NULL, created_at, updated_at FROM roles WHERE name = 'User'`)
				old.add(6, "late@example.org", "Late")
				old.add(7, "renamed@example.org", "Administración")
				results, summary, err = old.takeOver(im, "", importer.Options{AllowedRoles: []users.RoleName{"Admin"}})
				if err != nil {
					t.Fatal(err)
				}
				wantResults(t, results, "1 unchanged", "2 created", "3 created", "4 refused: email must be an e-mail address such as ada@example.com", "5 unchanged", "6 created")
				if len(summary.Roles) != 1 || summary.Roles[0] != "Late" {
					t.Errorf("roles %v", summary.Roles)
				}
				getAs(t, svc, "chief@example.org", "/api/v1/keys").Want(t, 200, "")
				if me := string(getAs(t, svc, "renamed@example.org", "/api/v1/auth/me").Want(t, 200, "").Data); !strings.Contains(me, `"Gestión"`) {
					t.Errorf("the account of a role that was renamed here is %s", me)
				}
				if role := string(svc.Get(t, "/api/v1/roles/00000000-0000-4000-8000-000000000203").Want(t, 200, "").Data); !strings.Contains(role, `"Gestión"`) || strings.Contains(role, `"users.create"`) {
					t.Errorf("the role that was changed here is %s", role)
				}
				events.take()
				if _, _, err = old.takeOver(im, "", importer.Options{AllowedRoles: []users.RoleName{"Admin"}}); err != nil || len(events.take()) > 0 {
					t.Errorf("a last time: %v", err)
				}
			})
		}
	})
}

// Every obstacle is named, all of them at once, and then nothing has been written.
func TestTakeOverObstacles(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		old := newOldService(t, "last")
		old.add(1, "ada@example.org", "User")
		old.add(2, "bob@example.org", "User")
		svc.Post(t, "/api/v1/roles", map[string]any{"name": "Mine"}).Want(t, 201, "")
		old.do(`UPDATE accounts SET organization_id = gen_random_uuid() WHERE email = 'ada@example.org';
			INSERT INTO permissions SELECT gen_random_uuid(), name, now(), now() FROM unnest(ARRAY['see all', 'audit:read']) AS name;
			INSERT INTO roles SELECT gen_random_uuid(), name, NULL, now(), now() FROM unnest(ARRAY['USER', ' Lead', 'mine', 'Adm1n']) AS name`)
		for _, dry := range []bool{true, false} {
			_, _, err := old.takeOver(asOperator(svc, nil), "", importer.Options{DryRun: dry})
			var obstacles importer.Obstacles
			if !errors.As(err, &obstacles) {
				t.Fatal(err)
			}
			for _, want := range []string{
				"there are 2 organizations (", `the permission "see all" must be an OAuth scope token`, `the permission "audit:read": Names that begin with audit:`,
				`and "USER" differ in case alone; make them one there`, `the role " Lead"`, `this service has a role "Mine" of its own`, `the role "Adm1n": `,
			} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not named in\n%v", want, err)
				}
			}
			if len(obstacles) != 7 {
				t.Errorf("%d obstacles: %v", len(obstacles), err)
			}
		}
		if n := total(t, svc); n != 1 {
			t.Errorf("%d accounts", n)
		}
		if list := string(svc.Get(t, "/api/v1/permissions?limit=100").Want(t, 200, "").Data); strings.Contains(list, "docs:edit") {
			t.Error("a permission was taken over")
		}
	})
}

// Times that the last release wrote in a zone that is not UTC are read in the zone that the operator names.
func TestTakeOverTimesOfAnotherZone(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	old := newOldService(t, "last")
	old.add(1, "ada@example.org", "User")
	old.do(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Europe/Madrid''', current_database()); END $$`)
	im := asOperator(svc, nil)
	if _, _, err := old.takeOver(im, "", importer.Options{}); err == nil || !strings.Contains(err.Error(), "which is Europe/Madrid: --time-zone Europe/Madrid, or another") {
		t.Fatal(err)
	}
	if _, _, err := old.takeOver(im, "Europe/Atlantis", importer.Options{}); err == nil || err.Error() != "does not know the time zone of --time-zone" {
		t.Fatal(err)
	}
	if _, _, err := old.takeOver(im, "Europe/Madrid", importer.Options{}); err != nil {
		t.Fatal(err)
	}
	if me := string(getAs(t, svc, "ada@example.org", "/api/v1/auth/me").Want(t, 200, "").Data); !strings.Contains(me, `"2025-07-01T08:00:00Z"`) {
		t.Errorf("not created at 08:00 UTC: %s", me)
	}
}

// What is no database of the FastAPI service is refused in words that show no password.
func TestTakeOverFromOthers(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Engine: "postgres"})
	for url, want := range map[string]string{
		"sqlite:///old.db":         "must begin with postgresql://, the database that the FastAPI service runs on",
		"mysql://root:secret@x/db": "must begin with postgresql://, the database that the FastAPI service runs on",
		svc.Database:               "is a database of this service, and not of the FastAPI service",
		pgtest.URL(t):              "has not the tables accounts, roles, permissions and role_permissions of the FastAPI service",
		"postgresql://u:secret@127.0.0.1:1/db?connect_timeout=1": "connect: ",
	} {
		_, err := store.OpenFastAPI(t.Context(), url, "")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
