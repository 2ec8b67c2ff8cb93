package authz

import (
	"context"

	users "github.com/svc-users/svc-users"
)

// loss is what the caller loses, and the kind of refusal that must follow.
type loss struct {
	name string
	want error
	lose func(h *house, tx users.Tx, ctx context.Context) error
}

func losses(o operation) []loss {
	account := func(change func(*users.Account)) func(*house, users.Tx, context.Context) error {
		return func(h *house, tx users.Tx, ctx context.Context) error {
			a, err := tx.Account(ctx, h.parsed("a:mgr"))
			if err != nil {
				return err
			}
			change(&a)
			return tx.UpdateAccount(ctx, a)
		}
	}
	permission := func(name string) func(*house, users.Tx, context.Context) error {
		return func(h *house, tx users.Tx, ctx context.Context) error {
			return tx.Unassign(ctx, h.parsed("r:mgr"), h.parsed("p:"+name))
		}
	}
	list := []loss{
		{"nothing", nil, func(*house, users.Tx, context.Context) error { return nil }},
		{"the account is disabled", users.ErrUnauthenticated, account(func(a *users.Account) { a.Active = false })},
		{"the token is past", users.ErrUnauthenticated, account(func(a *users.Account) { a.TokenVersion++ })},
		{"the account is deleted", users.ErrUnauthenticated, func(h *house, tx users.Tx, ctx context.Context) error {
			return tx.DeleteAccount(ctx, h.parsed("a:mgr"))
		}},
	}
	for _, name := range o.needs {
		list = append(list, loss{"without " + name, users.ErrForbidden, permission(name)})
	}
	if o.gives {
		list = append(list, loss{"without what it gives", users.ErrForbidden, permission("docs:x")})
	}
	if o.needs == nil {
		// A change that confirms the password needs no permission, but it needs the password that was confirmed.
		return append(list, loss{"another password", users.ErrConflict, func(h *house, tx users.Tx, ctx context.Context) error {
			return tx.SetPasswordHash(ctx, h.parsed("a:mgr"), "another")
		}})
	}
	if len(o.needs) == 0 {
		return list
	}
	return append(list, loss{"another role", users.ErrForbidden, func(h *house, tx users.Tx, ctx context.Context) error {
		return account(func(a *users.Account) { a.Role.ID = h.parsed("r:none") })(h, tx, ctx)
	}})
}
