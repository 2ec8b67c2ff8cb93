package users

import (
	"context"
	"time"
)

// Account is a person who can log in, or a program; see ServiceAccount. It never carries the password hash; that travels
// alone.
type Account struct {
	ID    ID
	Kind  SubjectKind // SubjectPerson or SubjectService
	Email Email       // of a person
	Name  AccountName // of a program
	Role  Role
	// Active is false while the account is disabled: it can't log in and none of its tokens counts.
	Active bool
	// TokenVersion is the claim ver of the tokens that count, from 1. A disable and a password change raise
	// it to nextTokenVersion, so that every older token is dead at once and stays dead.
	TokenVersion int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// NewAccount is what it takes to create an account, as the request gave it.
type NewAccount struct {
	Email    string
	Password string
	RoleID   string
	Active   *bool // nil means true
	Found    Faults
}

// AccountPatch is a change of an account, as the request gave it; nil leaves a field alone.
type AccountPatch struct {
	Email    *string
	Password *string
	RoleID   *string
	Active   *bool
	Found    Faults
}

// PasswordChange is an account's own change of its password.
type PasswordChange struct {
	Current string
	New     string
	Found   Faults
}

// EmailChange is an account's own change of its e-mail.
type EmailChange struct {
	Current string // password
	Email   string
	Found   Faults
}

// AccountFilter chooses accounts of people; zero fields choose all.
type AccountFilter struct {
	Email  Email  // this very address, in canonical form
	Query  string // part of the canonical address, already in canonical form; one or two characters match its beginning
	RoleID ID
	Active *bool
}

// AccountReader reads accounts.
type AccountReader interface {
	// Account returns an account of either kind. ErrNotFound for an unknown id.
	Account(ctx context.Context, id ID) (Account, error)
	// AccountByEmail returns also the stored hash. The address is compared in canonical form. ErrNotFound.
	AccountByEmail(ctx context.Context, e Email) (Account, PasswordHash, error)
	// CountRoleHolders counts the accounts of either kind with a role: all, or those that are active.
	CountRoleHolders(ctx context.Context, role ID, active bool) (int, error)
	// Accounts returns at most list.Limit accounts of the filter, in the order of list, after list.After and
	// past list.Offset.
	Accounts(ctx context.Context, f AccountFilter, list List) ([]Account, error)
	// CountAccounts counts the accounts of the filter, giving up at limit when limit > 0.
	CountAccounts(ctx context.Context, f AccountFilter, limit int) (int, error)
	// PasswordHash returns ErrNotFound for an unknown id.
	PasswordHash(ctx context.Context, id ID) (PasswordHash, error)
	// DemoPasswords returns the e-mails of the accounts whose password is marked as a published one, sorted.
	DemoPasswords(ctx context.Context) ([]Email, error)
}

// AccountWriter changes accounts, inside a transaction.
type AccountWriter interface {
	// InsertAccount adds a person. ErrTaken for an address that exists, ErrBadReference for an unknown role.
	InsertAccount(ctx context.Context, a Account, h PasswordHash) error
	// InsertAccounts adds people, all or none, with far fewer statements. Errors as InsertAccount; ErrTaken also for an id.
	InsertAccounts(ctx context.Context, list []ImportedAccount) error
	// UpdateAccount writes all fields but ID, Kind, CreatedAt. ErrTaken and ErrBadReference as above, ErrNotFound.
	UpdateAccount(ctx context.Context, a Account) error
	// SetPasswordHash takes away the mark of MarkDemoPassword. ErrNotFound for an unknown id.
	SetPasswordHash(ctx context.Context, id ID, h PasswordHash) error
	// DeleteAccount deletes an account of either kind. ErrNotFound for an unknown id.
	DeleteAccount(ctx context.Context, id ID) error
	// MarkDemoPassword notes that the account's password is a published one. ErrNotFound for an unknown id.
	MarkDemoPassword(ctx context.Context, id ID) error
}

// EmailChangeLog remembers, inside a transaction, when accounts changed their own e-mail or tried to.
type EmailChangeLog interface {
	// EmailChanges returns when an account did so after a time, the oldest first.
	EmailChanges(ctx context.Context, account ID, after time.Time) ([]time.Time, error)
	// AddEmailChange adds one more.
	AddEmailChange(ctx context.Context, account ID, at time.Time) error
}

// nextTokenVersion is the version after this one: the seconds since 1970, so that a version which a restored backup
// or a lossy failover has taken back does not come again with another password; and always a higher one.
func (a Account) nextTokenVersion(now time.Time) int64 { return max(a.TokenVersion+1, now.Unix()) }

// isService reports whether the account is of a program.
func (a Account) isService() bool { return a.Kind == SubjectService }

// Label is what the account is called: the e-mail of a person as it was typed, such as ada@example.com, or the name of a
// program, such as orders-worker.
func (a Account) Label() string {
	if a.isService() {
		return string(a.Name)
	}
	return a.Email.String()
}
