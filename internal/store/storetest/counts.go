package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/svc-users/svc-users"
)

// testCountsAreKept: totals that are kept are those of the rows, whatever is done to these, by the store or by
// hand, in one statement for one row or for many.
func testCountsAreKept(t *testing.T, f *fixture) {
	roles := []users.Role{f.role, f.addRole("Other", users.ID{}), f.addRole("Third", users.ID{})}
	db := shell(t, f.url)
	defer db.Close()
	rapid.Check(t, func(r *rapid.T) {
		do := func(statement string) {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				r.Fatalf("%s: %v", statement, err)
			}
		}
		do(`DELETE FROM accounts`)
		n := 0
		account := func() users.Account {
			a := newAccount(t, fmt.Sprintf("a%d@x.example", n), rapid.SampledFrom(roles).Draw(r, "role"))
			a.Active = rapid.Bool().Draw(r, "active")
			n++
			return a
		}
		some := func(what string) string {
			return fmt.Sprintf(` WHERE email_key IN ('a%d@x.example', 'a%d@x.example')`,
				rapid.IntRange(0, n).Draw(r, what), rapid.IntRange(0, n).Draw(r, what))
		}
		steps := map[string]func(*rapid.T){
			"insert": func(*rapid.T) {
				a := account()
				f.do(func(tx users.Tx) error { return tx.InsertAccount(t.Context(), a, "h") })
			},
			"insert many": func(r *rapid.T) {
				var all []users.Account
				for range rapid.IntRange(1, 9).Draw(r, "n") {
					all = append(all, account())
				}
				do(insertion(f.url, all))
			},
			"import many": func(r *rapid.T) {
				var all []users.ImportedAccount
				for range rapid.IntRange(1, 9).Draw(r, "n") {
					all = append(all, users.ImportedAccount{Account: account(), Hash: users.NoPassword})
				}
				f.do(func(tx users.Tx) error { return tx.InsertAccounts(t.Context(), all) })
			},
			"insert or not": func(r *rapid.T) {
				a := account()
				on := rapid.SampledFrom([]string{`DO NOTHING`, `(email_key) DO UPDATE SET role_id = excluded.role_id, is_active = excluded.is_active`}).Draw(r, "on")
				do(fmt.Sprintf(`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
					SELECT '%s', email, email_key, 'h', '%s', '%d', 1, created_at, updated_at FROM accounts%s ON CONFLICT %s`,
					a.ID, a.Role.ID, n%2, some("of")+` AND token_version = 1 LIMIT 1 `, on))
			},
			"update": func(r *rapid.T) {
				do(fmt.Sprintf(`UPDATE accounts SET role_id = '%s'`, rapid.SampledFrom(roles).Draw(r, "role").ID) + some("of"))
			},
			"disable":    func(*rapid.T) { do(`UPDATE accounts SET is_active = '0'` + some("of")) },
			"enable all": func(*rapid.T) { do(`UPDATE accounts SET is_active = '1'`) },
			"rename":     func(*rapid.T) { do(`UPDATE accounts SET email_key = 'b' || email_key` + some("of")) },
			"delete":     func(*rapid.T) { do(`DELETE FROM accounts` + some("of")) },
			"change their mind": func(*rapid.T) {
				a := account()
				change := errors.New("changed my mind")
				f.try("a transaction that is rolled back", change, func(tx users.Tx) error {
					if err := tx.InsertAccount(t.Context(), a, "h"); err != nil {
						return err
					}
					return change
				})
			},
		}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(steps))), 1, 10).Draw(r, "steps") {
			steps[name](r)
		}
		checkCounts(r, f, roles)
	})
	// A role without accounts can be deleted, and its totals with it.
	byHand(t, f.url, `DELETE FROM accounts`)
	f.do(func(tx users.Tx) error { return tx.DeleteRole(t.Context(), roles[2].ID) })
	checkCounts(t, f, roles)
}

// checkCounts compares the totals that are kept with the rows, and the rows with what a search for what all of
// them have finds.
func checkCounts(t rapid.TB, f *fixture, roles []users.Role) {
	t.Helper()
	ctx := f.t.Context()
	for _, role := range append(slices.Clone(roles), users.Role{}) {
		for _, active := range []*bool{nil, pointer(true), pointer(false)} {
			filter := users.AccountFilter{RoleID: role.ID, Active: active}
			kept, err := f.CountAccounts(ctx, filter, 0)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := f.CountAccounts(ctx, filter, 1_000_000)
			if err != nil {
				t.Fatal(err)
			}
			filter.Query = "@x.example"
			found, err := f.CountAccounts(ctx, filter, 1_000_000)
			if err != nil {
				t.Fatal(err)
			}
			if kept != rows || found != rows {
				t.Fatalf("%s, active %v: %d by the totals, %d by the rows, %d found", role.Name, active != nil && *active, kept, rows, found)
			}
		}
	}
}

// testCountsOfMany has many write at the same time, past the store and so not one at a time.
func testCountsOfMany(t *testing.T, f *fixture) {
	roles := []users.Role{f.role, f.addRole("Other", users.ID{})}
	var wait sync.WaitGroup
	for w := range 6 {
		var mine []users.Account
		for i := range 40 {
			a := newAccount(t, fmt.Sprintf("w%d.%d@x.example", w, i), roles[(i+w)%2])
			a.Active = i%3 == 0
			mine = append(mine, a)
		}
		wait.Go(func() {
			for i := range 10 {
				insertByHand(t, f.url, mine[4*i:4*i+4])
				byHand(t, f.url,
					fmt.Sprintf(`UPDATE accounts SET is_active = '1' WHERE id = '%s'`, mine[4*i].ID),
					fmt.Sprintf(`DELETE FROM accounts WHERE id IN ('%s', '%s')`, mine[4*i+1].ID, mine[4*i+2].ID))
			}
		})
	}
	wait.Wait()
	n, err := f.CountAccounts(t.Context(), users.AccountFilter{}, 0)
	if err != nil || n != 6*20 {
		t.Errorf("%d accounts are left (%v), want %d", n, err, 6*20)
	}
	checkCounts(t, f, roles)
}
