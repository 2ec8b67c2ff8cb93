package authz

import (
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// rawDatabase reads a database past the service, as a SQL shell does: it sees what answers leave out, and no cache is
// between it and the rows.
type rawDatabase struct{ db *sql.DB }

func openRaw(t testing.TB, database string) rawDatabase {
	t.Helper()
	driver, name := "pgx", database
	if path, ok := strings.CutPrefix(database, "sqlite://"); ok {
		driver, name = "sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"}).String()
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, db.Close()) })
	return rawDatabase{db}
}

// wipe leaves what every service has.
func (d rawDatabase) wipe(t testing.TB) {
	t.Helper()
	for _, statement := range []string{
		`DELETE FROM accounts`,
		`DELETE FROM audiences`,
		`UPDATE roles SET parent_id = NULL WHERE parent_id IS NOT NULL`,
		`DELETE FROM roles WHERE NOT is_system`,
		`DELETE FROM permissions WHERE name NOT IN ('` + strings.Join(systemNames(), "', '") + `')`,
	} {
		_, err := d.db.ExecContext(t.Context(), statement)
		must(t, err)
	}
}

// rows returns all of a query, each column as text; NULL is empty.
func (d rawDatabase) rows(t testing.TB, query string) [][]string {
	t.Helper()
	rows, err := d.db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	var all [][]string
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		must(t, rows.Scan(places...))
		row := make([]string, len(columns))
		for i, v := range values {
			if v != nil {
				row[i] = fmt.Sprint(v)
			}
		}
		all = append(all, row)
	}
	must(t, rows.Err())
	return all
}

// dump is all that decides who may do what, and all that must not change without a reason.
type dump struct {
	raw   string // every column of every row
	state state  // without passwords
}

func (d rawDatabase) look(t testing.TB, h *house) dump {
	t.Helper()
	s := dump{state: state{map[string]account{}, map[string]role{}, map[string]permission{}, 0}}
	accounts := d.rows(t, `SELECT id, email, role_id, is_active, token_version, email_key, password_hash, created_at, updated_at FROM accounts ORDER BY id`)
	roles := d.rows(t, `SELECT id, name, description, parent_id, is_system, owner, name_key, created_at, updated_at FROM roles ORDER BY id`)
	permissions := d.rows(t, `SELECT id, name, description, owner, created_at, updated_at FROM permissions ORDER BY id`)
	assigned := d.rows(t, `SELECT role_id, permission_id FROM role_permissions ORDER BY role_id, permission_id`)
	s.raw = fmt.Sprint(accounts, roles, permissions, assigned, d.rows(t, `SELECT id, account_id FROM account_sessions ORDER BY id`),
		d.rows(t, `SELECT id, account_id, digest, name, scope, expires_at, successor_id FROM api_keys ORDER BY id`))
	yes := func(text string) bool { return text == "1" || text == "true" }
	for _, row := range accounts {
		a := account{Email: row[1], Role: h.name(row[2]), Active: yes(row[3])}
		_, err := fmt.Sscan(row[4], &a.Version)
		must(t, err)
		s.state.Accounts[h.name(row[0])] = a
	}
	for _, row := range roles {
		s.state.Roles[h.name(row[0])] = role{
			Name: row[1], Description: row[2], Parent: h.name(row[3]), System: yes(row[4]), Owner: row[5], Own: set{},
		}
	}
	for _, row := range permissions {
		s.state.Permissions[h.name(row[0])] = permission{Name: row[1], Description: row[2], Owner: row[3]}
	}
	for _, row := range assigned {
		s.state.Roles[h.name(row[0])].Own[h.name(row[1])] = true
	}
	return s
}
