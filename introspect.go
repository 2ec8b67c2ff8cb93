package users

import (
	"context"
	"errors"
)

// Introspection says whether a token is valid, and whose it is (RFC 7662). The zero value is an invalid one.
type Introspection struct {
	Active    bool
	Claims    Claims
	Issuer    string
	Audiences []string
	// Account, Roles and Permissions are as the database has them now, whatever the token says.
	Account     Account
	Roles       []RoleName // the own role first, then those it inherits from, nearest first
	Permissions []PermissionName
}

// Introspect needs tokens:introspect. A token that would not be taken here is not active, whatever the reason:
// the caller is told no more than that.
func (s *Service) Introspect(ctx context.Context, c Caller, token string) (Introspection, error) {
	if _, err := s.Authorize(ctx, c, TokensIntrospect); err != nil {
		return Introspection{}, err
	}
	claims, err := verifyToken(ctx, s, token, s.Tokens.Verify)
	var bearer Caller
	if err == nil {
		bearer, err = s.load(ctx, s.Store, Bearer{Account: claims.Subject, Version: claims.Version, Session: claims.Session, Key: claims.Key})
	}
	switch {
	case errors.Is(err, ErrUnauthenticated):
		return Introspection{}, nil // an answer, and no failure
	case err != nil:
		return Introspection{}, err
	}
	i := Introspection{Active: true, Claims: claims, Account: bearer.Account}
	i.Issuer, i.Audiences = s.Tokens.IssuerAudience()
	i.Roles, i.Permissions = bearer.graph.Chain(bearer.Account.Role.ID), bearer.Permissions()
	return i, nil
}
