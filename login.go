package users

import (
	"context"
	"errors"
	"time"
)

// LoginRequest is what a client sends to log in.
type LoginRequest struct {
	Email    string
	Password string
	// Audience, if not nil, is the declared audience that the token is to be for.
	Audience *string
	// Device is the device token of an earlier login, if the client has one.
	Device string
	From   Client
	Found  Faults // what the reader of the request found wrong already
}

// LoginResult is what a login gives.
type LoginResult struct {
	Token   string
	Expires time.Time
	Account Account
	// DeviceToken, svcd_…, makes the device known at the next login, until DeviceExpires. It is empty where the result is not
	// that of a login.
	DeviceToken   string
	DeviceExpires time.Time
}

// Login issues a token for an e-mail and its password. ErrCredentials for a wrong, unknown or malformed
// e-mail, a wrong password and a disabled account, all after the same work, so that the client does not learn which
// it was; ErrTooMany, likewise, after too many of these; ErrInvalid for an empty password.
//
// An audience that no service declares is ErrInvalid, which is said to those alone who know a password.
func (s *Service) Login(ctx context.Context, in LoginRequest) (LoginResult, error) {
	proven, err := s.authenticateLogin(ctx, in)
	if err != nil {
		return LoginResult{}, err
	}
	result, err := s.signUntil(proven.access, ID{}, proven.narrowing, s.tokenEnd())
	if err != nil {
		return LoginResult{}, err
	}
	return s.withDevice(ctx, result, proven)
}

// provenLogin is a login whose password was right.
type provenLogin struct {
	access    Access
	narrowing Narrowing
	device    device
}

// authenticateLogin decides about a login. Its errors are those of Login.
func (s *Service) authenticateLogin(ctx context.Context, in LoginRequest) (provenLogin, error) {
	name := in.Found.readAudience("audience", in.Audience)
	access, device, err := s.authenticatePassword(ctx, in)
	if err != nil {
		return provenLogin{}, err
	}
	narrowing, err := s.narrowingAsked(ctx, "audience", name)
	return provenLogin{access, narrowing, device}, err
}

// withDevice completes the result of a login by the token of its device.
func (s *Service) withDevice(ctx context.Context, r LoginResult, l provenLogin) (_ LoginResult, err error) {
	r.DeviceToken, r.DeviceExpires, err = s.deviceToken(ctx, r.Account.ID, l.device)
	return r, err
}

// authenticatePassword returns the access of the account that has an e-mail and its password, and the device of the login.
// Its errors are those of Login.
func (s *Service) authenticatePassword(ctx context.Context, in LoginRequest) (Access, device, error) {
	in.Found.noNUL("email", in.Email)
	presented := in.Found.presentedPassword("password", in.Password)
	if err := in.Found.Err(); err != nil {
		return Access{}, device{}, err
	}
	account, hash, err := s.accountFor(ctx, in.Email)
	if err != nil {
		return Access{}, device{}, err
	}
	from, err := s.knownDevice(ctx, account.ID, in.Device)
	if err != nil {
		return Access{}, device{}, err
	}
	count := s.counting(ctx, Attempt{
		Kind: AttemptLogin, Address: in.From.Address, Email: countedEmail(in.Email), Account: account.ID, Device: from.name(),
	})
	var access Access
	err = count.run(func() (err error) {
		access, err = s.comparePassword(ctx, count, account, hash, presented)
		if errors.Is(err, errReplaced) {
			// Most often by another login, which has upgraded the hash of the same password: a second look tells. Only a
			// client that knows a password of the account gets here, so the time that it takes tells nothing.
			if account, hash, err = s.accountFor(ctx, in.Email); err == nil {
				access, err = s.comparePassword(ctx, count, account, hash, presented)
			}
		}
		return err
	})
	return access, from, err
}

// countedEmail is the form of an e-mail in which failed logins are counted: that in which addresses are compared, and the
// text itself if it is none.
func countedEmail(text string) string {
	if address, err := ParseEmail(text); err == nil {
		return address.Canonical()
	}
	return text
}

// errReplaced is why a login failed whose password matched a hash that was then no longer the stored one.
var errReplaced = errors.New("the hash was replaced while it was compared")

