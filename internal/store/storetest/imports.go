package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
)

// importedAccounts is more than one statement inserts or looks for.
const importedAccounts = 450

// imported makes accounts that are not in the database yet.
func (f *fixture) imported(name string, n int) []users.ImportedAccount {
	list := make([]users.ImportedAccount, n)
	for i := range list {
		a := newAccount(f.t, fmt.Sprintf("%s%d@X.example", name, i), f.role)
		a.Active, a.TokenVersion = i%3 != 0, int64(i+1)
		list[i] = users.ImportedAccount{Account: a, Hash: hashOf(a)}
	}
	return list
}

func testInsertAccounts(t *testing.T, f *fixture) {
	ctx := t.Context()
	list := f.imported("a", importedAccounts)
	f.do(func(tx users.Tx) error { return tx.InsertAccounts(ctx, nil) })
	f.do(func(tx users.Tx) error { return tx.InsertAccounts(ctx, list) })
	for _, i := range []int{0, 1, importedAccounts - 1} {
		got, hash, err := f.AccountByEmail(ctx, list[i].Email)
		wantError(t, "AccountByEmail", err, nil)
		same(t, "an account", got, list[i].Account)
		same(t, "its hash", hash, list[i].Hash)
	}
	wantCount := func(want int) {
		t.Helper()
		if n, err := f.CountAccounts(ctx, users.AccountFilter{}, 0); n != want || err != nil {
			t.Errorf("%d accounts, want %d, error %v", n, want, err)
		}
	}
	wantCount(importedAccounts)
	// One that can't be inserted keeps all from being so.
	for what, c := range map[string]struct {
		spoil func(a *users.ImportedAccount)
		want  error
	}{
		"a taken address": {func(a *users.ImportedAccount) { a.Email = address(t, "A7@x.EXAMPLE") }, users.ErrTaken},
		"a taken id":      {func(a *users.ImportedAccount) { a.ID = list[7].ID }, users.ErrTaken},
		"an unknown role": {func(a *users.ImportedAccount) { a.Role = newRole("none", users.ID{}) }, users.ErrBadReference},
	} {
		more := f.imported("b", importedAccounts)
		c.spoil(&more[importedAccounts-1])
		f.try(what, c.want, func(tx users.Tx) error { return tx.InsertAccounts(ctx, more) })
		wantCount(importedAccounts)
	}
	checkCounts(t, f, []users.Role{f.role})
	// Nothing was known of the ids before, so no follower has to be told of them.
	db := shell(t, f.url)
	defer db.Close()
	var noted int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM account_changes`).Scan(&noted); err != nil || noted != 0 {
		t.Errorf("%d changes of accounts are noted, error %v", noted, err)
	}
}

func testAccountsByEmails(t *testing.T, f *fixture) {
	ctx := t.Context()
	list := f.imported("a", importedAccounts)
	f.do(func(tx users.Tx) error { return tx.InsertAccounts(ctx, list) })
	f.addClient("orders")
	emails := []users.Email{address(t, "unknown@example.com")}
	for _, a := range list {
		emails = append(emails, address(t, a.Email.Canonical()))
	}
	check := func(what string, got []users.Account, err error, want int) {
		t.Helper()
		wantError(t, what, err, nil)
		if len(got) != want {
			t.Errorf("%s: %d accounts, want %d", what, len(got), want)
		}
		for _, a := range got {
			if !slices.ContainsFunc(list, func(i users.ImportedAccount) bool { return i.Account == a }) {
				t.Errorf("%s: %s", what, show(a))
			}
		}
	}
	got, err := f.AccountsByEmails(ctx, emails)
	check("AccountsByEmails", got, err, importedAccounts)
	got, err = f.AccountsByEmails(ctx, emails[:2])
	check("of two", got, err, 1)
	got, err = f.AccountsByEmails(ctx, nil)
	check("of none", got, err, 0)
	f.do(func(tx users.Tx) error {
		got, err := tx.(importer.Tx).AccountsByEmails(ctx, emails)
		check("in a transaction", got, err, importedAccounts)
		return nil
	})
}

func testUsedIDs(t *testing.T, f *fixture) {
	ctx := t.Context()
	list := f.imported("a", importedAccounts)
	f.do(func(tx users.Tx) error { return tx.InsertAccounts(ctx, list) })
	service := f.addClient("orders")
	gone := f.addAccount("gone@example.com", f.role)
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, gone.ID) })
	ids := []users.ID{users.NewID(), service.ID, gone.ID}
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	check := func(what string, store importer.Store) {
		t.Helper()
		got, err := store.UsedIDs(ctx, ids)
		wantError(t, what, err, nil)
		if len(got) != len(ids)-1 || slices.Contains(got, ids[0]) || !slices.Contains(got, service.ID) || !slices.Contains(got, gone.ID) {
			t.Errorf("%s: %d of %d ids are used", what, len(got), len(ids))
		}
		got, err = store.UsedIDs(ctx, nil)
		if len(got) > 0 || err != nil {
			t.Errorf("%s of none: %v, %v", what, got, err)
		}
	}
	check("UsedIDs", f.Store)
	f.do(func(tx users.Tx) error {
		check("in a transaction", tx.(importer.Tx))
		return nil
	})
}

func testImportedFactors(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addAccount("a@example.com", f.role), f.addAccount("b@example.com", f.role)
	var list []importer.Factor
	for i := range 5 {
		owner := a
		if i == 3 {
			owner = b
		}
		list = append(list, importer.Factor{ID: users.NewID(), Account: owner.ID, Kind: "totp", Sealed: fmt.Sprintf("v1.x.%d", i), CreatedAt: now()})
	}
	slices.SortFunc(list, func(a, b importer.Factor) int { return a.ID.Compare(b.ID) })
	f.do(func(tx users.Tx) error {
		return errors.Join(tx.(importer.Tx).InsertFactors(ctx, nil), tx.(importer.Tx).InsertFactors(ctx, list))
	})
	wantFactors := func(what string, after users.ID, limit int, want ...importer.Factor) {
		t.Helper()
		f.do(func(tx users.Tx) error {
			got, err := tx.(importer.Tx).Factors(ctx, after, limit)
			wantError(t, what, err, nil)
			if len(got) != len(want) || len(want) > 0 && !slices.Equal(got, want) {
				t.Errorf("%s:\n got %s\nwant %s", what, show(got), show(want))
			}
			return nil
		})
	}
	wantFactors("all", users.ID{}, 10, list...)
	wantFactors("the first", users.ID{}, 2, list[:2]...)
	wantFactors("the next", list[1].ID, 2, list[2:4]...)
	f.do(func(tx users.Tx) error { return tx.(importer.Tx).ResealFactor(ctx, list[4].ID, "v1.y.z") })
	list[4].Sealed = "v1.y.z"
	wantFactors("another text", list[3].ID, 10, list[4])
	f.try("another text of none", users.ErrNotFound, func(tx users.Tx) error { return tx.(importer.Tx).ResealFactor(ctx, users.NewID(), "x") })
	f.try("a factor of no account", users.ErrBadReference, func(tx users.Tx) error {
		return tx.(importer.Tx).InsertFactors(ctx, []importer.Factor{{ID: users.NewID(), Account: users.NewID(), Kind: "totp", Sealed: "x", CreatedAt: now()}})
	})
	// They go with their account.
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, a.ID) })
	left := slices.DeleteFunc(slices.Clone(list), func(x importer.Factor) bool { return x.Account == a.ID })
	wantFactors("those of the other account", users.ID{}, 10, left...)
}
