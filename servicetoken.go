package users

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// IssuedToken is an access token that the token endpoint gives (RFC 6749 §5.1).
type IssuedToken struct {
	ID      ID     // jti
	Account ID     // whose token it is
	Act     *Actor // of the token; nil for none
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
func (s *Service) IssueServiceToken(_ context.Context, c Caller, scope string) (IssuedToken, error) {
	if c.secret.IsZero() && !c.asserted || !c.Account.isService() {
		return IssuedToken{}, forbidden("Only a service account gets a token for its credentials.")
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
		asked, err := c.requestedScope("The service account does not hold: ", scope)
		if err != nil {
			return IssuedToken{}, err
		}
		claims.Scope, granted = &asked, asked.Names()
	}
	claims.Permissions = texts(granted)
	token, whole, err := s.Tokens.Issue(claims)
	if errors.Is(err, ErrScopeTooLong) {
		return IssuedToken{}, invalidScope("The scope does not fit into a token; ask for fewer permissions.")
	}
	if err != nil {
		return IssuedToken{}, err
	}
	if !whole && s.PermissionsOmitted != nil {
		s.PermissionsOmitted(role)
	}
	return IssuedToken{ID: claims.TokenID, Account: c.Account.ID, Token: token, Expires: claims.Expires, Life: claims.Expires.Sub(now), Scope: granted}, nil
}

// requestedScope reads a scope that is not empty, all of which the caller must hold. Of a permission that does not exist the
// same is said as of one that the caller does not hold. missingOf begins the sentence that names what is missing.
func (c Caller) requestedScope(missingOf, text string) (Scope, error) {
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
	return Scope{}, invalidScope(missingOf + strings.Join(texts(missing), ", ") + more)
}

// invalidScope is the refusal of a scope.
func invalidScope(message string) error {
	return &Error{Kind: ErrInvalid, Message: message, Faults: Faults{{"scope", message}}}
}
