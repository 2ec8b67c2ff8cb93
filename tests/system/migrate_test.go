package system

import (
	"database/sql"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
)

// newcomers starts eight processes at once on one database: servers, servers with demo data and migrations. All of them
// must succeed.
func newcomers(t *testing.T, database string) {
	t.Helper()
	settings := []string{"DATABASE_URL=" + database}
	var servers []*server
	var migrations []*process
	for i := range 8 {
		switch {
		case i%3 == 0:
			servers = append(servers, begin(t, settings, "--demo"))
		case i%3 == 1:
			servers = append(servers, begin(t, settings))
		default:
			migrations = append(migrations, command(t, settings, "migrate", "up"))
		}
	}
	for _, p := range migrations {
		if status := p.wait(patience); status != 0 {
			t.Errorf("migrate up: status %d: %s", status, p.stderr.tail())
		}
	}
	for _, s := range servers {
		s.listening()
		s.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
	}
	for _, s := range servers {
		s.kill()
	}
}

var (
	systemPermissions = `SELECT count(*) FROM permissions WHERE name IN (` + systemNames() + `)`
	systemCount       = strconv.Itoa(len(users.SystemPermissions()))
)

// systemNames lists the names of the system permissions as SQL does.
func systemNames() string {
	var names []string
	for _, p := range users.SystemPermissions() {
		names = append(names, `'`+string(p.Name)+`'`)
	}
	return strings.Join(names, `, `)
}

// complete fails the test unless the database has what every one has, once.
func complete(t *testing.T, db *sql.DB) {
	t.Helper()
	for query, want := range map[string]string{
		`SELECT count(*) FROM roles WHERE name = 'Admin' AND is_system`: "1",
		`SELECT count(*) FROM roles WHERE is_system`:                    "1",
		systemPermissions:                                                        systemCount,
		`SELECT count(*) FROM permissions`:                                       systemCount,
		`SELECT count(*) FROM roles`:                                             "3",
		`SELECT count(*) FROM accounts`:                                          "2",
		`SELECT count(*) FROM svc_users_migrations WHERE version_id = 1`:         "1",
		`SELECT count(*) - count(DISTINCT version_id) FROM svc_users_migrations`: "0",
		`SELECT count(*) FROM service_secrets`:                                   "1",
		`SELECT count(*) FROM role_permissions rp JOIN roles r ON r.id = rp.role_id WHERE r.name = 'Manager'`: "4",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// Eight processes start at once on a database that is empty, and then on ones that an earlier program, or one
// that was interrupted, has left.
func TestEightStartAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		newcomers(t, database)
		db := byHand(t, database)
		complete(t, db)
		for range rounds(t, 1) {
			// An earlier version knew fewer permissions, and no demo roles.
			run(t, db, `DELETE FROM permissions WHERE name LIKE 'permissions:%'`)
			newcomers(t, database)
			if n := one(t, db, systemPermissions); n != systemCount {
				t.Errorf("of the system permissions %s were made again", n)
			}
			// Nor need there be anything but the schema.
			run(t, db, `DELETE FROM role_permissions`, `DELETE FROM accounts`, `UPDATE roles SET parent_id = NULL`,
				`DELETE FROM roles`, `DELETE FROM permissions`)
			newcomers(t, database)
			complete(t, db)
			// One that was killed between its first two steps has made the table of versions and nothing else.
			before := tables(t, db, database)
			for _, name := range []string{"audiences", "api_keys", "client_secrets", "client_keys", "client_trusts", "used_assertions", "throttles", "imported_factors", "account_sessions", "ended_sessions", "service_accounts", "role_permissions", "accounts", "account_counts", "roles", "permissions", "authorization_stamp", "account_changes", "rights_changes", "change_marks", "email_changes", "service_secrets", "job_leases", "signing_keys", "signing_key_names"} {
				run(t, db, `DROP TABLE `+name)
			}
			run(t, db, `DELETE FROM svc_users_migrations WHERE version_id > 0`)
			if strings.HasPrefix(database, "sqlite") {
				run(t, db, `DROP TABLE accounts_search`, `DROP TABLE accounts_replaced`)
			} else {
				run(t, db, `DROP FUNCTION renew_authorization_stamp`, `DROP FUNCTION note_account_changes`, `DROP FUNCTION note_rights_changes`, `DROP FUNCTION mark_position`, `DROP FUNCTION change_channel`, `DROP FUNCTION listen_on`,
					`DROP TABLE transaction_lock`,
					`DROP FUNCTION count_accounts`, `DROP FUNCTION email_trigrams`, `DROP FUNCTION end_tokens_of_disabled`, `DROP FUNCTION note_ended_sessions`, `DROP FUNCTION place_keys`, `DROP FUNCTION renew_key_stamp`, `DROP FUNCTION keep_account_kind`, `DROP FUNCTION renew_api_keys`)
			}
			newcomers(t, database)
			complete(t, db)
			if after := tables(t, db, database); strings.Join(after, " ") != strings.Join(before, " ") {
				t.Errorf("the tables are %q, and were %q", after, before)
			}
		}
	})
}

