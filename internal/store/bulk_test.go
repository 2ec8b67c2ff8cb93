package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // for SQL by hand

	"github.com/svc-users/svc-users"
)

// bulkEpoch is when account 0 of a bulk was made; each later one was a second after.
var bulkEpoch = time.Unix(1_700_000_000, 0).UTC()

// bulkRole is the role of account i of a bulk, one of ten, and bulkID its id.
func bulkRole(i int) users.ID { return mustID(fmt.Sprintf("0190b7a4-0000-7000-8000-%012x", i%10)) }
func bulkID(i int) users.ID   { return mustID(fmt.Sprintf("%08x-0000-7000-8000-000000000000", i)) }

func bulkEmail(i int) string {
	return fmt.Sprintf("person%d.%x@team%d.example.com", i, i*7919%65536, i%100)
}

// bulkPosition is some percent deep in the list of a bulk of n.
func bulkPosition(n, percent int, descending bool) *users.Position {
	if percent == 0 {
		return nil
	}
	if descending {
		percent = 100 - percent
	}
	i := n * percent / 100
	return &users.Position{Time: bulkEpoch.Add(time.Duration(i) * time.Second), ID: bulkID(i), Text: fmt.Sprintf("person%d", percent)}
}

func mustID(s string) users.ID {
	id, ok := users.ParseID(s)
	if !ok {
		panic(s + " is not an id")
	}
	return id
}

// One account in a thousand is active: a list of those must not have to pass over all others.
const (
	bulkPostgres = `INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
		SELECT CAST(lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000' AS uuid), 'P' || substr(key, 2), key,
			'$2b$12$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvwxyzabcdefghij',
			CAST('0190b7a4-0000-7000-8000-' || lpad(to_hex(i % 10), 12, '0') AS uuid), i % 1000 = 0, 1,
			to_timestamp(1700000000 + i), to_timestamp(1700000000 + i)
		FROM (SELECT i, 'person' || i || '.' || to_hex(i * 7919 % 65536) || '@team' || i % 100 || '.example.com' AS key
			FROM generate_series(CAST($1 AS bigint), $2) AS s (i)) AS bulk`
	bulkSQLite = `INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
		WITH RECURSIVE s (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM s WHERE i < $2),
			bulk (i, key) AS (SELECT i, format('person%d.%x@team%d.example.com', i, i * 7919 % 65536, i % 100) FROM s)
		SELECT format('%08x-0000-7000-8000-000000000000', i), 'P' || substr(key, 2), key,
			'$2b$12$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvwxyzabcdefghij',
			format('0190b7a4-0000-7000-8000-%012x', i % 10), i % 1000 = 0, 1,
			(1700000000 + i) * 1000000, (1700000000 + i) * 1000000 FROM bulk`
)

// bulk makes the roles and n accounts with SQL by hand, and returns how long the accounts took. PostgreSQL's statistics of
// the tables then stay the same until they change: autovacuum, which runs at any time and samples other rows each time,
// is off.
func bulk(t testing.TB, url string, n int) time.Duration {
	t.Helper()
	db := byHand(t, url)
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	statement, at := bulkPostgres, "now()"
	if strings.HasPrefix(url, "sqlite") {
		statement, at = bulkSQLite, "0"
	}
	if !strings.HasPrefix(url, "sqlite") {
		for _, table := range bulkTables {
			exec(`ALTER TABLE IF EXISTS ` + table + ` SET (autovacuum_enabled = false)`)
		}
	}
	for i := range 10 {
		exec(`INSERT INTO roles (id, name, name_key, description, parent_id, is_system, created_at, updated_at)
			VALUES ($1, $2, $2, NULL, NULL, '0', `+at+`, `+at+`)`, bulkRole(i).String(), fmt.Sprintf("role %d", i))
	}
	began := time.Now()
	exec(statement, 0, n-1)
	took := time.Since(began)
	if !strings.HasPrefix(url, "sqlite") {
		settle(t, db)
	}
	return took
}

// bulkTables are those that lists and counts of accounts read.
var bulkTables = []string{"accounts", "roles", "account_counts"}

// settle does what autovacuum does, but now. Up to 30,000 rows ANALYZE looks at all of them, and so comes to the same
// end each time.
func settle(t testing.TB, db *sql.DB) {
	t.Helper()
	for _, table := range bulkTables {
		var exists bool // not all did in the first version of the schema
		if err := db.QueryRowContext(t.Context(), `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&exists); err != nil {
			t.Fatal(err)
		}
		if !exists {
			continue
		}
		if _, err := db.ExecContext(t.Context(), `VACUUM (ANALYZE) `+table); err != nil {
			t.Fatal(err)
		}
	}
}

// byHand opens a database past the store.
func byHand(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, name := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		driver, name = "sqlite", "file:"+path+"?_pragma=busy_timeout(600000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
