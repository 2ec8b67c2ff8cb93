package users

import (
	"context"
	"errors"
)

// What is kept in place of a hash. No password matches either.
const (
	// NoPassword is that of an account that has no password.
	NoPassword PasswordHash = "!"
	// UnreadablePassword is that of an account whose hash another system made in a way that can't be computed here. A login
	// leaves a warning with the account's id: see Ports.UnreadableHash.
	UnreadablePassword PasswordHash = "?"
)

// ImportedAccount is an account of another system, to be added with the hash of its password.
type ImportedAccount struct {
	Account
	Hash PasswordHash // may be NoPassword or UnreadablePassword
}

// AccountEmail reads the e-mail of an account that is to be made: ParseEmail, which also refuses the demo accounts' where
// Ports.NoDemo says so. The error is one sentence that does not repeat it.
func (s *Service) AccountEmail(text string) (Email, error) {
	var faults Faults
	email := s.email(&faults, "", text)
	if len(faults) > 0 {
		return Email{}, errors.New(faults[0].Problem)
	}
	return email, nil
}

// AddAccounts adds accounts of people, all or none, and records the event of each. It needs what CreateAccount needs: the
// caller holds accounts:create and all that each role holds. Each has its ID, Email, Role, Active, CreatedAt and UpdatedAt;
// the rest is set here. A token version begins at the time of day, in seconds, so that no token of a deleted account whose id
// one of them has counts again. Accounts with the e-mail of a demo account are marked: see Tx.MarkDemoPassword.
//
// ErrForbidden; ErrTaken for an e-mail or an id that exists; ErrBadReference for an unknown role.
func (c *Change) AddAccounts(ctx context.Context, list []ImportedAccount) error {
	if err := c.Caller.RefuseRestricted(); err != nil {
		return err
	}
	if err := c.Caller.Require(AccountsCreate); err != nil {
		return err
	}
	given := map[ID]bool{}
	for i := range list {
		a := &list[i]
		a.Kind, a.TokenVersion = SubjectPerson, Account{}.nextTokenVersion(c.Now)
		if given[a.Role.ID] {
			continue
		}
		if c.Caller.graph.node(a.Role.ID) == nil {
			return ErrBadReference
		}
		if err := c.Caller.mayGive(a.Role); err != nil {
			return err
		}
		given[a.Role.ID] = true
	}
	if err := c.InsertAccounts(ctx, list); err != nil {
		return err
	}
	for _, a := range list {
		if isDemo(a.Email) {
			if err := c.MarkDemoPassword(ctx, a.ID); err != nil {
				return err
			}
		}
		if c.Recording() {
			c.Record(accountCreated(a.Account))
		}
	}
	return nil
}
