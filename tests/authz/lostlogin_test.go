package authz

import (
	"context"
	"errors"
	"testing"

	users "github.com/svc-users/svc-users"
)

// changingPasswords changes something as soon as a password has been compared, which takes long enough for that.
type changingPasswords struct {
	users.Passwords
	change func()
}

func (p changingPasswords) Check(ctx context.Context, why users.Purpose, ready func() error, h users.PasswordHash, sent users.Password) (users.PasswordCheck, error) {
	found, err := p.Passwords.Check(ctx, why, ready, h, sent)
	p.change()
	return found, err
}

// A login counts only if the account is active, and its hash the one that was compared, after the comparison.
func TestLoginWhileTheAccountChanges(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		w := build(nil, []rank{{name: "x"}, {name: "reader", own: systemNames()}})
		ctx := t.Context()
		h.install(t, w)
		for _, c := range []struct {
			name   string
			want   error
			change func(users.Tx, users.Account) error
		}{
			{"nothing", nil, func(users.Tx, users.Account) error { return nil }},
			{"another password", users.ErrCredentials, func(tx users.Tx, a users.Account) error {
				return tx.SetPasswordHash(ctx, a.ID, h.hash(t, "another-secret"))
			}},
			{"another hash of the same password", users.ErrCredentials, func(tx users.Tx, a users.Account) error {
				hash, err := h.Users.Passwords.Hash(ctx, users.PurposeChange, users.PresentedPassword(password))
				if err != nil {
					return err
				}
				return tx.SetPasswordHash(ctx, a.ID, hash)
			}},
			{"disabled", users.ErrCredentials, func(tx users.Tx, a users.Account) error {
				a.Active = false
				return tx.UpdateAccount(ctx, a)
			}},
			{"deleted", users.ErrCredentials, func(tx users.Tx, a users.Account) error { return tx.DeleteAccount(ctx, a.ID) }},
			{"an older token ended", nil, func(tx users.Tx, a users.Account) error {
				a.TokenVersion++
				return tx.UpdateAccount(ctx, a)
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				h.wipe(t)
				h.install(t, w)
				ports := h.Users.Ports
				ports.Passwords = changingPasswords{ports.Passwords, func() {
					must(t, h.Store.InTx(ctx, func(tx users.Tx) error {
						a, err := tx.Account(ctx, h.parsed("a:x"))
						if err != nil {
							return err
						}
						return c.change(tx, a)
					}))
				}}
				result, err := users.New(ports).Login(ctx, users.LoginRequest{Email: w.Accounts["a:x"].Email, Password: password})
				if !errors.Is(err, c.want) || c.want != nil && result.Token != "" {
					t.Fatalf("the error is %v, want %v", err, c.want)
				}
				if c.want == nil {
					// What is issued is of the state after the comparison.
					if _, err := h.Users.Authenticate(ctx, result.Token); err != nil {
						t.Error(err)
					}
				}
			})
		}
	})
}
