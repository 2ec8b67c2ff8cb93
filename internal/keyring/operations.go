package keyring

import (
	"context"
	"errors"
	"time"

	users "github.com/svc-users/svc-users"
)

// Key is a signing key as it is shown. It has no private part.
type Key struct {
	ID        string
	Algorithm string
	State     State
	// Environment says that the key is set outside the database. It has no times.
	Environment bool
	PublishedAt time.Time
	SignsFrom   time.Time
	// SignsUntil and VerifiesUntil are planned, as long as the key has not ended to sign.
	SignsUntil    time.Time
	VerifiesUntil time.Time
	RevokedAt     time.Time // zero unless it was revoked
}

// List returns the keys, those of the environment first, then those of the database, the newest first. It needs
// keys:read. ErrForbidden, ErrUnavailable.
func (m *Manager) List(ctx context.Context, c users.Caller) ([]Key, error) {
	latest, err := m.rules.Fresh(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := latest.Require(users.KeysRead); err != nil {
		return nil, err
	}
	found, err := m.Store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	return m.show(newChain(m.Policy, found.Keys), found.Now), nil
}

// show returns the keys as they are shown. While a key of the environment signs, none of the database does.
func (m *Manager) show(c chain, now time.Time) []Key {
	var list []Key
	add := func(p Pair, s State) {
		if _, inDatabase := c.byID(p.ID); !inDatabase {
			list = append(list, Key{ID: p.ID, Algorithm: p.Algorithm, State: s, Environment: true})
		}
	}
	if m.Environment != nil {
		add(*m.Environment, StateSigning)
	}
	for _, p := range m.Retired {
		add(p, StateVerifying)
	}
	for i := len(c.keys) - 1; i >= 0; i-- {
		r := c.keys[i]
		key := Key{
			ID: r.ID, Algorithm: r.Algorithm, State: c.state(r, now), PublishedAt: r.PublishedAt, SignsFrom: r.SignsFrom,
			SignsUntil: c.signedUntil(r), VerifiesUntil: c.verifiesUntil(r), RevokedAt: r.RevokedAt,
		}
		if m.Environment != nil && key.State == StateSigning && r.ID != m.Environment.ID {
			key.State = StateVerifying
		}
		list = append(list, key)
	}
	return list
}

// errEnvironmentSigns is ErrConflict for what makes no sense while the environment has the key that signs.
func errEnvironmentSigns() error {
	return conflict("JWT_PRIVATE_KEY signs here, and keys of the database do not: svc-users keys import takes it into the database first.")
}

func conflict(message string) error { return &users.Error{Kind: users.ErrConflict, Message: message} }

// needSeals is ErrConflict without an encryption key.
func (m *Manager) needSeals() error {
	if m.Seals == nil {
		return conflict("ENCRYPTION_KEY is missing here, which encrypts the signing keys in the database.")
	}
	return nil
}

// Rotate has the next key sign as soon as verifiers know it, which is at once, unless it was made within the last day;
// or at once in any case, if atOnce is true: for a key that may be in the wrong hands. It returns the keys as List does.
// It needs keys:manage. ErrForbidden, ErrConflict where the environment has the key that signs, ErrUnavailable.
func (m *Manager) Rotate(ctx context.Context, c users.Caller, atOnce bool) ([]Key, error) {
	if m.Environment != nil {
		return nil, errEnvironmentSigns()
	}
	if err := m.needSeals(); err != nil {
		return nil, err
	}
	return m.manage(ctx, c, func(t *transaction) error {
		if !atOnce {
			if err := t.refuseFresh(ctx); errors.Is(err, ErrImportFirst) {
				return conflict("The database has no keys, and " + err.Error() + ".")
			} else if err != nil {
				return err
			}
		}
		if len(t.keys) == 0 {
			return nil // the first key is made, and signs at once
		}
		if err := t.follow(ctx); err != nil { // there may be no next key yet
			return err
		}
		return t.update(ctx, t.rotated(t.now, atOnce)...)
	})
}

// Revocation is what came of a Revoke.
type Revocation struct {
	Keys          []Key // as List returns them
	EndedSessions int
}

// Revoke has every token refused that a key has signed, and takes the key out of the JWK set. Where it is the one that
// signs, the next key signs at once. A key that was revoked before is left as it is. With endSessions the sessions of all
// accounts end, too, so that every client has to log in again. It needs keys:manage, and with endSessions
// sessions:delete. ErrForbidden, ErrNotFound, ErrConflict for the key of the environment, ErrUnavailable.
func (m *Manager) Revoke(ctx context.Context, c users.Caller, id string, endSessions bool) (Revocation, error) {
	if m.Environment != nil && m.Environment.ID == id {
		return Revocation{}, conflict("JWT_PRIVATE_KEY is this key: set another there and start the replicas again, which then refuse its tokens.")
	}
	keys, err := m.manage(ctx, c, func(t *transaction) error {
		if endSessions {
			if err := t.change.Caller.Require(users.SessionsDelete); err != nil {
				return err
			}
		}
		r, ok := t.byID(id)
		if !ok {
			return &users.Error{Kind: users.ErrNotFound, Message: "Signing key not found"}
		}
		if r.Revoked() {
			return nil
		}
		return t.update(ctx, revoked(r, t.now))
	})
	if err != nil || !endSessions {
		return Revocation{Keys: keys}, err
	}
	ended, err := m.rules.EndEverySession(ctx, c.Subject)
	return Revocation{Keys: keys, EndedSessions: ended}, err
}

// Rewrap encrypts the private parts that are under a former encryption key under the current one, and returns how many
// they were. It needs keys:manage. ErrForbidden, ErrUnavailable; an error that says so if one cannot be opened: then
// nothing is changed.
func (m *Manager) Rewrap(ctx context.Context, c users.Caller) (rewrapped int, err error) {
	if err := m.needSeals(); err != nil {
		return 0, err
	}
	_, err = m.manage(ctx, c, func(t *transaction) error {
		rewrapped = 0
		for _, r := range t.keys {
			if r.Sealed == "" || m.Seals.IsCurrent(r.Sealed) {
				continue
			}
			private, err := m.open(r)
			if err != nil {
				return err
			}
			if r.Sealed, err = m.Seals.Seal(Purpose, r.ID, private); err != nil {
				return err
			}
			if err := t.update(ctx, r); err != nil {
				return err
			}
			t.change.Record(users.SigningKeyRewrapped(r.ID))
			rewrapped++
		}
		return nil
	})
	return rewrapped, err
}

// Import takes the key of the environment into the database as the one that signs now, and makes a next one, so that the
// environment need not have it any longer. The key keeps its id. One that was imported before is left as it is. It returns
// the keys as List does. It needs keys:manage. ErrForbidden; ErrConflict without a key of the environment or an encryption
// key, for a key that was revoked, and where another key of the database signs or is next; ErrUnavailable.
func (m *Manager) Import(ctx context.Context, c users.Caller) ([]Key, error) {
	if m.Environment == nil {
		return nil, conflict("JWT_PRIVATE_KEY is missing here: it is the key that is imported.")
	}
	if err := m.needSeals(); err != nil {
		return nil, err
	}
	one, err := m.seal(*m.Environment)
	if err != nil {
		return nil, err
	}
	return m.manage(ctx, c, func(t *transaction) error { return t.adopt(ctx, one) })
}

// adopt inserts a key as the one that signs now. Verifiers know it already.
func (t *transaction) adopt(ctx context.Context, one sealedPair) error {
	_, signs := t.signer(t.now)
	_, next := t.first(StateNext, t.now)
	switch r, ok := t.byID(one.ID); {
	case ok && r.Revoked():
		return conflict("This signing key was revoked.")
	case ok:
		return nil // imported before
	case signs || next:
		return conflict("The database has signing keys: one of them signs, or is going to.")
	}
	if err := t.name(ctx, one.ID, one.thumbprint); err != nil {
		return err
	}
	t.makes = true
	return t.insert(ctx, Record{
		Slot: t.lastSlot() + 1, PublishedAt: t.now, SignsFrom: t.now, SignsUntil: t.now.Add(t.Period), TokenLife: t.Life,
	}, one)
}

// manage runs a change of the keys for a caller.
func (m *Manager) manage(ctx context.Context, c users.Caller, fn func(*transaction) error) ([]Key, error) {
	var keys []Key
	err := m.change(ctx, func(do func(*users.Change) error) error {
		return m.rules.Change(ctx, c, users.KeysManage, do)
	}, func(t *transaction) error {
		if err := fn(t); err != nil {
			return err
		}
		if err := t.follow(ctx); err != nil {
			return err
		}
		keys = m.show(t.chain, t.now)
		return nil
	})
	return keys, err
}

// Inherit is Import at a start in development, of the key that an earlier version kept in a file: tokens that it has signed
// stay valid. In a database that has keys it does nothing, and load is not called; nor where load returns none.
func (m *Manager) Inherit(ctx context.Context, load func() (*Pair, error)) error {
	if err := m.Load(ctx); err != nil || len(m.known.Load().keys) > 0 {
		return err
	}
	pair, err := load()
	if pair == nil || err != nil {
		return err
	}
	one, err := m.seal(*pair)
	if err != nil {
		return err
	}
	return m.change(ctx, m.itself(ctx), func(t *transaction) error {
		if len(t.keys) > 0 {
			return nil
		}
		return t.adopt(ctx, one)
	})
}
