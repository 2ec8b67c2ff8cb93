package system

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// importedAccounts are so many that an import takes a second or more.
const importedAccounts = 12_000

// importFile has an account in each line.
func importFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.jsonl")
	var b strings.Builder
	for i := range importedAccounts {
		fmt.Fprintf(&b, `{"email":"u%d@import.example","role":"Imported","password_hash":"%s","is_active":%v}`+"\n", i, legacyHash, i%2 == 0)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An import that is killed has done whole transactions. While a server answers logins, the next import goes on from there, and
// one more changes nothing.
func TestKilledImport(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		file := importFile(t)
		s := serve(t, database)
		db := byHand(t, database)
		settings := []string{"DATABASE_URL=" + database}
		counted := func() int {
			t.Helper()
			n, err := strconv.Atoi(one(t, db, `SELECT count(*) FROM accounts WHERE email_key LIKE '%@import.example'`))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for range 3 {
			before := counted()
			p := command(t, settings, "import", file, "--create-roles")
			for deadline := time.Now().Add(patience); counted() < before+1000 && counted() < importedAccounts; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("nothing is imported: " + p.stderr.tail())
				}
			}
			p.kill()
			if n := counted(); n%500 != 0 && n != importedAccounts {
				t.Errorf("a part of a transaction is there: %d accounts", n)
			}
		}
		at := counted()
		if at == importedAccounts {
			t.Log("no import was killed before its end")
		}
		for _, want := range []string{
			fmt.Sprintf("%d accounts: %d created, %d unchanged", importedAccounts, importedAccounts-at, at), fmt.Sprintf("%d accounts: %d unchanged", importedAccounts, importedAccounts),
		} {
			p := command(t, settings, "import", file, "--create-roles")
			if status := p.wait(patience); status != 0 || at < importedAccounts && !strings.Contains(p.stdout.tail(), want) {
				t.Fatalf("status %d, %q, want %q: %s", status, p.stdout.tail(), want, p.stderr.tail())
			}
		}
		for query, want := range map[string]string{
			`SELECT count(*) FROM accounts WHERE email_key LIKE '%@import.example'`:                                                strconv.Itoa(importedAccounts),
			`SELECT count(*) FROM roles WHERE name = 'Imported'`:                                                                   "1",
			`SELECT count(*) FROM accounts WHERE email_key LIKE '%@import.example' AND NOT is_active`:                              strconv.Itoa(importedAccounts / 2),
			`SELECT sum(total) - (SELECT count(*) FROM accounts) FROM account_counts`:                                              "0",
			`SELECT count(*) FROM account_changes WHERE account_id IN (SELECT id FROM accounts WHERE email_key LIKE '%@import.%')`: "0",
		} {
			if got := one(t, db, query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		s.want(http.StatusOK, http.MethodPost, "/api/v1/auth/login", "", map[string]string{"email": "u0@import.example", "password": "correct horse battery"})
		s.want(http.StatusUnauthorized, http.MethodPost, "/api/v1/auth/login", "", map[string]string{"email": "u1@import.example", "password": "correct horse battery"})
	})
}
