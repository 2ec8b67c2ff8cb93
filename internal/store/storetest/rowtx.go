package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// replaceHash runs ReplacePasswordHash alone.
func (f *fixture) replaceHash(ctx context.Context, id users.ID, old, h users.PasswordHash) error {
	return f.InRowTx(ctx, func(tx users.RowTx) error { return replaceHashIn(ctx, tx, id, old, h) })
}

// replaceHashIn runs ReplacePasswordHash in a transaction that does more.
func replaceHashIn(ctx context.Context, tx users.RowTx, id users.ID, old, h users.PasswordHash) error {
	_, err := tx.ReplacePasswordHash(ctx, id, old, h)
	return err
}

func (f *fixture) wantHash(what string, id users.ID, want users.PasswordHash) {
	f.t.Helper()
	if got, err := f.PasswordHash(f.t.Context(), id); err != nil || got != want {
		f.t.Errorf("%s: the hash is %q (%v), want %q", what, string(got), err, string(want))
	}
}

// setHash gives an account a hash to replace.
func (f *fixture) setHash(id users.ID, h users.PasswordHash) {
	f.do(func(tx users.Tx) error { return tx.SetPasswordHash(f.t.Context(), id, h) })
}

func testRowTxCommitsOrNot(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	f.setHash(a.ID, "one")
	refusal := errors.New("no")
	err := f.InRowTx(ctx, func(tx users.RowTx) error {
		return errors.Join(replaceHashIn(ctx, tx, a.ID, "one", "two"), refusal)
	})
	if !errors.Is(err, refusal) {
		t.Errorf("InRowTx returned %v, not the error of its function", err)
	}
	f.wantHash("after a rollback", a.ID, "one")

	func() {
		defer func() {
			if r := recover(); r != "oh no" {
				t.Errorf("recovered %v", r)
			}
		}()
		_ = f.InRowTx(ctx, func(tx users.RowTx) error {
			if err := replaceHashIn(ctx, tx, a.ID, "one", "two"); err != nil {
				t.Error(err)
			}
			panic("oh no")
		})
	}()
	f.wantHash("after a panic", a.ID, "one")

	during, cancel := context.WithCancel(ctx)
	err = f.InRowTx(during, func(tx users.RowTx) error {
		err := replaceHashIn(during, tx, a.ID, "one", "two")
		cancel()
		return err
	})
	wantError(t, "InRowTx whose context ends meanwhile", err, context.Canceled)
	f.wantHash("after the context ended", a.ID, "one")

	// Both statements are in the one transaction.
	now := time.Now()
	f.do(func(tx users.Tx) error { return tx.AddEmailChange(ctx, a.ID, now) })
	wantError(t, "InRowTx", f.InRowTx(ctx, func(tx users.RowTx) error {
		return errors.Join(replaceHashIn(ctx, tx, a.ID, "one", "two"), tx.ForgetEmailChanges(ctx, now.Add(time.Second)))
	}), nil)
	f.wantHash("after a commit", a.ID, "two")
	f.do(func(tx users.Tx) error {
		if left, err := tx.EmailChanges(ctx, a.ID, now.Add(-time.Hour)); err != nil || len(left) != 0 {
			t.Errorf("%d changes of an e-mail are left (%v)", len(left), err)
		}
		return nil
	})
}

// testRowTxSideBySide: transactions on different rows do not wait for one another, nor for one of InTx, where the engine
// can write two rows at a time. Where it cannot, all succeed one after the other.
func testRowTxSideBySide(t *testing.T, f *fixture) {
	ctx := t.Context()
	var ids []users.ID
	for _, email := range []string{"ada@example.com", "bob@example.com", "eve@example.com"} {
		a := f.addAccount(email, f.role)
		f.setHash(a.ID, "one")
		ids = append(ids, a.ID)
	}
	if strings.HasPrefix(f.url, "sqlite:") {
		var done sync.WaitGroup
		for _, id := range slices.Repeat(ids, 5) {
			done.Go(func() { wantError(t, "InRowTx", f.replaceHash(ctx, id, "one", "two"), nil) })
		}
		done.Wait()
	} else {
		other := open(t, f.url)
		// Each is committed while those around it are open.
		f.do(func(tx users.Tx) error {
			return f.InRowTx(ctx, func(first users.RowTx) error {
				if err := replaceHashIn(ctx, first, ids[0], "one", "two"); err != nil {
					return err
				}
				err := other.InRowTx(ctx, func(second users.RowTx) error { return replaceHashIn(ctx, second, ids[1], "one", "two") })
				return errors.Join(err, f.replaceHash(ctx, ids[2], "one", "two"))
			})
		})
	}
	for _, id := range ids {
		f.wantHash("in the end", id, "two")
	}

	// Of many that replace the same, one does.
	var done sync.WaitGroup
	for _, h := range []users.PasswordHash{"three", "four", "five", "six"} {
		done.Go(func() { wantError(t, "InRowTx", f.replaceHash(ctx, ids[0], "two", h), nil) })
	}
	done.Wait()
	if got, err := f.PasswordHash(ctx, ids[0]); err != nil || got == "two" {
		t.Errorf("none of four replaced the hash (%v)", err)
	}
}

// testRowTxChangesNoRights: neither does the revision move, nor has the transaction a writer of anything that decides
// rights.
func testRowTxChangesNoRights(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	f.setHash(a.ID, "one")
	before, err := f.Access(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "InRowTx", f.InRowTx(ctx, func(tx users.RowTx) error {
		switch tx.(type) {
		case users.AccountWriter, users.RoleWriter, users.PermissionWriter, users.EmailChangeLog:
			t.Errorf("a %T can write rights", tx)
		}
		return errors.Join(replaceHashIn(ctx, tx, a.ID, "one", "two"), tx.ForgetEmailChanges(ctx, time.Now()))
	}), nil)
	after, err := f.Access(ctx, a.ID)
	if err != nil || after.Revision != before.Revision {
		t.Errorf("the revision was %v and is %v (%v)", before.Revision, after.Revision, err)
	}
}
