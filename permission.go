package users

import (
	"context"
	"slices"
	"time"
)

// Permission is a right that roles can hold. What it means is up to the services that ask for it.
type Permission struct {
	ID          ID
	Name        PermissionName
	Description *string     // nil is none
	System      bool        // this service itself has made it
	Owner       ServiceName // the service that declares it; empty is none
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// The system permissions: they guard this service's own API and can be neither renamed nor deleted.
const (
	AccountsCreate    PermissionName = "accounts:create"
	AccountsRead      PermissionName = "accounts:read"
	AccountsUpdate    PermissionName = "accounts:update"
	AccountsDelete    PermissionName = "accounts:delete"
	RolesCreate       PermissionName = "roles:create"
	RolesRead         PermissionName = "roles:read"
	RolesUpdate       PermissionName = "roles:update"
	RolesDelete       PermissionName = "roles:delete"
	PermissionsCreate PermissionName = "permissions:create"
	PermissionsRead   PermissionName = "permissions:read"
	PermissionsUpdate PermissionName = "permissions:update"
	PermissionsDelete PermissionName = "permissions:delete"
	TokensIntrospect  PermissionName = "tokens:introspect"
	ChangesRead       PermissionName = "changes:read"
	SessionsRead      PermissionName = "sessions:read"
	SessionsDelete    PermissionName = "sessions:delete"
	KeysRead          PermissionName = "keys:read"
	KeysManage        PermissionName = "keys:manage"

	ServiceAccountsCreate PermissionName = "service-accounts:create"
	ServiceAccountsRead   PermissionName = "service-accounts:read"
	ServiceAccountsUpdate PermissionName = "service-accounts:update"
	ServiceAccountsDelete PermissionName = "service-accounts:delete"
	APIKeysRead           PermissionName = "api-keys:read"
	APIKeysDelete         PermissionName = "api-keys:delete"

	AccountsImpersonate PermissionName = "accounts:impersonate"
	ThrottlesRead       PermissionName = "throttles:read"
	ThrottlesDelete     PermissionName = "throttles:delete"
)

// SystemPermission is a permission that every database of this service has.
type SystemPermission struct {
	Name        PermissionName
	Description string
}

// SystemPermissions lists them in the order in which they are made.
func SystemPermissions() []SystemPermission {
	return []SystemPermission{
		{AccountsCreate, "Create accounts"},
		{AccountsRead, "Read accounts"},
		{AccountsUpdate, "Change accounts"},
		{AccountsDelete, "Delete accounts"},
		{RolesCreate, "Create roles"},
		{RolesRead, "Read roles"},
		{RolesUpdate, "Change roles, assign and remove their permissions"},
		{RolesDelete, "Delete roles"},
		{PermissionsCreate, "Create permissions"},
		{PermissionsRead, "Read permissions"},
		{PermissionsUpdate, "Change permissions"},
		{PermissionsDelete, "Delete permissions"},
		{TokensIntrospect, "Introspect tokens"},
		{ChangesRead, "Read the change feed"},
		{SessionsRead, "Read the sessions of other accounts"},
		{SessionsDelete, "End the sessions of other accounts"},
		{KeysRead, "Read signing keys, never their private parts"},
		{KeysManage, "Rotate, revoke and re-encrypt signing keys"},
		{ServiceAccountsCreate, "Create service accounts"},
		{ServiceAccountsRead, "Read service accounts"},
		{ServiceAccountsUpdate, "Change service accounts and their credentials"},
		{ServiceAccountsDelete, "Delete service accounts"},
		{APIKeysRead, "Read the API keys of other accounts, never their secrets"},
		{APIKeysDelete, "End the API keys of other accounts"},
		{AccountsImpersonate, "Get short-lived tokens of other accounts, which name the impersonator"},
		{ThrottlesRead, "Read the throttles of logins and other attempts"},
		{ThrottlesDelete, "Lift the throttles of logins and other attempts"},
	}
}

// System reports whether p guards this service's own API.
func (p PermissionName) System() bool {
	return slices.ContainsFunc(SystemPermissions(), func(s SystemPermission) bool { return s.Name == p })
}

// NewPermission is what it takes to create a permission, as the request gave it.
type NewPermission struct {
	Name        string
	Description *string
	Owner       ServiceName // of a declaration
	Kept        Kept        // of an import
	Found       Faults
}

// PermissionPatch is a change of a permission, as the request gave it.
type PermissionPatch struct {
	Name        *string           // nil leaves it alone
	Description Optional[*string] // to nil empties it
	Owner       ServiceName       // of a declaration; empty leaves it alone
	Found       Faults
}

// PermissionWriter changes permissions, inside a transaction.
type PermissionWriter interface {
	// InsertPermission returns ErrTaken for a name that exists.
	InsertPermission(ctx context.Context, p Permission) error
	// UpdatePermission writes all fields but ID, System and CreatedAt. ErrTaken, ErrNotFound.
	UpdatePermission(ctx context.Context, p Permission) error
	// DeletePermission also takes it from every role. ErrNotFound.
	DeletePermission(ctx context.Context, id ID) error
}
