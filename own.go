package users

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// ChangePassword gives the caller another password. The older tokens are dead, and all sessions but the one that the
// caller's token is of; the result holds a fresh token, of that session if there is one.
// ErrForbidden if Current is not the password, ErrTooMany after too many of these, ErrInvalid if New breaks the policy.
func (s *Service) ChangePassword(ctx context.Context, c Caller, in PasswordChange) (LoginResult, error) {
	if err := c.RefuseRestricted(); err != nil {
		return LoginResult{}, err
	}
	faults := in.Found
	current := faults.presentedPassword("current_password", in.Current)
	faults.noNUL("current_password", in.Current)
	chosen := s.newPassword(&faults, "new_password", in.New, c.Account.Email)
	if err := faults.Err(); err != nil {
		return LoginResult{}, err
	}
	verified, err := s.confirm(ctx, c, current)
	if err != nil {
		return LoginResult{}, err
	}
	hash, err := s.hashNew(ctx, PurposeChange, "new_password", chosen)
	if err != nil {
		return LoginResult{}, err
	}
	var access Access
	session, expires := c.Session, s.now().Add(s.Sessions.AccessLife).Truncate(time.Second)
	err = s.Change(ctx, c, "", func(tx *Change) error {
		live, now := tx.Caller, tx.Now
		if err := stillConfirmed(ctx, tx, live, verified); err != nil {
			return err
		}
		account := live.Account
		account.TokenVersion = account.nextTokenVersion(now)
		account.UpdatedAt = now
		if err := tx.UpdateAccount(ctx, account); err != nil {
			return err
		}
		access = Access{Account: account, Graph: live.graph}
		if err := tx.SetPasswordHash(ctx, account.ID, hash); err != nil {
			return err
		}
		tx.Record(accountChanged(live.Account, account, true)...)
		return endOtherSessions(ctx, tx, account, session, expires)
	})
	if err != nil {
		return LoginResult{}, err
	}
	if session.IsZero() {
		return s.sign(access)
	}
	return s.signUntil(access, session, Narrowing{}, expires) // a token for a declared audience does not get here
}

// ChangeEmail gives the caller another e-mail. ErrForbidden if Current is not the password, ErrInvalid for no
// address, ErrConflict for one that is taken, ErrTooMany for an account that has asked about too many, and after too many
// wrong passwords.
func (s *Service) ChangeEmail(ctx context.Context, c Caller, in EmailChange) (Account, error) {
	if err := c.RefuseRestricted(); err != nil {
		return Account{}, err
	}
	faults := in.Found
	current := faults.presentedPassword("current_password", in.Current)
	faults.noNUL("current_password", in.Current)
	email := s.email(&faults, "email", in.Email)
	if err := faults.Err(); err != nil {
		return Account{}, err
	}
	verified, err := s.confirm(ctx, c, current)
	if err != nil {
		return Account{}, err
	}
	var account Account
	var refused error
	err = s.Change(ctx, c, "", func(tx *Change) error {
		live, now := tx.Caller, tx.Now
		refused = nil
		if err := stillConfirmed(ctx, tx, live, verified); err != nil {
			return err
		}
		account = live.Account
		if account.Email == email {
			return nil
		}
		if account.Email.Canonical() != email.Canonical() {
			// A refusal must be counted too, so the transaction ends well with it.
			if refused, err = s.claimEmail(ctx, tx, account.ID, email, now); err != nil || refused != nil {
				return err
			}
		}
		account.Email = email
		account.UpdatedAt = now
		if err := tx.UpdateAccount(ctx, account); err != nil {
			return taken(err, emailTaken)
		}
		tx.Record(accountChanged(live.Account, account, false)...)
		return nil
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Account{}, err
	}
	return account, nil
}

// confirm compares the caller's password and returns the hash that it matched. ErrForbidden if it does not match, ErrTooMany.
// A service account has no password.
func (s *Service) confirm(ctx context.Context, c Caller, p Password) (PasswordHash, error) {
	if c.Account.isService() {
		return "", forbidden("A service account has no password.")
	}
	count := s.counting(ctx, Attempt{Kind: AttemptConfirm, Account: c.Account.ID, Session: c.countedSession()})
	var hash PasswordHash
	err := count.run(func() (err error) {
		hash, err = s.matchOwn(ctx, count, c, p)
		return err
	})
	return hash, err
}

func (s *Service) matchOwn(ctx context.Context, count *counting, c Caller, p Password) (PasswordHash, error) {
	hash, err := s.Store.PasswordHash(ctx, c.Account.ID)
	if errors.Is(err, ErrNotFound) {
		return "", unauthenticated(err)
	}
	if err != nil {
		return "", err
	}
	check, err := s.checkPassword(ctx, PurposeChange, count, c.Account.ID, hash, p)
	if err != nil {
		return "", err
	}
	if !check.Match {
		return "", forbidden("The current password is wrong.")
	}
	return hash, nil
}

// countedSession names what wrong own passwords are counted by: the session of the token or, for a token without one, all
// of the account's such tokens of that version. So a stolen token does not keep its owner, who can log in again, from a
// change of the password.
func (c Caller) countedSession() string {
	if c.Session.IsZero() {
		return "version " + strconv.FormatInt(c.Account.TokenVersion, 10)
	}
	return c.Session.String()
}

// stillConfirmed refuses when the hash has been replaced since it was compared, except by an upgrade of the
// same password, which the caller simply tries again after.
func stillConfirmed(ctx context.Context, tx Tx, c Caller, verified PasswordHash) error {
	hash, err := tx.PasswordHash(ctx, c.Account.ID)
	if err != nil {
		return err
	}
	if hash != verified {
		return conflict("The password was changed meanwhile; try again.")
	}
	return nil
}

// taken words a store's ErrTaken; other errors pass.
func taken(err error, message string) error {
	if errors.Is(err, ErrTaken) {
		return conflict(message)
	}
	return err
}
