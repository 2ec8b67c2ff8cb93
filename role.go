package users

import (
	"context"
	"errors"
	"time"
)

// AdminRole is the name of the system role: it holds every permission that exists, also those made later.
const AdminRole RoleName = "Admin"

// maxChain bounds the roles of a chain of inheritance, the own included: deep enough for any organisation,
// shallow enough that a token can name them all.
const maxChain = 16

var errChainTooLong = errors.New("must not make a chain of more than 16 roles, the own included")

// Role is a named set of permissions. It inherits every permission of its parent, the parent's parent, and so
// on (NIST RBAC, limited hierarchy: a role has one parent at most).
type Role struct {
	ID          ID
	Name        RoleName
	Description *string     // nil is none
	ParentID    ID          // zero is none
	System      bool        // the role Admin
	Owner       ServiceName // the service that declares it; empty is none
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// NewRole is what it takes to create a role, as the request gave it.
type NewRole struct {
	Name          string
	Description   *string
	ParentID      *string
	PermissionIDs []string
	Owner         ServiceName // of a declaration
	Kept          Kept        // of an import
	Found         Faults
}

// Kept is what a role or a permission keeps of the system that it comes from. Zero fields are made anew.
type Kept struct {
	ID                   ID
	CreatedAt, UpdatedAt time.Time
}

// orNew returns what is kept, and for the rest a new id and the time of now.
func (k Kept) orNew(s *Service, now time.Time) Kept {
	if k.ID.IsZero() {
		k.ID = s.NewID()
	}
	if k.CreatedAt.IsZero() {
		k.CreatedAt = now
	}
	if k.UpdatedAt.IsZero() {
		k.UpdatedAt = k.CreatedAt
	}
	return k
}

// RolePatch is a change of a role, as the request gave it.
type RolePatch struct {
	Name        *string           // nil leaves it alone
	Description Optional[*string] // to nil empties it
	ParentID    Optional[*string] // to nil makes it a root
	Owner       ServiceName       // of a declaration; empty leaves it alone
	Found       Faults
}

// PermissionAssignment names permissions to be added to a role, as the request gave it.
type PermissionAssignment struct {
	PermissionIDs []string
	Found         Faults
}

// Optional is a field that a request may set, to whatever To is, nothing included, or leave alone.
type Optional[T any] struct {
	Set bool
	To  T
}

// Assignment is a permission assigned to a role.
type Assignment struct {
	RoleID       ID
	PermissionID ID
}

// RoleWriter changes roles and what is assigned to them, inside a transaction.
type RoleWriter interface {
	// InsertRole returns ErrTaken for a name that exists in any case, ErrBadReference for an unknown parent.
	InsertRole(ctx context.Context, r Role) error
	// UpdateRole writes all fields but ID, System and CreatedAt. Errors as InsertRole, and ErrNotFound.
	UpdateRole(ctx context.Context, r Role) error
	// DeleteRole returns ErrInUse while an account holds it or a role inherits from it, ErrNotFound.
	DeleteRole(ctx context.Context, id ID) error
	// Assign adds permissions to a role; those it has are skipped. ErrBadReference for an unknown id.
	Assign(ctx context.Context, role ID, permissions []ID) error
	// Unassign takes a permission from a role. ErrNotFound where it is not assigned to this very role.
	Unassign(ctx context.Context, role, permission ID) error
}
