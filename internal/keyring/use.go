package keyring

import (
	"errors"
	"fmt"
	"slices"

	"github.com/svc-users/svc-users/internal/seal"
)

// use is the keys that are put to use at a time.
type use struct {
	signing *Pair  // nil if there is none
	others  []Pair // those that only verify
	err     error  // why there is no signing key
}

func (u use) signingID() string {
	if u.signing == nil {
		return ""
	}
	return u.signing.ID
}

// ids are the ids of the keys whose tokens are accepted.
func (u use) ids() map[string]bool {
	ids := map[string]bool{}
	for _, p := range u.others {
		ids[p.ID] = true
	}
	if u.signing != nil {
		ids[u.signing.ID] = true
	}
	return ids
}

// same reports whether two are the same keys, used in the same way. What an id names never changes.
func (u use) same(other use) bool {
	return u.signingID() == other.signingID() && (u.signing == nil) == (other.signing == nil) &&
		slices.EqualFunc(u.others, other.others, func(a, b Pair) bool { return a.ID == b.ID })
}

var (
	errNoSigner    = errors.New("no signing key is due")
	errRevokedHere = errors.New("the key of JWT_PRIVATE_KEY was revoked")
)

// use says which keys are to be used with what is known. A key of the environment signs before all others; a revoked one
// is refused wherever it comes from.
func (r *Ring) use(k *knowledge) use {
	now := k.now(r.Now())
	var u use
	revoked, taken := map[string]bool{}, map[string]bool{}
	for _, record := range k.keys {
		if record.Revoked() {
			revoked[record.ID] = true
		}
	}
	add := func(p Pair) {
		if !revoked[p.ID] && !taken[p.ID] {
			taken[p.ID] = true
			p.Private = nil
			u.others = append(u.others, p)
		}
	}
	switch env := r.Environment; {
	case env != nil && revoked[env.ID]:
		u.err = errRevokedHere
	case env != nil:
		u.signing, taken[env.ID] = env, true
	default:
		if u.signing, u.err = r.signing(k); u.signing != nil {
			taken[u.signing.ID] = true
		}
	}
	for _, record := range slices.Backward(k.published(now)) { // the newest first
		add(record.pair())
	}
	for _, p := range r.Retired {
		add(p)
	}
	return u
}

func (r Record) pair() Pair { return Pair{ID: r.ID, Algorithm: r.Algorithm, Public: r.Public} }

// signing returns the key of the database that signs now, with its private part, or why there is none.
func (r *Ring) signing(k *knowledge) (*Pair, error) {
	record, ok := k.signer(k.now(r.Now()))
	if !ok {
		return nil, errNoSigner
	}
	if used := r.used.signing; used != nil && used.ID == record.ID {
		return used, nil
	}
	private, err := r.open(record)
	if err != nil {
		return nil, err
	}
	pair := record.pair()
	pair.Private = private
	return &pair, nil
}

// open decrypts the private part of a key.
func (r *Ring) open(record Record) ([]byte, error) { return openSealed(r.Seals, record) }

// CheckSeals returns an error that names ENCRYPTION_KEY if the private part of a key cannot be opened with the encryption keys,
// which may be nil.
func CheckSeals(seals *seal.Ring, keys []Record) error {
	for _, record := range keys {
		if record.Sealed == "" {
			continue // it only verifies
		}
		if _, err := openSealed(seals, record); err != nil {
			return err
		}
	}
	return nil
}

func openSealed(seals *seal.Ring, record Record) ([]byte, error) {
	if seals == nil {
		return nil, errNoSeals
	}
	private, err := seals.Open(Purpose, record.ID, record.Sealed)
	switch {
	case errors.Is(err, seal.ErrUnknownKey):
		return nil, fmt.Errorf("ENCRYPTION_KEY is not the key that the signing key %s was sealed with; set the one that was, or add it to ENCRYPTION_KEYS_OLD", record.ID)
	case err != nil:
		return nil, fmt.Errorf("the private part of the signing key %s in the database can't be opened with ENCRYPTION_KEY: %w", record.ID, err)
	}
	return private, nil
}

var errNoSeals = errors.New("ENCRYPTION_KEY is missing, which opens the signing keys of the database")
