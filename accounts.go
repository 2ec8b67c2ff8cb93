package users

import (
	"context"
	"errors"
	"time"
)

const emailTaken = "An account with this e-mail already exists."

// CreateAccount needs accounts:create, and all that the role holds. ErrInvalid, ErrForbidden, ErrConflict for
// an e-mail that is taken.
func (s *Service) CreateAccount(ctx context.Context, c Caller, in NewAccount) (Account, error) {
	if err := c.Require(AccountsCreate); err != nil {
		return Account{}, err
	}
	graph, err := s.Store.Graph(ctx)
	if err != nil {
		return Account{}, err
	}
	faults := in.Found
	email := s.email(&faults, "email", in.Email)
	password := faults.newPassword("password", in.Password)
	faults.role(graph, "role_id", in.RoleID)
	if err := faults.Err(); err != nil {
		return Account{}, err
	}
	hash, err := s.Passwords.Hash(ctx, PurposeNewAccount, password)
	if err != nil {
		return Account{}, err
	}
	var account Account
	err = s.change(ctx, c, AccountsCreate, func(tx Tx, c Caller, now time.Time) error {
		var faults Faults
		role := faults.role(c.graph, "role_id", in.RoleID)
		if err := faults.Err(); err != nil {
			return err
		}
		if err := c.mayGive(role); err != nil {
			return err
		}
		account = s.newAccount(email, role, now)
		account.Active = in.Active == nil || *in.Active
		return taken(tx.InsertAccount(ctx, account, hash), emailTaken)
	})
	return account, err
}

