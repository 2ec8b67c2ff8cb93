package users

import (
	"context"
	"slices"
	"strconv"
)

// PermissionCheck asks which permissions an account has, as the request gave it.
type PermissionCheck struct {
	AccountID   *string // nil is the caller's own
	Permissions []string
	Found       Faults
}

// CheckResult is what an account may do.
type CheckResult struct {
	Account     Account
	Permissions []CheckedPermission // those that were asked for, in their order
}

// CheckedPermission is the answer about one permission.
type CheckedPermission struct {
	Name    PermissionName
	Allowed bool
}

// All reports whether every permission that was asked for is allowed.
func (r CheckResult) All() bool {
	return !slices.ContainsFunc(r.Permissions, func(p CheckedPermission) bool { return !p.Allowed })
}

// Check says which permissions the caller has, or another account, which needs accounts:read. A permission that
// does not exist is one that no account has; a disabled account has none. ErrInvalid also for an account that does
// not exist, ErrForbidden before it is looked up.
func (s *Service) Check(ctx context.Context, c Caller, in PermissionCheck) (CheckResult, error) {
	if in.AccountID != nil {
		var err error
		if c, err = s.Authorize(ctx, c, AccountsRead); err != nil {
			return CheckResult{}, err
		}
	}
	faults := slices.Clone(in.Found)
	names := faults.permissionNames("permissions", in.Permissions)
	var target Access
	if in.AccountID != nil {
		var err error
		if target, err = s.target(ctx, &faults, "account_id", *in.AccountID); err != nil {
			return CheckResult{}, err
		}
	}
	if err := faults.Err(); err != nil {
		return CheckResult{}, err
	}
	if in.AccountID != nil {
		return checked(names, target.Account, target.may), nil
	}
	result := checked(names, c.Account, c.May)
	if c.cached && !result.All() {
		latest, err := s.Fresh(ctx, c)
		if err != nil {
			return CheckResult{}, err
		}
		result = checked(names, latest.Account, latest.May)
	}
	return result, nil
}

func checked(names []PermissionName, a Account, may func(PermissionName) bool) CheckResult {
	result := CheckResult{Account: a, Permissions: make([]CheckedPermission, len(names))}
	for i, name := range names {
		result.Permissions[i] = CheckedPermission{name, a.Active && may(name)}
	}
	return result
}

// may reports whether the role of the account holds a permission.
func (a Access) may(p PermissionName) bool { return a.Graph.May(a.Account.Role.ID, p) }

// ForwardRequest is what a proxy wants of a caller before it lets a request through, as the proxy gave it.
type ForwardRequest struct {
	Field       string // what a fault is to be named by
	Permissions []string
	Found       Faults
}

// ForwardResult is what a proxy is told of a caller that it may let through.
type ForwardResult struct {
	Account  Account
	Roles    []RoleName // see Caller.Roles
	Required []PermissionName
}

// maxRequired is how many permissions a proxy can want at once: all are in one header field of the answer.
const maxRequired = 100

// Forward lets a caller through who has all required permissions; where none is required, any caller whose token is not
// for a declared audience: the service behind the proxy might be another one. ErrForbidden, ErrInvalid, ErrUnauthenticated.
func (s *Service) Forward(ctx context.Context, c Caller, in ForwardRequest) (ForwardResult, error) {
	faults := slices.Clone(in.Found)
	if len(in.Permissions) > maxRequired {
		faults.Add(in.Field, "must name at most "+strconv.Itoa(maxRequired)+" permissions")
	}
	names := make([]PermissionName, len(in.Permissions))
	for i, text := range in.Permissions {
		names[i] = faults.PermissionName(in.Field, text)
	}
	if err := faults.Err(); err != nil {
		return ForwardResult{}, err
	}
	if len(names) == 0 {
		if err := c.narrowing.refuse(); err != nil {
			return ForwardResult{}, err
		}
	}
	c, err := s.Authorize(ctx, c, names...)
	if err != nil {
		return ForwardResult{}, err
	}
	return ForwardResult{Account: c.Account, Roles: c.Roles(), Required: names}, nil
}
