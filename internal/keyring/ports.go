package keyring

import (
	"context"
	"time"

	"github.com/svc-users/svc-users/internal/seal"
)

// Store keeps the signing keys. Its methods return ErrUnavailable when the database is away, or the error of the context.
type Store interface {
	// SigningKeys returns all keys as of now.
	SigningKeys(ctx context.Context) (Snapshot, error)
	// KeyStamp returns the stamp of the keys as of at most a second ago. It is called many times a second, so it must cost
	// no query while the store is notified of changes.
	KeyStamp(ctx context.Context) (string, error)
}

// Tx is what the transactions of the store, each a users.Tx, do with signing keys.
type Tx interface {
	// SigningKeys returns all keys as the transaction sees them.
	SigningKeys(ctx context.Context) (Snapshot, error)
	// InsertSigningKey inserts a key, or nothing if its slot or its id is taken, and reports which.
	InsertSigningKey(ctx context.Context, r Record) (inserted bool, err error)
	// UpdateSigningKey writes Sealed, SignsFrom, SignsUntil, TokenLife and RevokedAt of the key of a slot. ErrNotFound.
	UpdateSigningKey(ctx context.Context, r Record) error
	// DeleteSigningKey deletes the key of a slot. ErrNotFound.
	DeleteSigningKey(ctx context.Context, slot int64) error
	// NameSigningKey notes that a key id names the key with this thumbprint (RFC 7638), unless it has named a key before, and
	// returns the thumbprint of the key that it has named first.
	NameSigningKey(ctx context.Context, id, thumbprint string) (first string, err error)
	// HasNamedKeys reports whether NameSigningKey has ever noted anything.
	HasNamedKeys(ctx context.Context) (bool, error)
}

// Tokens makes keys and puts them to use.
type Tokens interface {
	// Generate makes a key.
	Generate() (Pair, error)
	// Use has tokens signed with a key from now on, and accepted if they are signed with that or one of the others. Without
	// a signing key none are signed, and to sign is ErrUnavailable. An error changes nothing.
	Use(signing *Pair, others []Pair) error
	// CheckSigner returns what is wrong with a pair that is to sign, such as that its parts are of different keys.
	CheckSigner(p Pair) error
	// Thumbprint is the RFC 7638 thumbprint of the public part of a key. An error says that it is no key that Use takes.
	Thumbprint(p Pair) (string, error)
}

// Ports is what the keys of a process need of the outside.
type Ports struct {
	Store  Store
	Tokens Tokens
	// Seals encrypts private parts. It may be nil in a process that has its signing key from the environment, which makes
	// no keys.
	Seals  *seal.Ring
	Policy Policy
	// Environment is the key that signs, if it is set outside the database; it goes before those of the database.
	Environment *Pair
	// Retired are further keys from outside the database, whose tokens are accepted.
	Retired []Pair
	// Now is the clock of the process.
	Now func() time.Time
	// Wait returns nil when a time is over, or the error of ctx.
	Wait func(ctx context.Context, d time.Duration) error
	// Observe, if not nil, is called with what an operator should know.
	Observe func(Observation)
}

// Observation is something that an operator should know. One of its fields is set.
type Observation struct {
	// Signing is the id of the key that signs from now on.
	Signing string
	// Err is why keys could not be read or written. It is tried again.
	Err error
	// ClockAhead is how far the clock of this machine is ahead of the database's, where that is more than MaxClockAhead, in
	// either direction.
	ClockAhead time.Duration
}