func (s *Service) newAccount(email Email, role Role, now time.Time) Account {
	return Account{
		ID: s.NewID(), Email: email, Role: role, Active: true, TokenVersion: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// Account needs accounts:read. ErrNotFound for an id that is unknown or none.
func (s *Service) Account(ctx context.Context, c Caller, id string) (Account, error) {
	if err := c.Require(AccountsRead); err != nil {
		return Account{}, err
	}
	return account(id, func(id ID) (Account, error) { return s.Store.AccountSince(ctx, c.seen, id) })
}

// account finds the account of an id as a request has it.
func account(text string, find func(ID) (Account, error)) (Account, error) {
	id, ok := ParseID(text)
	if !ok {
		return Account{}, notFound("Account")
	}
	a, err := find(id)
	return a, missingAccount(err)
}

// missingAccount words a store's ErrNotFound; other errors pass.
func missingAccount(err error) error {
	if errors.Is(err, ErrNotFound) {
		return notFound("Account")
	}
	return err
}

// accountNow finds an account as r sees it now.
func accountNow(ctx context.Context, r AccountReader, text string) (Account, error) {
	return account(text, func(id ID) (Account, error) { return r.Account(ctx, id) })
}

// Accounts needs accounts:read. The query of f is brought into the form in which addresses are searched.
func (s *Service) Accounts(ctx context.Context, c Caller, f AccountFilter, p Paging) (Page[Account], error) {
	if err := c.Require(AccountsRead); err != nil {
		return Page[Account]{}, err
	}
	f.Query = EmailQuery(f.Query)
	rows, err := s.Store.Accounts(ctx, f, p.list())
	if err != nil {
		return Page[Account]{}, err
	}
	page := cut(p, rows, func(a Account) Position {
		return Position{Time: a.CreatedAt, Text: a.Email.Canonical(), ID: a.ID}
	})
	if p.Page == 0 {
		return page, nil
	}
	limit := 0
	if f.Query != "" {
		limit = maxSearchTotal + 1
	}
	page.Total, err = s.Store.CountAccounts(ctx, f, limit)
	if limit > 0 && page.Total >= limit {
		page.Total, page.Exact = maxSearchTotal, false
	}
	return page, err
}

// UpdateAccount needs accounts:update. Nobody sets their own password or e-mail here: whoever holds a stolen
// token must not be able to keep the account. ErrInvalid, ErrNotFound, ErrForbidden, ErrConflict for an e-mail
// that is taken and for the last active administrator.
func (s *Service) UpdateAccount(ctx context.Context, c Caller, id string, in AccountPatch) (Account, error) {
	if err := c.Require(AccountsUpdate); err != nil {
		return Account{}, err
	}
	graph, err := s.Store.Graph(ctx)
	if err != nil {
		return Account{}, err
	}
	change, err := s.readPatch(graph, in)
	if err != nil {
		return Account{}, err
	}
	if change.password != nil {
		if _, err := accountNow(ctx, s.Store, id); err != nil {
			return Account{}, err
		}
		if change.hash, err = s.Passwords.Hash(ctx, PurposeChange, *change.password); err != nil {
			return Account{}, err
		}
	}
	var updated Account
	err = s.change(ctx, c, AccountsUpdate, func(tx Tx, c Caller, now time.Time) error {
		if in.RoleID != nil {
			var faults Faults
			role := faults.role(c.graph, "role_id", *in.RoleID)
			if err := faults.Err(); err != nil {
				return err
			}
			change.role = &role
		}
		var err error
		updated, err = changeAccount(ctx, tx, c, id, change, now)
		return err
	})
	return updated, err
}

// accountChange is an AccountPatch whose fields have been read; nil leaves a field alone.
type accountChange struct {
	email    *Email
	password *Password
	hash     PasswordHash // of the password
	role     *Role
	active   *bool
}

func (s *Service) readPatch(g *Graph, in AccountPatch) (accountChange, error) {
	faults := in.Found
	change := accountChange{active: in.Active}
	if in.Email != nil {
		email := s.email(&faults, "email", *in.Email)
		change.email = &email
	}
	if in.Password != nil {
		password := faults.newPassword("password", *in.Password)
		change.password = &password
	}
	if in.RoleID != nil {
		role := faults.role(g, "role_id", *in.RoleID)
		change.role = &role
	}
	return change, faults.Err()
}

// changeAccount decides on a change and makes it.
func changeAccount(ctx context.Context, tx Tx, c Caller, id string, change accountChange, now time.Time) (Account, error) {
	before, err := accountNow(ctx, tx, id)
	if err != nil {
		return Account{}, err
	}
	if before.ID == c.Account.ID && (change.email != nil || change.password != nil) {
		return Account{}, forbidden("Your own e-mail and password are changed with the current password, at /api/v1/auth/email and /api/v1/auth/password.")
	}
	if err := c.mayChangeAccount(before); err != nil {
		return Account{}, err
	}
	after := before
	if change.email != nil {
		after.Email = *change.email
	}
	if change.active != nil {
		after.Active = *change.active
	}
	if change.role != nil && change.role.ID != before.Role.ID {
		if err := c.mayGive(*change.role); err != nil {
			return Account{}, err
		}
		after.Role = *change.role
	}
	if !after.Active || after.Role.ID != before.Role.ID {
		if err := keepAnAdministrator(ctx, tx, before); err != nil {
			return Account{}, err
		}
	}
	if change.password != nil || before.Active && !after.Active {
		after.TokenVersion = before.nextTokenVersion(now)
	}
	if after == before {
		return before, nil
	}
	after.UpdatedAt = now
	if err := taken(tx.UpdateAccount(ctx, after), emailTaken); err != nil {
		return Account{}, err
	}
	if change.password != nil {
		return after, tx.SetPasswordHash(ctx, after.ID, change.hash)
	}
	return after, nil
}

// DeleteAccount needs accounts:delete. ErrNotFound, ErrForbidden, ErrConflict for the last active
// administrator.
func (s *Service) DeleteAccount(ctx context.Context, c Caller, id string) error {
	return s.change(ctx, c, AccountsDelete, func(tx Tx, c Caller, _ time.Time) error {
		target, err := accountNow(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := c.mayChangeAccount(target); err != nil {
			return err
		}
		if err := keepAnAdministrator(ctx, tx, target); err != nil {
			return err
		}
		return tx.DeleteAccount(ctx, target.ID)
	})
}

// keepAnAdministrator refuses to lose a, if it is the last active account whose own role is Admin: nobody
// could undo that.
func keepAnAdministrator(ctx context.Context, tx Tx, a Account) error {
	if !a.Role.System || !a.Active {
		return nil
	}
	active := true
	n, err := tx.CountAccounts(ctx, AccountFilter{RoleID: a.Role.ID, Active: &active}, 2)
	if err != nil {
		return err
	}
	if n < 2 {
		return conflict("This is the last active administrator; it can't be deleted, disabled or given another role.")
	}
	return nil
}