// The same on an empty database behind a PgBouncer in transaction mode, which gives each transaction another of a few
// connections.
func TestEightStartBehindPgBouncer(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.URL(t))
	newcomers(t, newPgBouncer(t, database))
	complete(t, byHand(t, database))
}

// A process that is killed while it makes the schema leaves nothing that the next one cannot go on from.
func TestKilledWhileMigrating(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		for range rounds(t, 4) {
			p := command(t, []string{"DATABASE_URL=" + database}, "migrate", "up")
			time.Sleep(rand.N(80 * time.Millisecond))
			p.kill()
		}
		// The lock of a killed process must not keep others waiting.
		serve(t, database, "--demo").kill()
		complete(t, byHand(t, database))
	})
}

// A schema that is newer than the program is refused in one line, and left alone.
func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		running := serve(t, database, "--demo")
		db := byHand(t, database)
		run(t, db, `INSERT INTO svc_users_migrations (version_id, is_applied) VALUES (9000000000, '1')`)
		wantRefused(t, db, database, "9000000000")
		// A server that was there before is still alive, and says that it should get no more requests.
		if a := running.send(http.MethodGet, "/readyz", "", nil); !a.is(http.StatusServiceUnavailable) {
			t.Errorf("readyz of a server that was there before: %d", a.status)
		}
		if a := running.send(http.MethodGet, "/livez", "", nil); !a.is(http.StatusOK) {
			t.Errorf("livez of a server that was there before: %d", a.status)
		}
	})
}

// Tables of our names that are not ours stop the start, untouched.
func TestForeignTablesAreRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		db := byHand(t, database)
		run(t, db, `CREATE TABLE roles (theirs text, more text)`, `INSERT INTO roles VALUES ('precious', 'data')`,
			`CREATE TABLE unrelated (a text, b text)`)
		wantRefused(t, db, database, "roles")
	})
}

// wantRefused fails the test unless each command refuses the database in one line that names the reason, and leaves
// it as it is.
func wantRefused(t *testing.T, db *sql.DB, database, reason string) {
	t.Helper()
	before := dump(t, db, database)
	for _, args := range [][]string{{"serve"}, {"serve", "--demo"}, {"migrate", "up"}, {"seed"}} {
		p := command(t, []string{"DATABASE_URL=" + database}, args...)
		if status := p.wait(patience); status != 1 {
			t.Errorf("%q: status %d", args, status)
		}
		if said := p.stderr.tail(); p.stderr.total() != 1 || !strings.Contains(said, reason) || p.stdout.total() != 0 {
			t.Errorf("%q: %d lines: %s", args, p.stderr.total(), said)
		}
	}
	if after := dump(t, db, database); after != before {
		t.Errorf("the database was touched; before:\n%s\nafter:\n%s", before, after)
	}
}
