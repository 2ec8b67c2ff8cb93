package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/transfer"
)

// TestEveryTableIsCopiedOrLeft: a migration that makes a table or a column says what becomes of it when a database is copied.
func TestEveryTableIsCopiedOrLeft(t *testing.T) {
	t.Parallel()
	columns := map[string][]string{}
	for name, query := range map[string]string{
		"sqlite":   `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
		"postgres": `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()`,
	} {
		url := newSQLite(t)
		if name == "postgres" {
			url = pgtest.URL(t)
		}
		migrated(t, url)
		found, err := byHand(t, url).QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		for found.Next() {
			var table, column string
			if err := found.Scan(&table, &column); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(table, "sqlite_") || strings.HasPrefix(table, "accounts_search_") {
				continue // SQLite's own, and those of its search
			}
			_, left := store.TablesLeft[table]
			if copied := slices.Contains(store.CopiedTables, table); copied == left {
				t.Errorf("%s: internal/store/tables.go says nothing of the table %s. Add %q to copiedTables, after the tables that it refers to; "+
					"or to loggedTables, if triggers write it; or to tablesLeft, with the reason, if a copy needs none of it. Then add a row of it to fullRows here",
					name, table, table)
			}
			if _, only := store.ColumnsLeft[table+"."+column]; !left && !only {
				columns[name] = append(columns[name], table+"."+column)
			}
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(columns[name])
	}
	for _, engines := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		for _, column := range columns[engines[0]] {
			if !slices.Contains(columns[engines[1]], column) {
				t.Errorf("only %s has the column %s: add it to columnsLeft in internal/store/tables.go, with the reason, or to %s", engines[0], column, engines[1])
			}
		}
	}
}

// fullRows are rows of every table, with values that engines keep in different ways.
var fullRows = []string{
	`INSERT INTO roles (id, name, name_key, description, parent_id, is_system, created_at, updated_at, owner) VALUES
		('0190b7a4-0000-7000-8000-00000000000b', 'Ärzte 🩺', 'ärzte 🩺', NULL, '0190b7a4-0000-7000-8000-00000000000a', '0', {1}, {2}, NULL),
		('0190b7a4-0000-7000-8000-00000000000a', 'Parent', 'parent', 'above the one before it', NULL, '0', {1}, {3}, 'orders')`,
	`INSERT INTO permissions (id, name, description, created_at, updated_at, owner, is_system) VALUES
		('0190b7a4-0000-7000-8000-0000000000c1', 'orders:read', '', {1}, {2}, 'orders', '0')`,
	`INSERT INTO role_permissions VALUES ('0190b7a4-0000-7000-8000-00000000000b', '0190b7a4-0000-7000-8000-0000000000c1')`,
	`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at, has_demo_password, kind) VALUES
		('0190b7a4-0000-7000-8000-0000000000a1', 'Ann@Example.com', 'ann@example.com', '$2a$10$x', '0190b7a4-0000-7000-8000-00000000000b', '1', 9007199254740993, {1}, {2}, '1', 'person'),
		('0190b7a4-0000-7000-8000-0000000000a2', 'builder', 'builder', '!', '0190b7a4-0000-7000-8000-00000000000a', '0', 1, {2}, {3}, '0', 'service'),
		('0190b7a4-0000-7000-8000-0000000000a3', 'gone@example.com', 'gone@example.com', '!', '0190b7a4-0000-7000-8000-00000000000a', '1', 1, {2}, {3}, '0', 'person')`,
	`INSERT INTO service_accounts VALUES ('0190b7a4-0000-7000-8000-0000000000a2', NULL, '0190b7a4-0000-7000-8000-0000000000a1', NULL)`,
	`INSERT INTO account_sessions (id, account_id, token_version, locator_digest, token_digest, previous_digest, salt, created_at, used_at, rotated_at,
		recovered_at, idle_until, ends_at, tokens_until, address, user_agent, audience) VALUES
		('0190b7a4-0000-7000-8000-0000000000d1', '0190b7a4-0000-7000-8000-0000000000a1', 1, 'l1', 't', 'p', 's', {1}, {1}, {2}, NULL, {4}, {4}, {4}, '::1', 'curl "%"', ''),
		('0190b7a4-0000-7000-8000-0000000000d2', '0190b7a4-0000-7000-8000-0000000000a1', 1, 'l2', 't', 'p', 's', {1}, {1}, {2}, {3}, {4}, {4}, {4}, '', '', 'orders')`,
	`DELETE FROM account_sessions WHERE locator_digest = 'l2'`,
	`DELETE FROM accounts WHERE email_key = 'gone@example.com'`,
	`INSERT INTO email_changes VALUES ('0190b7a4-0000-7000-8000-0000000000a1', {1}), ('0190b7a4-0000-7000-8000-0000000000a1', {1})`,
	`INSERT INTO api_keys VALUES ('0190b7a4-0000-7000-8000-0000000000e1', '0190b7a4-0000-7000-8000-0000000000a1', 'd', 'key', 'last', 'a:b c:d', {1}, NULL, {2}, NULL, 14)`,
	`INSERT INTO audiences VALUES ('orders', 'orders:', 'orders', {1}, {2})`,
	`INSERT INTO client_secrets VALUES ('0190b7a4-0000-7000-8000-0000000000f1', '0190b7a4-0000-7000-8000-0000000000a2', 'd', 'last', {1}, {4}, NULL)`,
	`INSERT INTO client_keys VALUES ('0190b7a4-0000-7000-8000-0000000000f2', '0190b7a4-0000-7000-8000-0000000000a2', '', '', 't', '{"kty":"EC"}', '', {1})`,
	`INSERT INTO client_trusts VALUES ('0190b7a4-0000-7000-8000-0000000000f3', '0190b7a4-0000-7000-8000-0000000000a2', 'https://i', 's*', 'a', '{"ref":"x"}', '', {1})`,
	`INSERT INTO used_assertions VALUES ('digest', {4})`,
	`INSERT INTO imported_factors VALUES ('0190b7a4-0000-7000-8000-0000000000f4', '0190b7a4-0000-7000-8000-0000000000a1', 'totp', 'v1.x.y', {1})`,
	`INSERT INTO service_secrets VALUES ('cursors', {5})`,
	`INSERT INTO signing_keys VALUES (1, 'kid', 'RS256', 'cHVi', 'v1.x.y', {1}, {1}, {4}, 600000000, NULL)`,
	`INSERT INTO signing_key_names VALUES ('kid', 'thumb', {1})`,
}

// fillAll makes rows in every table.
func fillAll(t *testing.T, url string) {
	t.Helper()
	replaced := []string{"{5}", `x'00ff80'`}
	if !strings.HasPrefix(url, "sqlite") {
		replaced[1] = `'\x00ff80'`
	}
	for i, at := range []time.Time{
		time.Date(2024, 2, 29, 23, 59, 59, 999_999_000, time.UTC), time.Date(2026, 3, 29, 2, 30, 0, 1000, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2999, 12, 31, 0, 0, 0, 123_456_000, time.UTC),
	} {
		text := fmt.Sprint(at.UnixMicro())
		if !strings.HasPrefix(url, "sqlite") {
			text = "'" + at.Format("2006-01-02 15:04:05.999999Z07:00") + "'"
		}
		replaced = append(replaced, fmt.Sprintf("{%d}", i+1), text)
	}
	db, replacer := byHand(t, url), strings.NewReplacer(replaced...)
	for _, statement := range fullRows {
		if _, err := db.ExecContext(t.Context(), replacer.Replace(statement)); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// TestCopyBetweenEngines: from SQLite to PostgreSQL and on to SQLite, and the other way, nothing is lost or changed.
func TestCopyBetweenEngines(t *testing.T) {
	t.Parallel()
	fresh := map[string]func(testing.TB) string{"SQLite": newSQLite, "PostgreSQL": pgtest.URL}
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			other := map[string]string{"SQLite": "PostgreSQL", "PostgreSQL": "SQLite"}[engine]
			urls := []string{fresh[engine](t), fresh[other](t), fresh[engine](t)}
			var stores []*store.Store
			for _, url := range urls {
				stores = append(stores, migrated(t, url))
			}
			fillAll(t, urls[0])
			var results []transfer.CopyResult
			for i := range 2 {
				if !strings.EqualFold(stores[i].Engine(), []string{engine, other}[i]) {
					t.Fatalf("the engine %s", stores[i].Engine())
				}
				result, err := transfer.Copy(t.Context(), stores[i], stores[i+1])
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range result.Tables {
					if c.Rows == 0 {
						t.Errorf("the table %s is empty: this test has to put something into it", c.Table)
					}
				}
				results = append(results, result)
			}
			if !reflect.DeepEqual(results[0], results[1]) {
				t.Errorf("the two copies differ:\n%v\n%v", results[0], results[1])
			}
			if a, b := everythingIn(t, urls[0]), everythingIn(t, urls[2]); a != b {
				t.Errorf("the copy of the copy differs from the first:\n%s\n\n%s", a, b)
			}
			// What triggers maintain is right, too.
			for _, url := range urls {
				var people, counted int
				db := byHand(t, url)
				one(t, db, `SELECT count(*) FROM accounts`, &people)
				one(t, db, `SELECT coalesce(sum(total), 0) FROM account_counts`, &counted)
				if people != counted || people != 2 {
					t.Errorf("%d accounts, and %d are counted", people, counted)
				}
			}
			again, err := transfer.Copy(t.Context(), stores[0], stores[1])
			if err != nil || !again.Already || !reflect.DeepEqual(again.Tables, results[0].Tables) {
				t.Errorf("once more: %v, %v", again, err)
			}
			if _, err := byHand(t, urls[1]).ExecContext(t.Context(), `UPDATE accounts SET email = 'other' WHERE kind = 'person'`); err != nil {
				t.Fatal(err)
			}
			if _, err := transfer.Copy(t.Context(), stores[0], stores[1]); !errors.Is(err, transfer.ErrNotEmpty) || !strings.Contains(err.Error(), "accounts") {
				t.Errorf("over a database with data of its own: %v", err)
			}
			if _, err := transfer.Copy(t.Context(), stores[0], stores[2]); err == nil || !strings.Contains(err.Error(), "both databases are "+engine) {
				t.Errorf("from %s to %s: %v", engine, engine, err)
			}
		})
	}
}

// everythingIn is the rows of all tables that are copied, one a line.
func everythingIn(t *testing.T, url string) string {
	t.Helper()
	db := byHand(t, url)
	var lines []string
	for _, table := range store.CopiedTables {
		found, err := db.QueryContext(t.Context(), `SELECT * FROM `+table)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		names, err := found.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for found.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			if err := found.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, name := range names {
				if _, left := store.ColumnsLeft[table+"."+name]; left {
					values[i] = "-"
				}
			}
			lines = append(lines, fmt.Sprintf("%s %v", table, values))
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
	}
	var position, keys int64
	one(t, db, `SELECT position FROM authorization_stamp`, &position)
	one(t, db, `SELECT key_position FROM authorization_stamp`, &keys)
	slices.Sort(lines)
	return strings.Join(append(lines, fmt.Sprint(position, keys)), "\n")
}

func one(t *testing.T, db *sql.DB, query string, into any) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(into); err != nil {
		t.Fatal(err)
	}
}

// stopAfter ends a copy in the middle of a table of the target.
type stopAfter struct {
	transfer.Database
	table string
	stop  func() error
}

func (s stopAfter) FillTables(ctx context.Context, fn func(transfer.Writer) error) error {
	return s.Database.FillTables(ctx, func(w transfer.Writer) error { return fn(stopping{w, s}) })
}

type stopping struct {
	transfer.Writer
	at stopAfter
}

func (s stopping) Insert(ctx context.Context, t transfer.Table, rows iter.Seq2[transfer.Row, error]) error {
	if t.Name == s.at.table {
		if err := s.at.stop(); err != nil {
			return err
		}
	}
	return s.Writer.Insert(ctx, t, rows)
}

// TestCopyIsAllOrNothing: a copy that does not come to its end leaves the target as it was, and can be made again.
func TestCopyIsAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, urls := range map[string][]string{
		"SQLite to PostgreSQL": {newSQLite(t), pgtest.URL(t)}, "PostgreSQL to SQLite": {pgtest.URL(t), newSQLite(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := migrated(t, urls[0]), migrated(t, urls[1])
			fillAll(t, urls[0])
			before := everythingIn(t, urls[1])
			failed := errors.New("failed")
			_, err := transfer.Copy(t.Context(), from, stopAfter{to, "change_marks", func() error { return failed }})
			if !errors.Is(err, failed) {
				t.Errorf("%v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err = transfer.Copy(ctx, from, stopAfter{to, "change_marks", func() error { cancel(); return nil }})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if after := everythingIn(t, urls[1]); after != before {
				t.Errorf("the target has changed:\n%s\n\n%s", before, after)
			}
			if _, err := transfer.Copy(t.Context(), from, to); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestCopyReadsOneMoment: what is written to the source while it is copied is not in the copy, and is not held up.
func TestCopyReadsOneMoment(t *testing.T) {
	t.Parallel()
	for name, urls := range map[string][]string{
		"SQLite to PostgreSQL": {newSQLite(t), pgtest.URL(t)}, "PostgreSQL to SQLite": {pgtest.URL(t), newSQLite(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := migrated(t, urls[0]), migrated(t, urls[1])
			fillAll(t, urls[0])
			before := everythingIn(t, urls[0])
			writer := migrated(t, urls[0])
			result, err := transfer.Copy(t.Context(), from, stopAfter{to, "account_changes", func() error {
				insertRole(t, writer, "late")
				_, err := byHand(t, urls[0]).ExecContext(t.Context(), `UPDATE accounts SET token_version = token_version + 1`)
				return err
			}})
			if err != nil || len(result.Tables) == 0 {
				t.Fatal(err)
			}
			// Back again, into an empty database of the first kind, to compare.
			back := newSQLite(t)
			if name == "PostgreSQL to SQLite" {
				back = pgtest.URL(t)
			}
			if _, err := transfer.Copy(t.Context(), to, migrated(t, back)); err != nil {
				t.Fatal(err)
			}
			if after := everythingIn(t, back); after != before {
				t.Errorf("the copy is not of the moment when it began:\n%s\n\n%s", before, after)
			}
		})
	}
}
