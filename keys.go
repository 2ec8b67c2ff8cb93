package users

import (
	"context"
	"errors"
	"time"
)

// ErrUnknownKey is what Tokens returns, wrapped, for a token whose key id is not among the keys.
var ErrUnknownKey = errors.New("kid is not one of ours")

// Keyring follows the signing keys that the database holds. A token is valid only while its key is, on every replica, so
// what a replica knows of the keys is held against the database as accounts are: by a stamp that changes with them; see
// Access.Keys. Both methods return ErrUnavailable when the keys cannot be read.
type Keyring interface {
	// Accepts reports whether tokens are valid that a key has signed, by its kid, at a stamp or later.
	Accepts(ctx context.Context, key, stamp string) (bool, error)
	// Refresh returns when the keys were read as they are after the call. It is for tokens of an unknown key, and is slow
	// where such tokens are many.
	Refresh(ctx context.Context) error
}

// verifyToken verifies a token by a method of Tokens. The key of one that seems unknown may just have been made by another
// replica: then the keys are read anew first. ErrUnauthenticated for a token that is not valid, ErrUnavailable.
func verifyToken[T any](ctx context.Context, s *Service, token string, verify func(string, time.Time) (T, error)) (T, error) {
	found, err := verify(token, s.Now())
	if errors.Is(err, ErrUnknownKey) && s.Keyring != nil {
		if err := s.Keyring.Refresh(ctx); err != nil {
			return found, err
		}
		found, err = verify(token, s.Now())
	}
	if err != nil {
		return found, unauthenticated(err)
	}
	return found, nil
}

// refuseRevokedKey is ErrUnauthenticated if the key of a token is no longer valid in the state that access shows.
func (s *Service) refuseRevokedKey(ctx context.Context, access Access, b Bearer) error {
	if s.Keyring == nil {
		return nil
	}
	valid, err := s.Keyring.Accepts(ctx, b.Key, access.Keys)
	if err == nil && !valid {
		err = unauthenticated(errors.New("the key of the token was revoked, or has expired"))
	}
	return err
}
