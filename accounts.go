package users

import (
	"context"
	"errors"
	"time"
)

const emailTaken = "An account with this e-mail already exists."

// CreateAccount needs accounts:create, and all that the role holds. ErrInvalid, ErrForbidden, ErrConflict for
// an e-mail that is taken, ErrTooMany for a caller that makes accounts faster than they may be made.
func (s *Service) CreateAccount(ctx context.Context, c Caller, in NewAccount) (Account, error) {
	if err := c.RefuseRestricted(); err != nil {
		return Account{}, err
	}
	if err := c.Require(AccountsCreate); err != nil {
		return Account{}, err
	}
	graph, err := s.Store.Graph(ctx)
	if err != nil {
		return Account{}, err
	}
	faults := in.Found
	email := s.email(&faults, "email", in.Email)
	password := s.newPassword(&faults, "password", in.Password, email)
	faults.role(graph, "role_id", in.RoleID)
	if err := faults.Err(); err != nil {
		return Account{}, err
	}
	if !c.operator() {
		if err := s.countOne(ctx, Attempt{Kind: AttemptNewAccount, Account: c.Account.ID}); err != nil {
			return Account{}, err
		}
	}
	hash, err := s.hashNew(ctx, PurposeNewAccount, "password", password)
	if err != nil {
		return Account{}, err
	}
	var account Account
	err = s.Change(ctx, c, AccountsCreate, func(tx *Change) error {
		c, now := tx.Caller, tx.Now
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
		if err := tx.InsertAccount(ctx, account, hash); err != nil {
			return taken(err, emailTaken)
		}
		tx.Record(accountCreated(account))
		return nil
	})
	return account, err
}

func (s *Service) newAccount(email Email, role Role, now time.Time) Account {
	return Account{
		ID: s.NewID(), Kind: SubjectPerson, Email: email, Role: role, Active: true, TokenVersion: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// Account needs accounts:read. ErrNotFound for an id that is unknown or none, or of a service account.
func (s *Service) Account(ctx context.Context, c Caller, id string) (Account, error) {
	if err := c.Require(AccountsRead); err != nil {
		return Account{}, err
	}
	return person(account(id, func(id ID) (Account, error) { return s.Store.AccountSince(ctx, c.revision, id) }))
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

// person refuses the account of a program as one that is not there. It takes the result of another function.
func person(a Account, err error) (Account, error) {
	if err == nil && a.isService() {
		return Account{}, notFound("Account")
	}
	return a, err
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

// DeleteAccount needs accounts:delete. ErrNotFound, ErrForbidden, ErrConflict for the last active
// administrator.
func (s *Service) DeleteAccount(ctx context.Context, c Caller, id string) error {
	return s.reduce(ctx, c, AccountsDelete, func(tx *Change) error {
		c := tx.Caller
		target, err := person(accountNow(ctx, tx, id))
		if err != nil {
			return err
		}
		if err := c.mayChangeAccount(target); err != nil {
			return err
		}
		if err := keepAnAdministrator(ctx, tx, target); err != nil {
			return err
		}
		if _, err := endAll(ctx, tx, target, ID{}); err != nil {
			return err
		}
		if _, err := endAPIKeys(ctx, tx, target); err != nil {
			return err
		}
		if err := tx.DeleteAccount(ctx, target.ID); err != nil {
			return err
		}
		tx.Record(accountDeleted(target))
		return nil
	})
}

// keepAnAdministrator refuses to lose a, if it is the last active person whose own role is Admin: no
// account could undo that. A service account with Admin is not enough: a person must be able to log in.
func keepAnAdministrator(ctx context.Context, tx Tx, a Account) error {
	if !a.Role.System || !a.Active || a.isService() {
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
