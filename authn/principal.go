package authn

import (
	"context"
	"slices"
	"time"
)

// Principal is the account that sent a request, with its rights.
type Principal struct {
	// Account is the id of the account: a UUID, the same for as long as the account exists.
	Account string
	// Service says that it is a service account: the account of a program, which authenticated with its own credentials. Its
	// client_id is Account.
	Service bool
	// Email is the address of a person when the token was issued, empty for a service account. It is for display; store
	// Account to record an owner.
	Email string
	// Roles are role names. If Live is true, it is the account's own current role alone; else the own role when the
	// token was issued, followed by the roles it inherits from, nearest first. Empty if there is a Scope, or the token was
	// exchanged for another credential: code that decides by roles would take it for one that is not restricted.
	Roles []string
	// Scope is what the token is restricted to: sorted names of permissions; nil if it is not restricted. Permissions never
	// has more.
	Scope []string
	// Permissions are the names of all permissions of the account, sorted: the current ones if Live is true, else those
	// when the token was issued. The slice is shared and must not be changed.
	Permissions []string
	// PermissionsOmitted says that the list did not fit into the token, so that Permissions is empty whatever the
	// account holds: Verifier.Require then asks the service. It is never true if Live is.
	PermissionsOmitted bool
	// Live says that the change feed is up to date, so that Permissions and Roles are the current ones.
	Live bool

	TokenID string // of this token, a UUID
	// Actor is the account that acts for Account by this token, such as an administrator who impersonates it; nil if Account acts
	// by itself. Write it into the log beside Account.
	Actor *Actor
	// Session is the id of the session that the token belongs to, a UUID; empty for a token without a session.
	Session           string
	IssuedAt, Expires time.Time
}

// Can reports whether the account has a permission.
func (p Principal) Can(permission string) bool { return slices.Contains(p.Permissions, permission) }

// admitted is the value in a request's context: the principal, and the verifier that admitted it. Another verifier, which
// may trust another issuer, must not accept it.
type admitted struct {
	principal Principal
	by        *Verifier
}

type contextKey struct{}

// From returns the principal of the request with this context; false where no middleware of this package admitted it.
func From(ctx context.Context) (Principal, bool) {
	a, ok := ctx.Value(contextKey{}).(admitted)
	return a.principal, ok
}

// NewContext returns a context in which From finds p, to test handlers without tokens. It grants no access: Require and
// Middleware verify the token all the same.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, admitted{principal: p})
}
