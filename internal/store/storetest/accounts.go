package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

func testAccountRoundTrip(t *testing.T, f *fixture) {
	ctx := t.Context()
	parent := f.addRole("Öffentlich", users.ID{})
	role := newRole("Ещё одна", parent.ID)
	role.Description = pointer("")
	f.do(func(tx users.Tx) error { return tx.InsertRole(ctx, role) })

	for _, email := range []string{"Ada.Lovelace@Example.COM", "jürgen+tag@münchen.example", "100%_a'b@x.example", "用户@例子.example"} {
		a := newAccount(t, email, role)
		a.Active = false
		a.TokenVersion = 1 << 40
		a.UpdatedAt = time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)
		f.do(func(tx users.Tx) error { return tx.InsertAccount(ctx, a, hashOf(a)) })

		got, err := f.Account(ctx, a.ID)
		wantError(t, "Account", err, nil)
		same(t, "Account", got, a)
		got, hash, err := f.AccountByEmail(ctx, a.Email)
		wantError(t, "AccountByEmail", err, nil)
		same(t, "AccountByEmail", got, a)
		same(t, "its hash", string(hash), string(hashOf(a)))
		access, err := f.Access(ctx, a.ID)
		wantError(t, "Access", err, nil)
		same(t, "Access", access.Account, a)
		f.do(func(tx users.Tx) error {
			got, err := tx.Account(ctx, a.ID)
			same(t, "Account in a transaction", got, a)
			return err
		})
	}

	// What is finer than a microsecond is cut off, times of other zones come back in UTC.
	a := newAccount(t, "fine@example.com", role)
	at := time.Date(2024, 1, 1, 1, 0, 0, 999999999, time.FixedZone("", 2*60*60))
	a.CreatedAt, a.UpdatedAt = at, at
	f.do(func(tx users.Tx) error { return tx.InsertAccount(ctx, a, hashOf(a)) })
	got, err := f.Account(ctx, a.ID)
	wantError(t, "Account", err, nil)
	same(t, "a fine time", got.CreatedAt, time.Date(2023, 12, 31, 23, 0, 0, 999999000, time.UTC))

	found, err := f.Accounts(ctx, users.AccountFilter{Email: address(t, "ADA.lovelace@EXAMPLE.com")}, users.List{Limit: 5})
	if err != nil || len(found) != 1 || found[0].Email.String() != "Ada.Lovelace@Example.COM" {
		t.Errorf("by another spelling of the address: %v, %v", found, err)
	}
}

func testAccountErrors(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	b := f.addAccount("bob@example.com", f.role)
	unknown := users.NewID()

	_, err := f.Account(ctx, unknown)
	wantError(t, "Account", err, users.ErrNotFound)
	_, _, err = f.AccountByEmail(ctx, address(t, "unknown@example.com"))
	wantError(t, "AccountByEmail", err, users.ErrNotFound)
	_, err = f.PasswordHash(ctx, unknown)
	wantError(t, "PasswordHash", err, users.ErrNotFound)
	_, err = f.Access(ctx, unknown)
	wantError(t, "Access", err, users.ErrNotFound)

	again := newAccount(t, "ADA@example.com", f.role)
	f.try("insert of a taken address", users.ErrTaken, func(tx users.Tx) error { return tx.InsertAccount(ctx, again, "h") })
	dangling := newAccount(t, "new@example.com", newRole("none", users.ID{}))
	f.try("insert with an unknown role", users.ErrBadReference, func(tx users.Tx) error { return tx.InsertAccount(ctx, dangling, "h") })

	b.Email = address(t, "Ada@example.com")
	f.try("update to a taken address", users.ErrTaken, func(tx users.Tx) error { return tx.UpdateAccount(ctx, b) })
	a.Role = newRole("none", users.ID{})
	f.try("update to an unknown role", users.ErrBadReference, func(tx users.Tx) error { return tx.UpdateAccount(ctx, a) })
	f.try("update of nothing", users.ErrNotFound, func(tx users.Tx) error {
		return tx.UpdateAccount(ctx, newAccount(t, "new@example.com", f.role))
	})
	f.try("hash of nothing", users.ErrNotFound, func(tx users.Tx) error { return tx.SetPasswordHash(ctx, unknown, "h") })
	f.try("delete of nothing", users.ErrNotFound, func(tx users.Tx) error { return tx.DeleteAccount(ctx, unknown) })
	f.try("reads in a transaction", nil, func(tx users.Tx) error {
		_, err := tx.Access(ctx, unknown)
		wantError(t, "Access in a transaction", err, users.ErrNotFound)
		_, err = tx.PasswordHash(ctx, unknown)
		wantError(t, "PasswordHash in a transaction", err, users.ErrNotFound)
		return nil
	})

	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, b.ID) })
	_, err = f.Account(ctx, b.ID)
	wantError(t, "Account after its delete", err, users.ErrNotFound)
}

