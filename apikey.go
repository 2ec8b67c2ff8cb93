package users

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// APIKeyPrefix begins each API key.
const APIKeyPrefix = "svck_"

// apiKeySize is the length of the secret in an API key, in bytes.
const apiKeySize = 32

// APIKeySecret is the secret in an API key: 32 random bytes. The key that a client sends is this secret written as a
// credential with APIKeyPrefix, 54 characters; see formatCredential. Printing or logging it shows nothing of it.
type APIKeySecret [apiKeySize]byte

// parseAPIKey returns the secret in an API key; false for any text that is none.
func parseAPIKey(text string) (APIKeySecret, bool) {
	bytes, ok := parseCredential(APIKeyPrefix, text, apiKeySize)
	if !ok {
		return APIKeySecret{}, false
	}
	return APIKeySecret(bytes), true
}

// reveal is the API key as it is sent.
func (s APIKeySecret) reveal() string { return formatCredential(APIKeyPrefix, s[:]) }

// Format prints a placeholder for every verb.
func (APIKeySecret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[api key]")) }

// LogValue is a placeholder.
func (APIKeySecret) LogValue() slog.Value { return slog.StringValue("[api key]") }

// APIKey is a credential for programs, which acts for an account within a scope. Its secret is shown once, when it is made,
// and is not part of it.
type APIKey struct {
	ID      ID
	Account ID
	// Name is chosen by its owner and spelled as the name of a role.
	Name string
	// LastFour are the last four characters of the key, by which its owner recognizes it.
	LastFour string
	Scope    Scope
	// CreatedAt is when it was made.
	CreatedAt time.Time
	// ExpiresAt is when it ends; zero if it does not end by itself.
	ExpiresAt time.Time
	// UsedAt is when it was last used, at most a minute too early; zero if it was not.
	UsedAt time.Time
	// Successor is the key that a rotation has put in its place, from when on it lives for the overlap alone; else zero.
	Successor ID
	// Warned is how many days before its end an event APIKeyExpiring was recorded last: 14 or 3; 0 if none was. A key that was
	// made so near to its end counts as one of which was warned.
	Warned int
}

// Live reports whether the key has not expired.
func (k APIKey) Live(now time.Time) bool { return k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt) }

// APIKeyAccess is an API key and the access of its account, both as of one moment.
type APIKeyAccess struct {
	Key    APIKey
	Access Access
	// Digest is what is kept of the secret of the key.
	Digest Digest
}

// The bounds of API keys.
const (
	maxAPIKeys      = 100 // live ones of an account: a list of them needs no pages
	maxScope        = 100 // permissions of a key, which at 100 characters each are 10 KB
	minAPIKeyLife   = time.Hour
	maxOverlap      = 30 * 24 * time.Hour
	standardOverlap = 24 * time.Hour
)

// APIKeyOptions are the lives of API keys; see DefaultAPIKeys.
type APIKeyOptions struct {
	Life    time.Duration // of a key whose owner chooses none
	MaxLife time.Duration // the longest that can be chosen
	Endless bool          // keys may be made that do not expire, and MaxLife does not count
}

// DefaultAPIKeys returns the usual lives: 90 days, and at most 365.
func DefaultAPIKeys() APIKeyOptions {
	const day = 24 * time.Hour
	return APIKeyOptions{Life: 90 * day, MaxLife: 365 * day}
}

// APIKeyReader reads API keys.
type APIKeyReader interface {
	// APIKeys returns the keys of an account that are live at now, the newest first.
	APIKeys(ctx context.Context, account ID, now time.Time) ([]APIKey, error)
	// DueAPIKeys returns at most limit keys without a successor that end within so many days of now, and of which was not
	// warned that near to the end, in the order in which they end.
	DueAPIKeys(ctx context.Context, now time.Time, days, limit int) ([]APIKey, error)
}

// APIKeyFinder finds the API key of a request. It waits for no transaction.
type APIKeyFinder interface {
	// FindAPIKey returns the key with a secret and the access of its account, both as of now, whether or not it is live.
	// ErrNotFound if there is none.
	FindAPIKey(ctx context.Context, secret APIKeySecret) (APIKeyAccess, error)
	// CachedAPIKey returns from memory what FindAPIKey would have returned at most a second ago. It reports false if the
	// key or its account is not cached, or while the Store is not notified of changes.
	CachedAPIKey(secret APIKeySecret) (APIKeyAccess, bool)
	// NoteAPIKeyUse has APIKey.UsedAt written, soon and at most once a minute. It waits for nothing, and what fails is not
	// tried again before the next use.
	NoteAPIKeyUse(k APIKey, at time.Time)
}

// APIKeyWriter makes and ends API keys, inside a transaction of Store.InTx.
type APIKeyWriter interface {
	APIKeyReader
	// InsertAPIKey makes a key. ErrBadReference for an unknown account.
	InsertAPIKey(ctx context.Context, k APIKey, secret APIKeySecret) error
	// ReplaceAPIKey writes ExpiresAt and Successor of a key that has none. ErrNotFound if there is no such key.
	ReplaceAPIKey(ctx context.Context, k APIKey) error
	// NoteAPIKeyWarning writes APIKey.Warned. ErrNotFound if there is no such key.
	NoteAPIKeyWarning(ctx context.Context, id ID, days int) error
	// EndAPIKey deletes a key of an account. ErrNotFound if it has none with that id.
	EndAPIKey(ctx context.Context, account, id ID) error
	// EndAPIKeys deletes all keys of an account.
	EndAPIKeys(ctx context.Context, account ID) error
}
