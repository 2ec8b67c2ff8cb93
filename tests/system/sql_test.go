package system

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// byHand opens a database as an operator with a SQL shell would. The schema is internal to the service; SQL is used only
// for what no response shows or no request can do.
func byHand(t *testing.T, database string) *sql.DB {
	t.Helper()
	driver, name := "pgx", database
	if path, ok := strings.CutPrefix(database, "sqlite://"); ok {
		// As the service makes it: it warns of a file that others can read.
		if made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			_ = made.Close()
		}
		driver, name = "sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)"}).String()
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(0)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// table returns the rows of a query, each as one text.
func table(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				values[i] = at.UTC() // the zone is that of the session
			}
		}
		list = append(list, fmt.Sprintf("%v", values))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

// one is the single value of a query, as text.
func one(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows := table(t, db, query)
	if len(rows) != 1 {
		t.Fatalf("%s: %d rows", query, len(rows))
	}
	return strings.Trim(rows[0], "[]")
}

// tables lists the tables of a database.
func tables(t *testing.T, db *sql.DB, database string) []string {
	t.Helper()
	query := `SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY 1`
	if strings.HasPrefix(database, "sqlite") {
		query = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1`
	}
	var names []string
	for _, row := range table(t, db, query) {
		names = append(names, strings.Trim(row, "[]"))
	}
	return names
}

// dump is all that is in a database, to be compared with what it is later.
func dump(t *testing.T, db *sql.DB, database string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range tables(t, db, database) {
		rows := table(t, db, `SELECT * FROM `+name)
		slices.Sort(rows)
		fmt.Fprintln(&all, name, strings.Join(rows, "\n"))
	}
	return all.String()
}
