package users

import "context"

// UpdateAccount needs accounts:update. An account cannot set its own password or e-mail here: a stolen token
// must not be enough to keep the account. ErrInvalid, ErrNotFound, ErrForbidden, ErrConflict for an e-mail
// that is taken and for the last active administrator.
func (s *Service) UpdateAccount(ctx context.Context, c Caller, id string, in AccountPatch) (Account, error) {
	if err := c.RefuseRestricted(); err != nil {
		return Account{}, err
	}
	if err := c.Require(AccountsUpdate); err != nil {
		return Account{}, err
	}
	graph, err := s.Store.Graph(ctx)
	if err != nil {
		return Account{}, err
	}
	var target Account
	var missing error
	if in.Password != nil {
		target, missing = person(accountNow(ctx, s.Store, id))
	}
	change, err := s.readPatch(graph, in, target.Email)
	if err != nil {
		return Account{}, err
	}
	if missing != nil {
		return Account{}, missing
	}
	if change.password != nil {
		if change.hash, err = s.hashNew(ctx, PurposeChange, "password", *change.password); err != nil {
			return Account{}, err
		}
	}
	var updated Account
	err = s.Change(ctx, c, AccountsUpdate, func(tx *Change) error {
		if in.RoleID != nil {
			var faults Faults
			role := faults.role(tx.Caller.graph, "role_id", *in.RoleID)
			if err := faults.Err(); err != nil {
				return err
			}
			change.role = &role
		}
		var err error
		updated, err = changeAccount(ctx, tx, id, change)
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

// readPatch reads the fields of a change of an account with an e-mail, which is zero if it is not known.
func (s *Service) readPatch(g *Graph, in AccountPatch, now Email) (accountChange, error) {
	faults := in.Found
	change := accountChange{active: in.Active}
	emails := []Email{now}
	if in.Email != nil {
		email := s.email(&faults, "email", *in.Email)
		change.email = &email
		emails = append(emails, email)
	}
	if in.Password != nil {
		password := s.newPassword(&faults, "password", *in.Password, emails...)
		change.password = &password
	}
	if in.RoleID != nil {
		role := faults.role(g, "role_id", *in.RoleID)
		change.role = &role
	}
	return change, faults.Err()
}

// changeAccount decides on a change and makes it.
func changeAccount(ctx context.Context, tx *Change, id string, change accountChange) (Account, error) {
	c, now := tx.Caller, tx.Now
	before, err := person(accountNow(ctx, tx, id))
	if err != nil {
		return Account{}, err
	}
	if c.Subject.is(before.ID) && (change.email != nil || change.password != nil) {
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
		if err := tx.SetPasswordHash(ctx, after.ID, change.hash); err != nil {
			return Account{}, err
		}
	}
	tx.Record(accountChanged(before, after, change.password != nil)...)
	if after.TokenVersion != before.TokenVersion {
		_, err = endAll(ctx, tx, after, ID{})
	}
	return after, err
}