func testAccountUpdate(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := f.addRole("Other", users.ID{})
	untouched := f.addAccount("untouched@example.com", f.role)
	a := f.addAccount("ada@example.com", f.role)
	created := a.CreatedAt
	a.Email, a.Role, a.Active, a.TokenVersion, a.UpdatedAt = address(t, "ADA@new.example"), other, false, 7, now()
	a.CreatedAt = now() // is not to be written
	f.do(func(tx users.Tx) error { return tx.UpdateAccount(ctx, a) })

	a.CreatedAt = created
	got, err := f.Account(ctx, a.ID)
	wantError(t, "Account", err, nil)
	same(t, "the updated account", got, a)
	hash, err := f.PasswordHash(ctx, a.ID)
	wantError(t, "PasswordHash", err, nil)
	same(t, "its hash", string(hash), string(hashOf(a)))
	got, err = f.Account(ctx, untouched.ID)
	wantError(t, "Account", err, nil)
	same(t, "another account", got, untouched)
}

func testPasswordHashes(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	f.do(func(tx users.Tx) error { return tx.SetPasswordHash(ctx, a.ID, "set") })
	check := func(what string, id users.ID, want users.PasswordHash) {
		t.Helper()
		got, err := f.PasswordHash(ctx, id)
		wantError(t, what, err, nil)
		same(t, what, string(got), string(want))
	}
	check("after SetPasswordHash", a.ID, "set")
	check("another's", b.ID, hashOf(b))
	wantError(t, "replacing", f.replaceHash(ctx, a.ID, "set", "newer"), nil)
	check("after ReplacePasswordHash", a.ID, "newer")
	wantError(t, "replacing what is gone", f.replaceHash(ctx, a.ID, "set", "lost"), nil)
	check("after replacing what is gone", a.ID, "newer")
	wantError(t, "replacing for an unknown account", f.replaceHash(ctx, users.NewID(), "set", "lost"), nil)
	for _, c := range []struct {
		old      users.PasswordHash
		replaced bool
	}{{"set", false}, {"newer", true}} {
		wantError(t, "InRowTx", f.InRowTx(ctx, func(tx users.RowTx) error {
			replaced, err := tx.ReplacePasswordHash(ctx, a.ID, c.old, "newest")
			same(t, "whether "+string(c.old)+" was replaced", replaced, c.replaced)
			return err
		}), nil)
	}
	got, err := f.Account(ctx, a.ID)
	wantError(t, "Account", err, nil)
	same(t, "the account, whose hash alone changed", got, a)
}

func testFiftyInserts(t *testing.T, f *fixture) {
	stores := []*store.Store{f.Store, open(t, f.url)}
	var created, refused atomic.Int32
	var wait sync.WaitGroup
	for i := range 50 {
		a := newAccount(t, fmt.Sprintf("%s@example.com", []string{"ada", "Ada", "ADA"}[i%3]), f.role)
		wait.Go(func() {
			err := stores[i%2].InTx(t.Context(), func(tx users.Tx) error { return tx.InsertAccount(t.Context(), a, "h") })
			switch {
			case err == nil:
				created.Add(1)
			case errors.Is(err, users.ErrTaken):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if created.Load() != 1 || refused.Load() != 49 {
		t.Errorf("%d created and %d refused, want 1 and 49", created.Load(), refused.Load())
	}
}