func (s *Service) comparePassword(ctx context.Context, count *counting, account Account, hash PasswordHash, presented Password) (Access, error) {
	check, err := s.checkPassword(ctx, PurposeLogin, count, account.ID, hash, presented)
	if err != nil {
		return Access{}, err
	}
	if !check.Match || !account.Active {
		return Access{}, credentials()
	}
	if check.Outdated {
		why := PurposeUpgrade
		if check.Marked {
			why = PurposeLogin
		}
		hash = s.upgrade(ctx, why, account, hash, presented)
	}
	return s.accessVerified(ctx, account.ID, hash)
}

// checkPassword compares a password with the hash of an account, whose id is zero where there is none, once it is counted.
func (s *Service) checkPassword(ctx context.Context, why Purpose, count *counting, account ID, h PasswordHash, p Password) (PasswordCheck, error) {
	check, err := s.Passwords.Check(ctx, why, count.reserve, h, p)
	if err == nil && check.Unreadable && !account.IsZero() && s.UnreadableHash != nil {
		s.UnreadableHash(account)
	}
	return check, err
}

// accountFor finds the account and hash to compare with; nothing at all for an address that no account has, which
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
func (s *Service) upgrade(ctx context.Context, why Purpose, a Account, old PasswordHash, p Password) PasswordHash {
	fresh, err := s.Passwords.Hash(ctx, why, p)
	if err != nil {
		return old
	}
	err = s.Store.InRowTx(ctx, func(tx RowTx) error {
		replaced, err := tx.ReplacePasswordHash(ctx, a.ID, old, fresh)
		if err != nil || !replaced || len(s.Recorders) == 0 {
			return err
		}
		return s.record(ctx, tx, s.attribute(a.Subject(), s.now(), []Event{hashUpgraded(a)}))
	})
	if err != nil {
		return old
	}
	return fresh
}

// accessVerified returns the access of an account whose password was just found to match verified. Comparing takes long
// enough for the account to be disabled, or its password changed, meanwhile: the state that counts is the one
// read here, after it.
func (s *Service) accessVerified(ctx context.Context, id ID, verified PasswordHash) (Access, error) {
	access, err := s.Store.Access(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Access{}, credentials()
	}
	if err != nil {
		return Access{}, err
	}
	current, err := s.Store.PasswordHash(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Access{}, credentials()
	}
	if err != nil {
		return Access{}, err
	}
	if !access.Account.Active {
		return Access{}, credentials()
	}
	if current != verified {
		return Access{}, refusedLogin(errReplaced)
	}
	return access, nil
}

// sign issues a token without a session that says what access shows.
func (s *Service) sign(access Access) (LoginResult, error) {
	return s.signUntil(access, ID{}, Narrowing{}, s.tokenEnd())
}

// tokenEnd is when a token without a session expires that is issued now.
func (s *Service) tokenEnd() time.Time { return s.Now().UTC().Truncate(time.Second).Add(s.TokenLife) }

// signUntil issues a token that says what access shows, as far as the narrowing lets it, for a session unless its id is
// zero, which expires at a time.
func (s *Service) signUntil(access Access, session ID, n Narrowing, expires time.Time) (LoginResult, error) {
	now := s.Now().UTC().Truncate(time.Second)
	role := access.Account.Role.ID
	claims := Claims{
		Subject:     access.Account.ID,
		TokenID:     s.NewID(),
		IssuedAt:    now,
		NotBefore:   now,
		Expires:     expires,
		Version:     access.Account.TokenVersion,
		Email:       access.Account.Email.String(),
		RoleID:      role,
		Roles:       texts(access.Graph.Chain(role)),
		Permissions: texts(n.narrowed(access.Graph.Effective(role))),
		Session:     session,
		Narrowing:   n,
	}
	token, whole, err := s.Tokens.Issue(claims)
	if err != nil {
		return LoginResult{}, err
	}
	if !whole && s.PermissionsOmitted != nil {
		s.PermissionsOmitted(access.Account.Role)
	}
	return LoginResult{Token: token, Expires: claims.Expires, Account: access.Account}, nil
}

func credentials() error { return refusedLogin(nil) }

// refusedLogin is the one answer to every login that fails. The cause is for the log.
func refusedLogin(cause error) error {
	return &Error{Kind: ErrCredentials, Message: "Invalid credentials.", Cause: cause}
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
