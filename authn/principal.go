package authn

import (
	"context"
	"slices"
	"time"
)

// Principal is who a request is made by and what they may do.
type Principal struct {
	// Account is the id of the account: a UUID, the same for as long as the account exists.
	Account string
	// Email is the account's address when the token was issued. It is for showing; whom a thing belongs to is
	// remembered by Account.
	Email string
	// Roles are names: the account's own role first, then those it inherits from, nearest first, as of when the
	// token was issued. While changes are heard it is the own role of now, alone.
	Roles []string
	// Permissions are the names of all that the account may do, sorted: while changes are heard as of now, else as
	// of when the token was issued. The slice is shared and must not be changed.
	Permissions []string
	// PermissionsOmitted says that the token was too small for the list, so that Permissions is empty and says
	// nothing. It is never true while changes are heard.
	PermissionsOmitted bool
	// Live says that changes are heard, so that Permissions and Roles are what they are now.
	Live bool

	TokenID           string // of this token, a UUID
	IssuedAt, Expires time.Time
}

// Can reports whether the account has a permission.
func (p Principal) Can(permission string) bool { return slices.Contains(p.Permissions, permission) }

// admitted is what a request's context holds: who was admitted, and by which verifier, since one must not take
// the word of another that trusts somebody else.
type admitted struct {
	principal Principal
	by        *Verifier
}

type contextKey struct{}

// From returns who the request of this context is made by; false where no middleware of this package admitted it.
func From(ctx context.Context) (Principal, bool) {
	a, ok := ctx.Value(contextKey{}).(admitted)
	return a.principal, ok
}

// NewContext returns a context in which From finds p, to test handlers without tokens. It opens nothing: Require
// and Middleware look at the token all the same.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, admitted{principal: p})
}
