package users

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ServiceToken is what a service account gets for its credentials (RFC 6749 §4.4).
type ServiceToken struct {
	Token   string // a JWT of RFC 9068
	Expires time.Time
	Life    time.Duration
	// Scope are the sorted names of what the token may be used for at this moment.
	Scope []PermissionName
}

// ErrScopeTooLong is what Tokens returns for a scope that a token has no room for.
var ErrScopeTooLong = errors.New("the scope does not fit into a token")

// IssueServiceToken issues an access token for a service account that was authenticated by its own credentials. The scope is
// that of RFC 6749 §3.3, names of permissions with a space between them, in any order: the token is then restricted to them.
// The empty scope restricts nothing: the token stands for what the account may do at each moment.
//
// ErrInvalid for a scope that is malformed, too long, or has what the account does not hold; ErrForbidden for a caller that
// was not authenticated by client credentials.
func (s *Service) IssueServiceToken(_ context.Context, c Caller, scope string) (ServiceToken, error) {
	if c.secret.IsZero() && !c.asserted || !c.Account.isService() {
		return ServiceToken{}, forbidden("Only a service account gets a token for its credentials.")
	}
	now := s.Now().UTC().Truncate(time.Second)
	role := c.Account.Role
	claims := Claims{
		Subject: c.Account.ID, TokenID: s.NewID(), IssuedAt: now, NotBefore: now, Expires: now.Add(s.Clients.TokenLife).Truncate(time.Second),
		Version: c.Account.TokenVersion, Service: true, RoleID: role.ID,
	}
	granted := c.Permissions()
	if scope == "" {
		claims.Roles = texts(c.Roles())
	} else {
		asked, err := c.requestedScope(scope)
		if err != nil {
			return ServiceToken{}, err
		}
		claims.Scope, granted = &asked, asked.Names()
	}
	claims.Permissions = texts(granted)
	token, whole, err := s.Tokens.Issue(claims)
	if errors.Is(err, ErrScopeTooLong) {
		return ServiceToken{}, invalidScope("The scope does not fit into a token; ask for fewer permissions.")
	}
	if err != nil {
		return ServiceToken{}, err
	}
	if !whole && s.PermissionsOmitted != nil {
		s.PermissionsOmitted(role)
	}
	return ServiceToken{Token: token, Expires: claims.Expires, Life: claims.Expires.Sub(now), Scope: granted}, nil
}

// requestedScope reads a scope that is not empty, all of which the caller must hold. Of a permission that does not exist the
// same is said as of one that the caller does not hold.
func (c Caller) requestedScope(text string) (Scope, error) {
	var names []PermissionName
	for field := range strings.SplitSeq(text, " ") {
		name, err := ParsePermissionName(field)
		if err != nil {
			return Scope{}, invalidScope("The scope must be names of permissions with one space between them.")
		}
		names = append(names, name)
	}
	scope := NewScope(names...)
	missing := slices.DeleteFunc(scope.Names(), c.May)
	if len(missing) == 0 {
		return scope, nil
	}
	more := ""
	if len(missing) > maxNamed {
		more = fmt.Sprintf(" and %d more", len(missing)-maxNamed)
		missing = missing[:maxNamed]
	}
	return Scope{}, invalidScope("The service account does not hold: " + strings.Join(texts(missing), ", ") + more)
}

// invalidScope is the refusal of a scope.
func invalidScope(message string) error {
	return &Error{Kind: ErrInvalid, Message: message, Faults: Faults{{"scope", message}}}
}
