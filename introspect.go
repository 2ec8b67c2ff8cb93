package users

import (
	"context"
	"errors"
	"strings"
)

// Introspection says whether a token is valid, and whose it is (RFC 7662). The zero value is an invalid one.
type Introspection struct {
	Active    bool
	Claims    Claims
	Issuer    string
	Audiences []string
	// Account, Roles and Permissions are as the database has them now, whatever the token says; but a token for a declared
	// audience has no permission beyond its prefix.
	Account     Account
	Roles       []RoleName // see Caller.Roles
	Permissions []PermissionName
}

// Introspect needs tokens:introspect. The token may be an API key, whose Claims have Subject, TokenID (its id), IssuedAt and
// Expires alone, the last of which is zero if it does not expire. A token that would not be taken here is not active, whatever the reason:
// the caller is told no more than that.
func (s *Service) Introspect(ctx context.Context, c Caller, token string) (Introspection, error) {
	if _, err := s.Authorize(ctx, c, TokensIntrospect); err != nil {
		return Introspection{}, err
	}
	if strings.HasPrefix(token, APIKeyPrefix) {
		return s.introspectAPIKey(ctx, token)
	}
	claims, err := verifyToken(ctx, s, token, s.Tokens.Verify)
	var bearer Caller
	if err == nil {
		bearer, err = s.load(ctx, s.Store, claims.Bearer())
	}
	switch {
	case errors.Is(err, ErrUnauthenticated):
		return Introspection{}, nil // an answer, and no failure
	case err != nil:
		return Introspection{}, err
	}
	i := s.introspected(bearer)
	i.Claims = claims
	if n := claims.Narrowing; !n.IsZero() {
		i.Audiences = []string{string(n.Audience)}
	}
	return i, nil
}

// introspected is what is told of the bearer of a valid token or API key, but for its claims.
func (s *Service) introspected(bearer Caller) Introspection {
	i := Introspection{Active: true, Account: bearer.Account, Roles: bearer.Roles(), Permissions: bearer.Permissions()}
	i.Issuer, i.Audiences = s.Tokens.IssuerAudience()
	return i
}
