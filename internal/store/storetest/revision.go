package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// testRevisionRowGone: the row of the revision is deleted by hand. Whatever is done next works, on what the database has; it is
// ready, nothing that was kept in memory is believed, and no change is missed by those who follow.
func testRevisionRowGone(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	p := f.addPermission("x:y", f.role)
	statements := []string{`DELETE FROM authorization_stamp`}
	if !strings.HasPrefix(f.url, "sqlite") {
		statements = append(statements, `TRUNCATE authorization_stamp`)
	}
	known := map[users.Revision]bool{}
	for _, statement := range statements {
		for name, use := range map[string]func() error{
			"Access": func() error { _, err := f.Access(ctx, a.ID); return err },
			"Access of a process that has just begun": func() error { _, err := open(t, f.url).Access(ctx, a.ID); return err },
			"Graph":        func() error { _, err := f.Graph(ctx); return err },
			"Ready":        func() error { return f.Ready(ctx) },
			"AccountSince": func() error { _, err := f.AccountSince(ctx, users.Revision{}, a.ID); return err },
			"a change of an account": func() error {
				return f.InTx(ctx, func(tx users.Tx) error { a.TokenVersion++; return tx.UpdateAccount(ctx, a) })
			},
			"a change of a role": func() error {
				return f.InTx(ctx, func(tx users.Tx) error { return tx.UpdateRole(ctx, f.role) })
			},
			"a read of roles": func() error {
				return f.InTx(ctx, func(tx users.Tx) error { _, err := tx.Graph(ctx); return err })
			},
			"a permission that is taken away": func() error {
				return f.InTx(ctx, func(tx users.Tx) error {
					if err := tx.Unassign(ctx, f.role.ID, p.ID); err != nil {
						return err
					}
					return tx.Assign(ctx, f.role.ID, []users.ID{p.ID})
				})
			},
			"a look at the changes": func() error {
				return f.ReadChanges(ctx, func(v feed.View) error { _, err := v.ChangeState(ctx); return err })
			},
			"a new account": func() error {
				b := newAccount(t, fmt.Sprintf("%s@example.com", users.NewID()), f.role)
				return f.InTx(ctx, func(tx users.Tx) error { return tx.InsertAccount(ctx, b, hashOf(b)) })
			},
		} {
			before, err := f.Access(ctx, a.ID)
			wantError(t, "Access", err, nil)
			known[before.Revision] = true
			byHand(t, f.url, statement)
			wantError(t, name+" after "+statement, use(), nil)
			after, err := f.Access(ctx, a.ID)
			wantError(t, "Access", err, nil)
			if known[after.Revision] || after.Account.TokenVersion != a.TokenVersion {
				t.Errorf("%s after %s: %+v is seen, and was before", name, statement, after.Revision)
			}
			wantError(t, "Ready", f.Ready(ctx), nil)
		}
	}

	// A follower has read up to a place. What changes while the row is gone is told, or is not changed.
	f.do(func(tx users.Tx) error { a.TokenVersion++; return tx.UpdateAccount(ctx, a) })
	read, _ := f.changedAfter(told{})
	for _, change := range []string{
		`UPDATE role_permissions SET permission_id = permission_id`,
		`DELETE FROM role_permissions`,
		fmt.Sprintf(`INSERT INTO role_permissions (role_id, permission_id) VALUES ('%s', '%s')`, f.role.ID, p.ID),
		`UPDATE permissions SET name = 'x:z'`,
		`DELETE FROM permissions`,
		fmt.Sprintf(`UPDATE accounts SET is_active = '0' WHERE id = '%s'`, a.ID),
		`UPDATE roles SET name = 'Renamed', name_key = 'renamed'`,
		fmt.Sprintf(`DELETE FROM accounts WHERE id = '%s'`, a.ID),
	} {
		byHand(t, f.url, `DELETE FROM authorization_stamp`)
		db := shell(t, f.url)
		_, refused := db.ExecContext(ctx, change)
		if err := errors.Join(db.Close()); err != nil {
			t.Error(err)
		}
		if _, any := f.changedAfter(read); any == (refused != nil) {
			t.Errorf("%s without the row: refused with %v, told %t", change, refused, any)
		}
		if refused != nil {
			byHand(t, f.url, change) // the row has been made anew by now
		}
		next, any := f.changedAfter(read)
		if !any {
			t.Errorf("%s is not told of", change)
		}
		read = next
	}
}

// told is up to where the changes were read.
type told struct {
	accounts feed.AccountPlace
	rights   feed.RightsPlace
}

// changedAfter reads on, and reports whether there was anything.
func (f *fixture) changedAfter(at told) (next told, any bool) {
	f.t.Helper()
	next = at
	f.view(func(v feed.View) error {
		state, err := v.ChangeState(f.t.Context())
		if err != nil {
			return err
		}
		if state.Mark == "" {
			f.t.Errorf("the position %d has no mark", state.Position)
		}
		rights, err := v.ChangedRights(f.t.Context(), at.rights, 100)
		if err != nil {
			return err
		}
		accounts, err := v.ChangedAccounts(f.t.Context(), at.accounts, state.Now.Add(-ever), 100)
		if err != nil {
			return err
		}
		if n := len(rights); n > 0 {
			next.rights, any = rights[n-1].Place, true
		}
		if n := len(accounts); n > 0 {
			next.accounts, any = accounts[n-1].Place, true
		}
		return nil
	})
	return next, any
}
