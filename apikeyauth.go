package users

import (
	"context"
	"errors"
)

// authenticateAPIKey returns the caller behind an API key. As with tokens, the cache is enough to accept a key, and the
// database is asked before one is refused. A text that is no key is refused without a query.
func (s *Service) authenticateAPIKey(ctx context.Context, text string) (Caller, error) {
	secret, ok := parseAPIKey(text)
	if !ok {
		return Caller{}, &Error{Kind: ErrUnauthenticated, Message: messageInvalidKey, Cause: errors.New("the API key is malformed")}
	}
	if found, ok := s.Store.CachedAPIKey(secret); ok {
		if caller, err := s.admitAPIKey(found); err == nil {
			s.Store.NoteAPIKeyUse(found.Key, s.now())
			caller.cached = true
			return caller, nil
		}
	}
	found, caller, err := s.findAPIKey(ctx, secret)
	if err != nil {
		return Caller{}, err
	}
	s.Store.NoteAPIKeyUse(found.Key, s.now())
	return caller, nil
}

// findAPIKey returns the key with a secret as the database has it now, and the caller that it stands for.
func (s *Service) findAPIKey(ctx context.Context, secret APIKeySecret) (APIKeyAccess, Caller, error) {
	found, err := s.Store.FindAPIKey(ctx, secret)
	if errors.Is(err, ErrNotFound) {
		return APIKeyAccess{}, Caller{}, refusedAPIKey(errors.New("there is no such API key"))
	}
	if err != nil {
		return APIKeyAccess{}, Caller{}, err
	}
	caller, err := s.admitAPIKey(found)
	return found, caller, err
}

// reloadAPIKey looks a caller with an API key up again, in the state that r sees.
func (s *Service) reloadAPIKey(ctx context.Context, r AccessReader, c Caller) (Caller, error) {
	found, err := r.APIKeyAccess(ctx, c.digest)
	if errors.Is(err, ErrNotFound) {
		return Caller{}, refusedAPIKey(errors.New("the API key has ended"))
	}
	if err != nil {
		return Caller{}, err
	}
	return s.admitAPIKey(found)
}

// admitAPIKey decides whether an account stands behind a key. The token version of the account is of no concern: a key
// outlives a change of the password, and while the account is disabled it is refused for that.
func (s *Service) admitAPIKey(found APIKeyAccess) (Caller, error) {
	access := found.Access
	switch {
	case found.Key.Account != access.Account.ID:
		return Caller{}, errors.New("an API key was read with another account than its own")
	case !found.Key.Live(s.Now()):
		return Caller{}, refusedAPIKey(errors.New("the API key has expired"))
	case !access.Account.Active:
		return Caller{}, refusedAPIKey(errors.New("the account of the API key is disabled"))
	}
	return Caller{
		Subject: access.Account.Subject(), Account: access.Account, APIKey: found.Key.ID, digest: found.Digest, scope: &found.Key.Scope,
		graph: access.Graph, revision: access.Revision,
	}, nil
}

// introspectAPIKey is Introspect for an API key.
func (s *Service) introspectAPIKey(ctx context.Context, text string) (Introspection, error) {
	secret, ok := parseAPIKey(text)
	if !ok {
		return Introspection{}, nil
	}
	found, bearer, err := s.findAPIKey(ctx, secret)
	if errors.Is(err, ErrUnauthenticated) {
		return Introspection{}, nil
	}
	if err != nil {
		return Introspection{}, err
	}
	s.Store.NoteAPIKeyUse(found.Key, s.now())
	i := s.introspected(bearer)
	i.Claims = Claims{Subject: bearer.Account.ID, TokenID: found.Key.ID, IssuedAt: found.Key.CreatedAt, Expires: found.Key.ExpiresAt}
	return i, nil
}

// RevokeAPIKey ends an API key that is presented, which is proof enough: whatever has found a key may end it. A text that
// is no key, and a key that has ended, are no errors.
func (s *Service) RevokeAPIKey(ctx context.Context, text string) error {
	secret, ok := parseAPIKey(text)
	if !ok {
		return nil
	}
	found, err := s.Store.FindAPIKey(ctx, secret)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.Store.InTx(ctx, func(tx Tx) error {
		owner, err := tx.Account(ctx, found.Key.Account)
		if err != nil {
			return err
		}
		return s.decide(ctx, tx, Caller{Subject: owner.Subject()}, func(c *Change) error {
			return endAPIKey(ctx, c, owner, found.Key)
		})
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

const messageInvalidKey = "The API key is not valid."

// refusedAPIKey is the one answer to every API key that does not count. The cause is for the log.
func refusedAPIKey(cause error) error {
	return &Error{Kind: ErrUnauthenticated, Message: messageInvalidKey, Cause: cause, Guess: true}
}
