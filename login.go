package users

import (
	"context"
	"errors"
	"time"
)

// LoginResult is what a login gives.
type LoginResult struct {
	Token   string
	Expires time.Time
	Account Account
}

// Login issues a token for an e-mail and its password. ErrCredentials for a wrong, unknown or malformed
// e-mail, a wrong password and a disabled account, all after the same work, so that nobody learns which it
// was; ErrInvalid for an empty password. found is what the reader of the request found wrong already.
func (s *Service) Login(ctx context.Context, email, password string, found Faults) (LoginResult, error) {
	found.noNUL("email", email)
	presented := found.presentedPassword("password", password)
	if err := found.Err(); err != nil {
		return LoginResult{}, err
	}
	result, err := s.login(ctx, email, presented)
	if errors.Is(err, errReplaced) {
		// Most often by another login, which has upgraded the hash of the same password: a second look tells. Only a
		// client that knows a password of the account gets here, so the time that it takes tells nothing.
		result, err = s.login(ctx, email, presented)
	}
	return result, err
}

// errReplaced is why a login failed whose password matched a hash that was then no longer the stored one.
var errReplaced = errors.New("the hash was replaced while it was compared")

func (s *Service) login(ctx context.Context, email string, presented Password) (LoginResult, error) {
	account, hash, err := s.accountFor(ctx, email)
	if err != nil {
		return LoginResult{}, err
	}
	check, err := s.Passwords.Check(ctx, PurposeLogin, hash, presented)
	if err != nil {
		return LoginResult{}, err
	}
	if !check.Match || !account.Active {
		return LoginResult{}, credentials()
	}
	if check.Outdated {
		hash = s.upgrade(ctx, account.ID, hash, presented)
	}
	return s.issue(ctx, account.ID, hash)
}

// accountFor finds the account and hash to compare with; nothing at all for an address that nobody has, which
// Passwords compares with the same effort.
func (s *Service) accountFor(ctx context.Context, email string) (Account, PasswordHash, error) {
	address, err := ParseEmail(email)
	if err != nil {
		return Account{}, "", nil
	}
	account, hash, err := s.Store.AccountByEmail(ctx, address)
	if errors.Is(err, ErrNotFound) {
		return Account{}, "", nil
	}
	return account, hash, err
}

// upgrade replaces a hash of an older kind and returns the one that counts now. The login does not fail with
// it: the old hash is still good, and the next login tries again.
func (s *Service) upgrade(ctx context.Context, id ID, old PasswordHash, p Password) PasswordHash {
	fresh, err := s.Passwords.Hash(ctx, PurposeUpgrade, p)
	if err != nil {
		return old
	}
	if err := s.Store.ReplacePasswordHash(ctx, id, old, fresh); err != nil {
		return old
	}
	return fresh
}

// issue signs a token for an account whose password was just found to match verified. Comparing takes long
// enough for the account to be disabled, or its password changed, meanwhile: the state that counts is the one
// read here, after it.
func (s *Service) issue(ctx context.Context, id ID, verified PasswordHash) (LoginResult, error) {
	access, err := s.Store.Access(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return LoginResult{}, credentials()
	}
	if err != nil {
		return LoginResult{}, err
	}
	current, err := s.Store.PasswordHash(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return LoginResult{}, credentials()
	}
	if err != nil {
		return LoginResult{}, err
	}
	if !access.Account.Active {
		return LoginResult{}, credentials()
	}
	if current != verified {
		return LoginResult{}, refusedLogin(errReplaced)
	}
	return s.sign(access)
}

// sign issues a token that says what access shows.
func (s *Service) sign(access Access) (LoginResult, error) {
	now := s.Now().UTC().Truncate(time.Second)
	role := access.Account.Role.ID
	claims := Claims{
		Subject:     access.Account.ID,
		TokenID:     s.NewID(),
		IssuedAt:    now,
		NotBefore:   now,
		Expires:     now.Add(s.TokenLife),
		Version:     access.Account.TokenVersion,
		Email:       access.Account.Email.String(),
		RoleID:      role,
		Roles:       texts(access.Graph.Chain(role)),
		Permissions: texts(access.Graph.Effective(role)),
	}
	token, err := s.Tokens.Issue(claims)
	if err != nil {
		return LoginResult{}, err
	}
	return LoginResult{Token: token, Expires: claims.Expires, Account: access.Account}, nil
}

// ChangePassword gives the caller another password. The older tokens are dead; the result holds a fresh one.
// ErrForbidden if Current is not the password, ErrInvalid if New breaks the policy.
func (s *Service) ChangePassword(ctx context.Context, c Caller, in PasswordChange) (LoginResult, error) {
	faults := in.Found
	current := faults.presentedPassword("current_password", in.Current)
	faults.noNUL("current_password", in.Current)
	chosen := faults.newPassword("new_password", in.New)
	if err := faults.Err(); err != nil {
		return LoginResult{}, err
	}
	verified, err := s.confirm(ctx, c, current)
	if err != nil {
		return LoginResult{}, err
	}
	hash, err := s.Passwords.Hash(ctx, PurposeChange, chosen)
	if err != nil {
		return LoginResult{}, err
	}
	var access Access
	err = s.change(ctx, c, "", func(tx Tx, live Caller, now time.Time) error {
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
		return tx.SetPasswordHash(ctx, account.ID, hash)
	})
	if err != nil {
		return LoginResult{}, err
	}
	return s.sign(access)
}

// ChangeEmail gives the caller another e-mail. ErrForbidden if Current is not the password, ErrInvalid for no
// address, ErrConflict for one that is taken, ErrTooMany for an account that has asked about too many.
func (s *Service) ChangeEmail(ctx context.Context, c Caller, in EmailChange) (Account, error) {
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
	err = s.change(ctx, c, "", func(tx Tx, live Caller, now time.Time) error {
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
		return taken(tx.UpdateAccount(ctx, account), emailTaken)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Account{}, err
	}
	return account, nil
}

// confirm compares the caller's password and returns the hash that it matched.
func (s *Service) confirm(ctx context.Context, c Caller, p Password) (PasswordHash, error) {
	hash, err := s.Store.PasswordHash(ctx, c.Account.ID)
	if errors.Is(err, ErrNotFound) {
		return "", unauthenticated(err)
	}
	if err != nil {
		return "", err
	}
	check, err := s.Passwords.Check(ctx, PurposeChange, hash, p)
	if err != nil {
		return "", err
	}
	if !check.Match {
		return "", forbidden("The current password is wrong.")
	}
	return hash, nil
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

func credentials() error { return refusedLogin(nil) }

// refusedLogin is the one answer to every login that fails. The cause is for the log.
func refusedLogin(cause error) error {
	return &Error{Kind: ErrCredentials, Message: "Invalid credentials.", Cause: cause}
}

// taken words a store's ErrTaken; other errors pass.
func taken(err error, message string) error {
	if errors.Is(err, ErrTaken) {
		return conflict(message)
	}
	return err
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
