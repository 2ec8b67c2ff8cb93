package users

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// NewAPIKey is what it takes to make an API key, as the request gave it.
type NewAPIKey struct {
	Name        string
	Permissions []string
	// Expires is not Set for the usual life, and leads to nil for a key that does not expire.
	Expires Optional[*time.Time]
	Found   Faults
}

// MadeAPIKey is an API key with its text, which is kept nowhere.
type MadeAPIKey struct {
	APIKey
	Text string // svck_…
}

// OwnAPIKeys returns the caller's own API keys that are live, the newest first. ErrForbidden for a caller with an API key.
func (s *Service) OwnAPIKeys(ctx context.Context, c Caller) ([]APIKey, error) {
	if err := c.RefuseRestricted(); err != nil {
		return nil, err
	}
	return s.Store.APIKeys(ctx, c.Account.ID, s.now())
}

// OwnAPIKey returns one of the caller's own API keys. ErrNotFound for an id that is none of theirs, and for one that has
// expired; ErrForbidden for a caller with an API key.
func (s *Service) OwnAPIKey(ctx context.Context, c Caller, id string) (APIKey, error) {
	keys, err := s.OwnAPIKeys(ctx, c)
	if err != nil {
		return APIKey{}, err
	}
	return pickAPIKey(keys, id)
}

// CreateAPIKey makes an API key for the caller. ErrInvalid; ErrForbidden for a permission that the caller does not hold, and
// for a caller with an API key; ErrConflict for a name that one of their keys has, and for too many.
func (s *Service) CreateAPIKey(ctx context.Context, c Caller, in NewAPIKey) (MadeAPIKey, error) {
	var made MadeAPIKey
	err := s.Change(ctx, c, "", func(tx *Change) error {
		var err error
		made, err = s.createAPIKey(ctx, tx, tx.Caller.Account, in)
		return err
	})
	return made, err
}

// createAPIKey makes an API key for an account.
func (s *Service) createAPIKey(ctx context.Context, tx *Change, owner Account, in NewAPIKey) (MadeAPIKey, error) {
	faults := slices.Clone(in.Found)
	key := APIKey{ID: s.NewID(), Account: owner.ID, CreatedAt: tx.Now}
	key.Name = string(faults.RoleName("name", in.Name)) // spelled alike
	key.Scope = faults.scope(tx.Caller.graph, "permissions", in.Permissions)
	key.ExpiresAt = faults.expiry("expires_at", in.Expires, s.APIKeys, tx.Now)
	if err := faults.Err(); err != nil {
		return MadeAPIKey{}, err
	}
	held := key.Scope.in(tx.Caller.graph)
	if err := tx.Caller.lacking("A key can't have what its account does not hold: ", held.minus(tx.Caller.graph.node(owner.Role.ID).effective)); err != nil {
		return MadeAPIKey{}, err
	}
	keys, err := tx.APIKeys(ctx, owner.ID, tx.Now)
	if err != nil {
		return MadeAPIKey{}, err
	}
	for _, other := range keys {
		if other.Successor.IsZero() && foldText(other.Name) == foldText(key.Name) {
			return MadeAPIKey{}, conflict("An API key with this name already exists.")
		}
	}
	return s.insertAPIKey(ctx, tx, owner, keys, key)
}

// insertAPIKey draws the secret of a key and makes it, if it is not one too many beside the others.
func (s *Service) insertAPIKey(ctx context.Context, tx *Change, owner Account, others []APIKey, key APIKey) (MadeAPIKey, error) {
	if len(others) >= maxAPIKeys {
		return MadeAPIKey{}, conflict(fmt.Sprintf("There are %d API keys, and an account can have at most %d; end one first.", len(others), maxAPIKeys))
	}
	var secret APIKeySecret
	s.Random(secret[:])
	text := secret.reveal()
	key.LastFour, key.Warned = text[len(text)-4:], key.warnedWhenMade()
	if err := tx.InsertAPIKey(ctx, key, secret); err != nil {
		return MadeAPIKey{}, err
	}
	tx.Record(apiKeyCreated(owner, key))
	return MadeAPIKey{APIKey: key, Text: text}, nil
}

// APIKeyRotation is how an API key is replaced, as the request gave it.
type APIKeyRotation struct {
	// Overlap is how long the old key lives on, "0s" or from "10m" to "30d", such as "36h"; nil is standardOverlap.
	Overlap *string
	Found   Faults
}

