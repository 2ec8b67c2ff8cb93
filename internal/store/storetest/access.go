package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// testKeptAccounts: cached accounts are equal to those in the database, whichever process changed them and however.
func testKeptAccounts(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	other := f.addRole("Other", users.ID{})
	// seen looks by both ways, so that both are warm before each change.
	seen := func() string {
		t.Helper()
		access, err := f.Access(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		second, err := f.AccountSince(ctx, access.Revision, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		line := func(a users.Account) string {
			return fmt.Sprintf("%s %s %s %t %d %t", a.Email, a.Email.Canonical(), a.Role.Name, a.Active, a.TokenVersion, a.UpdatedAt.Equal(a.CreatedAt))
		}
		return line(access.Account) + "; " + line(second)
	}
	same(t, "at first", seen(), "ada@example.com ada@example.com Base true 1 true; bob@example.com bob@example.com Base true 1 true")
	for _, step := range []struct{ statement, want string }{
		{fmt.Sprintf(`UPDATE accounts SET token_version = 7 WHERE id = '%s'`, a.ID),
			"ada@example.com ada@example.com Base true 7 true; bob@example.com bob@example.com Base true 1 true"},
		{fmt.Sprintf(`UPDATE accounts SET email = 'Eve@example.com', email_key = 'eve@example.com' WHERE id = '%s'`, b.ID),
			"ada@example.com ada@example.com Base true 7 true; Eve@example.com eve@example.com Base true 1 true"},
		{fmt.Sprintf(`UPDATE accounts SET role_id = '%s' WHERE id = '%s'`, other.ID, b.ID),
			"ada@example.com ada@example.com Base true 7 true; Eve@example.com eve@example.com Other true 1 true"},
		{`UPDATE roles SET name = 'Another', name_key = 'another' WHERE name = 'Other'`,
			"ada@example.com ada@example.com Base true 7 true; Eve@example.com eve@example.com Another true 1 true"},
		{fmt.Sprintf(`UPDATE accounts SET is_active = '0', token_version = 8 WHERE id = '%s'`, b.ID),
			"ada@example.com ada@example.com Base true 7 true; Eve@example.com eve@example.com Another false 8 true"},
	} {
		byHand(t, f.url, step.statement)
		same(t, step.statement, seen(), step.want)
	}

	access, err := f.Access(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	byHand(t, f.url, `DELETE FROM accounts`)
	_, err = f.Access(ctx, a.ID)
	wantError(t, "Access after DELETE", err, users.ErrNotFound)
	// It was there at that revision, and so may still be shown; it is not there now.
	if _, err = f.AccountSince(ctx, users.Revision{}, b.ID); err != users.ErrNotFound {
		t.Errorf("AccountSince no revision, after DELETE: %v", err)
	}
	if _, err = f.AccountSince(ctx, access.Revision, users.NewID()); err != users.ErrNotFound {
		t.Errorf("AccountSince of an unknown id: %v", err)
	}
}

// testRevisionMoves: the revision is another one after each change of what is cached, and the same after what does
// not concern it; a hash that is replaced at a login must not make every process read all accounts anew.
func testRevisionMoves(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	revision := func() users.Revision {
		t.Helper()
		access, err := f.Access(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return access.Revision
	}
	known := map[users.Revision]bool{{}: true}
	moves := func(what string, want bool) {
		t.Helper()
		m := revision()
		if known[m] == want {
			t.Errorf("after %s the revision moved: %t, want %t", what, !known[m], want)
		}
		known[m] = true
	}
	moves("the first look", true)
	moves("nothing", false)
	f.addAccount("bob@example.com", f.role)
	moves("a new account", false)
	wantError(t, "ReplacePasswordHash", f.replaceHash(ctx, a.ID, hashOf(a), "$2b$10$other"), nil)
	moves("another hash", false)
	f.do(func(tx users.Tx) error { return tx.SetPasswordHash(ctx, a.ID, "$2b$10$third") })
	moves("a third hash", false)
	a.TokenVersion++
	f.do(func(tx users.Tx) error { return tx.UpdateAccount(ctx, a) })
	moves("an update", true)
	f.addPermission("x:y", f.role)
	moves("a new permission", true)
	f.do(func(tx users.Tx) error {
		byEmail, _, err := tx.AccountByEmail(ctx, address(t, "bob@example.com"))
		if err != nil {
			return err
		}
		return tx.DeleteAccount(ctx, byEmail.ID)
	})
	moves("a delete", true)
}

// testNothingStaleIsSeen raises a version again and again while others look: what is seen by a look that begins
// after a change was acknowledged is never older than the change.
func testNothingStaleIsSeen(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	id := a.ID
	writer := open(t, f.url)
	var acknowledged atomic.Int64
	acknowledged.Store(1)
	var wait sync.WaitGroup
	var over atomic.Bool
	until := time.Now().Add(300 * time.Millisecond)
	wait.Go(func() {
		defer over.Store(true)
		// On a busy machine the time alone may be over after a single change.
		for time.Now().Before(until) || a.TokenVersion < 5 {
			a.TokenVersion++
			if err := writer.InTx(ctx, func(tx users.Tx) error { return tx.UpdateAccount(ctx, a) }); err != nil {
				t.Error(err)
				return
			}
			acknowledged.Store(a.TokenVersion)
		}
	})
	for range 4 {
		wait.Go(func() {
			for !over.Load() {
				least := acknowledged.Load()
				access, err := f.Access(ctx, id)
				if err != nil {
					t.Error(err)
					return
				}
				again, err := f.AccountSince(ctx, access.Revision, id)
				if err != nil {
					t.Error(err)
					return
				}
				if access.Account.TokenVersion < least || again.TokenVersion < access.Account.TokenVersion {
					t.Errorf("version %d, then %d, were seen after %d was acknowledged", access.Account.TokenVersion, again.TokenVersion, least)
					return
				}
			}
		})
	}
	wait.Wait()
}
