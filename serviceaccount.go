package users

import (
	"context"
	"errors"
	"regexp"
)

// AccountName is the name of a service account: 1 to 100 characters of a-z, 0-9, hyphen, dot and underscore, which begins
// and ends with a letter or a digit, such as orders-worker. It is unique among service accounts. No e-mail is one.
type AccountName string

var accountNamePattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?$`)

// ParseAccountName reads a service account's name. The error is one sentence that does not repeat it.
func ParseAccountName(s string) (AccountName, error) {
	if !accountNamePattern.MatchString(s) {
		return "", errors.New("must have 1 to 100 characters of a-z, 0-9, -, . and _, and begin and end with a letter or a digit")
	}
	return AccountName(s), nil
}

// ServiceAccount is the account of a program: it has a name in place of an e-mail and no password, so that it never logs in.
// In everything else it is an account: it has a role, can be disabled, and its rights are those of the moment.
type ServiceAccount struct {
	Account
	Description *string // nil is none
	Owner       Owner
}

// Owner answers for a service account: an account or a service that declares it; the zero Owner is none. It gives no
// rights.
type Owner struct {
	Account ID          // zero once the account is deleted
	Service ServiceName // of a declaration
}

// NewServiceAccount is what it takes to create a service account, as the request gave it.
type NewServiceAccount struct {
	Name        string
	Description *string
	RoleID      string
	OwnerID     *string     // nil is the caller's account
	Owner       ServiceName // of a declaration, in place of an account
	Active      *bool       // nil means true
	Found       Faults
}

// ServiceAccountPatch is a change of a service account, as the request gave it; nil leaves a field alone.
type ServiceAccountPatch struct {
	Name        *string
	Description Optional[*string] // to nil empties it
	RoleID      *string
	OwnerID     Optional[*string] // to nil leaves it without an owner
	Owner       ServiceName       // of a declaration; empty leaves it alone
	Active      *bool
	Found       Faults
}

// ServiceAccountFilter chooses service accounts; zero fields choose all.
type ServiceAccountFilter struct {
	Name       AccountName // this very name
	Query      string      // part of the name, in lower case; one or two characters match its beginning
	RoleID     ID
	OwnerID    ID
	DeclaredBy ServiceName
	Active     *bool
}

// ServiceAccountReader reads service accounts.
type ServiceAccountReader interface {
	// ServiceAccount returns ErrNotFound for an id that is of no service account.
	ServiceAccount(ctx context.Context, id ID) (ServiceAccount, error)
	// ServiceAccounts returns at most list.Limit service accounts of the filter, in the order of list, after list.After
	// and past list.Offset.
	ServiceAccounts(ctx context.Context, f ServiceAccountFilter, list List) ([]ServiceAccount, error)
	// CountServiceAccounts counts the service accounts of the filter, giving up at limit when limit > 0.
	CountServiceAccounts(ctx context.Context, f ServiceAccountFilter, limit int) (int, error)
}

// ServiceAccountWriter changes service accounts, inside a transaction. They are deleted as other accounts are.
type ServiceAccountWriter interface {
	// InsertServiceAccount returns ErrTaken for a name that exists, ErrBadReference for an unknown role or owner.
	InsertServiceAccount(ctx context.Context, a ServiceAccount) error
	// UpdateServiceAccount writes all fields but ID, Kind and CreatedAt. Errors as above, and ErrNotFound.
	UpdateServiceAccount(ctx context.Context, a ServiceAccount) error
}
