package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

const plannedAccounts = 20_000

// eachList calls check with the statement of each kind of list of 21 accounts, from several depths.
func eachList(on *store.Store, check func(what, query string, args []any)) {
	for _, of := range filters() {
		for _, by := range orders {
			for _, depth := range []int{0, 10, 50, 99} {
				list := users.List{Order: by.Order, Limit: 21, After: bulkPosition(plannedAccounts, depth, by.Descending)}
				query, args := store.ListQuery(on, of.AccountFilter, list)
				check(fmt.Sprintf("%s by %s from %d%%", of.name, by.name, depth), query, args)
			}
		}
	}
}

// TestListsInSQLite: no list passes over accounts of others, or sorts more than it returns.
func TestListsInSQLite(t *testing.T) {
	t.Parallel()
	url := newSQLite(t)
	s := migrated(t, url)
	bulk(t, url, 2000) // which does not matter to what is planned
	db := byHand(t, url)
	for _, statistics := range []string{`SELECT 1`, `ANALYZE`} {
		if _, err := db.ExecContext(t.Context(), statistics); err != nil {
			t.Fatal(err)
		}
		eachList(s, func(what, query string, args []any) {
			plan := lines(t, db, `EXPLAIN QUERY PLAN `+query, args...)
			sorts, most := 0, 0
			if strings.Contains(query, "UNION ALL") {
				most = 2 // short pieces, to be merged
			}
			for _, step := range strings.Split(plan, "\n") {
				if strings.Contains(step, "TEMP B-TREE") {
					sorts++
				}
				whole := strings.Contains(step, "SCAN a") && !strings.HasPrefix(what, "all by ")
				if whole || strings.HasSuffix(step, "SCAN a") || strings.Contains(step, "AUTOMATIC") {
					t.Errorf("%s, having done %s: all accounts are read:\n%s", what, statistics, plan)
				}
			}
			if sorts > most {
				t.Errorf("%s, having done %s: it sorts:\n%s", what, statistics, plan)
			}
		})
	}
}

var buffers = regexp.MustCompile(`Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?`)

// TestListsInPostgres: no list reads many more pages than it returns rows, whether it is planned for its values
// or for any.
func TestListsInPostgres(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := migrated(t, url)
	bulk(t, url, plannedAccounts)
	holdSnapshot(t, url)
	db := byHand(t, url)
	db.SetMaxOpenConns(1) // which has the prepared statements
	exec := func(statement string) {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	// One role has a tenth of the accounts, all at one end. Going through all accounts, one would expect to meet
	// them sooner. They are inserted anew: what an UPDATE leaves behind is passed over by every list until it is
	// cleared away, and another transaction in this database, such as autovacuum's, prevents that, for VACUUM FULL too.
	exec(`CREATE TEMPORARY TABLE of_before AS SELECT * FROM accounts`)
	exec(`TRUNCATE accounts CASCADE`)
	exec(fmt.Sprintf(`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
		SELECT id, email, email_key, password_hash, CASE WHEN email_key >= 'person9' THEN CAST('%s' AS uuid)
			WHEN role_id = '%[1]s' THEN '%s' ELSE role_id END, is_active, token_version, created_at, updated_at
		FROM of_before ORDER BY created_at`, bulkRole(0), bulkRole(1)))
	settle(t, db)
	eachList(s, func(what, query string, args []any) {
		exec(`PREPARE list AS ` + query)
		var literals []string
		for _, arg := range args {
			if at, ok := arg.(time.Time); ok {
				arg = at.Format(time.RFC3339Nano)
			}
			literals = append(literals, fmt.Sprintf(`'%v'`, arg))
		}
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			exec(`SET plan_cache_mode = ` + mode)
			plan := lines(t, db, `EXPLAIN (ANALYZE, BUFFERS) EXECUTE list(`+strings.Join(literals, `, `)+`)`)
			found := buffers.FindStringSubmatch(plan)
			if found == nil {
				t.Fatalf("%s: no count of pages:\n%s", what, plan)
			}
			pages := 0
			for _, n := range found[1:] {
				if n != "" {
					more, err := strconv.Atoi(n)
					if err != nil {
						t.Fatal(err)
					}
					pages += more
				}
			}
			if pages > 100 {
				t.Errorf("%s with %s: %d pages are read:\n%s", what, mode, pages, plan)
			}
		}
		exec(`DEALLOCATE list`)
	})
}

// holdSnapshot has a transaction in the database, until the test ends, that may still want to see all that is there
// now, as a backup or autovacuum may have at any time.
func holdSnapshot(t *testing.T, url string) {
	t.Helper()
	conn, err := byHand(t, url).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`BEGIN ISOLATION LEVEL REPEATABLE READ`, `SELECT 1`} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// lines is the last column of all rows.
func lines(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		var line string
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(any)
		}
		into[len(into)-1] = &line
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}