// RotateAPIKey makes a successor to one of the caller's own API keys, with its name, scope and life. ErrInvalid, ErrNotFound;
// ErrConflict for a key that has a successor, and for too many; ErrForbidden for a caller with an API key.
func (s *Service) RotateAPIKey(ctx context.Context, c Caller, id string, in APIKeyRotation) (MadeAPIKey, error) {
	var made MadeAPIKey
	err := s.Change(ctx, c, "", func(tx *Change) error {
		var err error
		made, err = s.rotateAPIKey(ctx, tx, tx.Caller.Account, id, in)
		return err
	})
	return made, err
}

func (s *Service) rotateAPIKey(ctx context.Context, tx *Change, owner Account, id string, in APIKeyRotation) (MadeAPIKey, error) {
	faults := slices.Clone(in.Found)
	overlap := faults.overlap("overlap", in.Overlap)
	if err := faults.Err(); err != nil {
		return MadeAPIKey{}, err
	}
	keys, err := tx.APIKeys(ctx, owner.ID, tx.Now)
	if err != nil {
		return MadeAPIKey{}, err
	}
	before, err := pickAPIKey(keys, id)
	if err != nil {
		return MadeAPIKey{}, err
	}
	if !before.Successor.IsZero() {
		return MadeAPIKey{}, conflict("This API key has been rotated already; rotate its successor.")
	}
	next := APIKey{ID: s.NewID(), Account: owner.ID, Name: before.Name, Scope: before.Scope, CreatedAt: tx.Now}
	next.ExpiresAt = s.APIKeys.expiryAfter(before, tx.Now)
	after := before
	after.Successor = next.ID
	if end := tx.Now.Add(overlap); after.ExpiresAt.IsZero() || end.Before(after.ExpiresAt) {
		after.ExpiresAt = end
	}
	if overlap == 0 {
		keys = slices.DeleteFunc(keys, func(k APIKey) bool { return k.ID == before.ID }) // it makes room
	}
	made, err := s.insertAPIKey(ctx, tx, owner, keys, next)
	if err != nil {
		return MadeAPIKey{}, err
	}
	if err := tx.ReplaceAPIKey(ctx, after); err != nil {
		return MadeAPIKey{}, err
	}
	tx.Record(apiKeyRotated(before, after))
	return made, nil
}

// EndOwnAPIKey ends one of the caller's own API keys. ErrNotFound for an id that is none of theirs; ErrForbidden for a
// caller with an API key.
func (s *Service) EndOwnAPIKey(ctx context.Context, c Caller, id string) error {
	return s.Change(ctx, c, "", func(tx *Change) error { return endOneAPIKey(ctx, tx, tx.Caller.Account, id) })
}

func endOneAPIKey(ctx context.Context, tx *Change, owner Account, id string) error {
	keys, err := tx.APIKeys(ctx, owner.ID, tx.Now)
	if err != nil {
		return err
	}
	key, err := pickAPIKey(keys, id)
	if err != nil {
		return err
	}
	return endAPIKey(ctx, tx, owner, key)
}

// endAPIKey ends a key of an account. ErrNotFound if it has ended.
func endAPIKey(ctx context.Context, tx *Change, owner Account, key APIKey) error {
	if err := tx.EndAPIKey(ctx, owner.ID, key.ID); err != nil {
		return err
	}
	tx.Record(apiKeyEnded(owner, key))
	return nil
}

// endAPIKeys ends all keys of an account, and returns how many of them were live.
func endAPIKeys(ctx context.Context, tx *Change, owner Account) (int, error) {
	live, err := tx.APIKeys(ctx, owner.ID, tx.Now)
	if err != nil {
		return 0, err
	}
	for _, key := range live {
		tx.Record(apiKeyEnded(owner, key))
	}
	return len(live), tx.EndAPIKeys(ctx, owner.ID)
}

// pickAPIKey finds a key by its id as a request has it.
func pickAPIKey(keys []APIKey, text string) (APIKey, error) {
	id, _ := ParseID(text)
	at := slices.IndexFunc(keys, func(k APIKey) bool { return k.ID == id })
	if at < 0 {
		return APIKey{}, errNoAPIKey
	}
	return keys[at], nil
}

var errNoAPIKey = notFound("API key")
