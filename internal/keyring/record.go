package keyring

import (
	"cmp"
	"slices"
	"time"
)

// Pair is a key that signs and verifies, or the public part alone, which only verifies.
type Pair struct {
	ID        string // kid: for keys that are made here the RFC 7638 thumbprint
	Algorithm string // JWS alg, such as "RS256"
	Public    []byte // DER of the SubjectPublicKeyInfo
	Private   []byte // DER of PKCS#8; nil if the pair only verifies
}

// Record is a signing key as the database keeps it. All times are by the clock of the database.
type Record struct {
	// Slot is the key's place in the order in which keys sign: 1, 2, 3 and so on. There is one key to a slot, so of
	// several replicas that make the next key at the same time one succeeds, and the others use that key.
	Slot      int64
	ID        string
	Algorithm string
	Public    []byte
	// Sealed is the private part, sealed by package seal for Purpose and the ID. It is empty once it is no longer needed.
	Sealed string
	// PublishedAt is when others could first know the key.
	PublishedAt time.Time
	// SignsFrom is when the key begins to sign: at least a lead after PublishedAt, but for the first key and in an
	// emergency.
	SignsFrom time.Time
	// SignsUntil is when it is planned to end. In fact it ends when the key of a later slot begins.
	SignsUntil time.Time
	// TokenLife is the longest life of a token that the key has signed, or signs.
	TokenLife time.Duration
	RevokedAt time.Time // zero unless it was revoked
}

// Purpose is what private parts are sealed for; see package seal.
const Purpose = "signing-keys"

// Revoked reports whether the key was revoked.
func (r Record) Revoked() bool { return !r.RevokedAt.IsZero() }

// Snapshot is the keys of a database at one moment.
type Snapshot struct {
	Keys []Record
	// Stamp identifies the state of Keys: opaque text that the database draws at random, and anew whenever a key changes.
	Stamp string
	// Now is the time by the clock of the database.
	Now time.Time
}

// State says what a key is for at a time. It follows from the records and the time, and is kept nowhere.
type State string

// The states, in the order in which a key has them. Any of them but the last two can be followed by revoked.
const (
	StateNext      State = "next"      // published, so that verifiers know it before it signs
	StateSigning   State = "signing"   // signs new tokens
	StateVerifying State = "verifying" // has ended to sign; tokens that it has signed are still valid
	StateExpired   State = "expired"   // no token that it has signed can be valid
	StateRevoked   State = "revoked"   // its tokens are refused
)

// Policy says how keys follow one another.
type Policy struct {
	// Period is how long a key signs.
	Period time.Duration
	// Lead is how long a key is published before it signs, so that verifiers have read the JWK set anew by then.
	Lead time.Duration
	// Life is the longest life of a token that this process issues.
	Life time.Duration
	// Tail is how long a key verifies after the last token that it has signed has expired: the leeway of verifiers, and
	// the time that it takes a replica to notice that another key signs.
	Tail time.Duration
}

// kept is how long the record of a key is kept for the list of keys after it has expired.
const kept = 30 * 24 * time.Hour

// chain is the records of a database in the order of their slots, with what follows from them.
type chain struct {
	Policy
	keys []Record
}

func newChain(p Policy, keys []Record) chain {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b Record) int { return cmp.Compare(a.Slot, b.Slot) })
	return chain{p, keys}
}

// successor returns the key that takes over from a key, or did: of those of later slots the one that begins first. A key
// that was revoked before it began never takes over. Nor does one that was made when the other had left the JWK set: then
// none took over.
func (c chain) successor(r Record) (Record, bool) {
	var found Record
	for _, other := range c.keys {
		switch {
		case other.Slot <= r.Slot:
		case other.Revoked() && other.RevokedAt.Before(other.SignsFrom):
		case !other.PublishedAt.Before(c.verifiesFor(r, r.SignsUntil)):
		case found.Slot == 0 || other.SignsFrom.Before(found.SignsFrom):
			found = other
		}
	}
	return found, found.Slot != 0
}

// signedUntil is when a key has ended to sign, or is going to: when its successor begins.
func (c chain) signedUntil(r Record) time.Time {
	if next, ok := c.successor(r); ok {
		return next.SignsFrom
	}
	return r.SignsUntil
}

// verifiesFor is until when a key verifies that has ended to sign at a time.
func (c chain) verifiesFor(r Record, end time.Time) time.Time { return end.Add(r.TokenLife + c.Tail) }

// verifiesUntil is when no token that a key has signed can still be valid.
func (c chain) verifiesUntil(r Record) time.Time { return c.verifiesFor(r, c.signedUntil(r)) }

// state is what a key is for at a time.
func (c chain) state(r Record, now time.Time) State {
	switch {
	case r.Revoked():
		return StateRevoked
	case now.Before(r.SignsFrom):
		return StateNext
	case now.Before(c.signedUntil(r)):
		return StateSigning
	case now.Before(c.verifiesUntil(r)):
		return StateVerifying
	}
	return StateExpired
}

// last returns the key of the highest slot that is in a state and can sign.
func (c chain) last(s State, now time.Time) (Record, bool) {
	for _, r := range slices.Backward(c.keys) {
		if r.Sealed != "" && c.state(r, now) == s {
			return r, true
		}
	}
	return Record{}, false
}

// signer returns the key that signs at a time.
func (c chain) signer(now time.Time) (Record, bool) { return c.last(StateSigning, now) }

// published returns the keys that are in the JWK set at a time.
func (c chain) published(now time.Time) []Record {
	var list []Record
	for _, r := range c.keys {
		if s := c.state(r, now); s != StateRevoked && s != StateExpired {
			list = append(list, r)
		}
	}
	return list
}

// lastSlot is the highest slot that is taken, 0 if none is.
func (c chain) lastSlot() int64 {
	if len(c.keys) == 0 {
		return 0
	}
	return c.keys[len(c.keys)-1].Slot
}

// bySlot returns the key of a slot, the zero Record if there is none.
func (c chain) bySlot(slot int64) Record {
	for _, r := range c.keys {
		if r.Slot == slot {
			return r
		}
	}
	return Record{}
}

// byID returns the key with an id.
func (c chain) byID(id string) (Record, bool) {
	for _, r := range c.keys {
		if r.ID == id {
			return r, true
		}
	}
	return Record{}, false
}
