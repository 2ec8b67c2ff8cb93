package store_test

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/svc-users/svc-users"
)

// TestSQLiteReplaceIsCounted: REPLACE, which deletes behind the backs of triggers, and IGNORE, which tells them
// of rows that do not come, leave totals and trigrams true.
func TestSQLiteReplaceIsCounted(t *testing.T) {
	t.Parallel()
	for _, recursive := range []string{"0", "1"} {
		t.Run("recursive_triggers="+recursive, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "test.db")
			s := migrated(t, "sqlite://"+path)
			db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(1)&_pragma=synchronous(0)&_pragma=recursive_triggers("+recursive+")")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			roles := []users.ID{users.NewID(), users.NewID()}
			for _, role := range roles {
				if _, err := db.ExecContext(t.Context(), `INSERT INTO roles (id, name, name_key, description, parent_id, is_system, created_at, updated_at)
					VALUES ($1, $1, $1, NULL, NULL, 0, 0, 0)`, role.String()); err != nil {
					t.Fatal(err)
				}
			}
			rapid.Check(t, func(r *rapid.T) {
				exec := func(statement string, args ...any) {
					if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
						r.Fatalf("%s: %v", statement, err)
					}
				}
				exec(`DELETE FROM accounts`)
				// There are so few of each that most rows meet another.
				number := rapid.IntRange(1, 6)
				id := rapid.Map(number, func(n int) string { return bulkID(n).String() })
				key := rapid.Map(number, func(n int) string { return fmt.Sprintf("%d.someone@x.example", n) })
				role := rapid.Map(rapid.IntRange(0, 1), func(n int) string { return roles[n].String() })
				columns := `(number, id, email_key, role_id, is_active, email, password_hash, token_version, created_at, updated_at)`
				row := func() string {
					n := rapid.OneOf(rapid.Just("NULL"), rapid.Map(number, func(n int) string { return fmt.Sprint(n) })).Draw(r, "number")
					return fmt.Sprintf(`(%s, '%s', '%s', '%s', %d, '', '', 1, 0, 0)`, n, id.Draw(r, "id"), key.Draw(r, "key"), role.Draw(r, "role"), rapid.IntRange(0, 1).Draw(r, "active"))
				}
				steps := map[string]func(*rapid.T){
					"insert": func(r *rapid.T) {
						verb := rapid.SampledFrom([]string{`INSERT OR REPLACE`, `INSERT OR IGNORE`, `REPLACE`}).Draw(r, "verb")
						exec(verb + ` INTO accounts ` + columns + ` VALUES ` + row() + `, ` + row())
					},
					"upsert": func(*rapid.T) {
						exec(`INSERT INTO accounts ` + columns + ` VALUES ` + row() + ` ON CONFLICT DO UPDATE SET is_active = 1 - is_active`)
					},
					"update": func(r *rapid.T) {
						verb := rapid.SampledFrom([]string{`UPDATE OR REPLACE`, `UPDATE OR IGNORE`}).Draw(r, "verb")
						set := rapid.SampledFrom([]string{`id = '` + id.Draw(r, "id") + `'`, `email_key = '` + key.Draw(r, "key") + `'`, `is_active = 0`, `role_id = '` + role.Draw(r, "role") + `'`}).Draw(r, "set")
						exec(verb+` accounts SET `+set+` WHERE email_key = $1`, key.Draw(r, "of"))
					},
					"delete": func(r *rapid.T) { exec(`DELETE FROM accounts WHERE id = $1`, id.Draw(r, "id")) },
				}
				for _, name := range rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(steps))), 1, 15).Draw(r, "steps") {
					steps[name](r)
				}
				// It compares the trigrams with the rows.
				exec(`INSERT INTO accounts_search (accounts_search, rank) VALUES ('integrity-check', 1)`)
				for _, role := range roles {
					for _, active := range []bool{false, true} {
						filter := users.AccountFilter{RoleID: role, Active: &active}
						kept, err := s.CountAccounts(t.Context(), filter, 0)
						if err != nil {
							t.Fatal(err)
						}
						rows, err := s.CountAccounts(t.Context(), filter, 100)
						if err != nil {
							t.Fatal(err)
						}
						if kept != rows {
							r.Fatalf("%d accounts by the totals, %d by the rows", kept, rows)
						}
					}
				}
			})
			// The trigrams name rows by numbers that no VACUUM changes.
			for _, statement := range []string{`VACUUM`, `INSERT INTO accounts_search (accounts_search, rank) VALUES ('integrity-check', 1)`} {
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Errorf("%s: %v", statement, err)
				}
			}
		})
	}
}
