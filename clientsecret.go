package users

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// clientSecretSize is the length of what a client secret is made of, in bytes.
const clientSecretSize = 32

// ClientSecretValue is what a client secret is made of: 32 random bytes. The text that a client sends is these bytes written
// as a credential with ClientSecretPrefix, 54 characters; see formatCredential. Printing or logging it shows nothing of it.
type ClientSecretValue [clientSecretSize]byte

// parseClientSecret returns what a client secret is made of; false for any text that is none.
func parseClientSecret(text string) (ClientSecretValue, bool) {
	bytes, ok := parseCredential(ClientSecretPrefix, text, clientSecretSize)
	if !ok {
		return ClientSecretValue{}, false
	}
	return ClientSecretValue(bytes), true
}

// reveal is the client secret as it is sent.
func (v ClientSecretValue) reveal() string { return formatCredential(ClientSecretPrefix, v[:]) }

// Format prints a placeholder for every verb.
func (ClientSecretValue) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[client secret]")) }

// LogValue is a placeholder.
func (ClientSecretValue) LogValue() slog.Value { return slog.StringValue("[client secret]") }

// ClientSecret is what a service account authenticates with at the endpoints of OAuth (RFC 6749 §2.3.1). Its text is shown
// once, when it is made, and is not part of it.
type ClientSecret struct {
	ID      ID
	Account ID
	// LastFour are the last four characters of the text, by which its owner recognizes it.
	LastFour  string
	CreatedAt time.Time
	// ExpiresAt is when it ends; zero if it does not end by itself.
	ExpiresAt time.Time
	// UsedAt is when it was last used, at most a minute too early; zero if it was not.
	UsedAt time.Time
}

// Live reports whether the secret has not expired.
func (s ClientSecret) Live(now time.Time) bool {
	return s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt)
}

const (
	// maxClientSecrets is how many secrets a service account can have: the one in use, and the one that takes its place.
	maxClientSecrets = 2
	// minSecretLife keeps a secret from being made that has expired before it is put in place.
	minSecretLife = time.Minute
)

// ClientOptions are the lives of what service accounts authenticate with; see DefaultClients.
type ClientOptions struct {
	TokenLife  time.Duration // of an access token of a service account
	SecretLife time.Duration // of a client secret for which none is chosen
	// MaxSecretLife is the longest that can be chosen; zero allows any, and secrets that do not expire.
	MaxSecretLife time.Duration
}

// DefaultClients returns the usual lives: tokens of 10 minutes, secrets of 90 days, and of at most 365.
func DefaultClients() ClientOptions {
	const day = 24 * time.Hour
	return ClientOptions{TokenLife: 10 * time.Minute, SecretLife: 90 * day, MaxSecretLife: 365 * day}
}

// ClientSecretReader reads client secrets.
type ClientSecretReader interface {
	// ClientSecrets returns the secrets of a service account, the oldest first; expired ones too.
	ClientSecrets(ctx context.Context, account ID) ([]ClientSecret, error)
}

// ClientSecretFinder finds the secret that a client has sent. It waits for no transaction.
type ClientSecretFinder interface {
	// FindClientSecret returns the secret of a service account with this value as of now, whether or not it is live.
	// ErrNotFound if there is none. How long it takes tells nothing of the value or of whether the account exists.
	FindClientSecret(ctx context.Context, account ID, value ClientSecretValue) (ClientSecret, error)
	// NoteClientSecretUse has ClientSecret.UsedAt written, soon and at most once a minute. It waits for nothing, and what
	// fails is not tried again before the next use.
	NoteClientSecretUse(s ClientSecret, at time.Time)
}

// ClientSecretWriter makes and deletes client secrets, inside a transaction of Store.InTx. Those of an account that is
// deleted go with it.
type ClientSecretWriter interface {
	ClientSecretReader
	// InsertClientSecret returns ErrBadReference for an unknown account.
	InsertClientSecret(ctx context.Context, s ClientSecret, value ClientSecretValue) error
	// DeleteClientSecret returns ErrNotFound if the account has none with that id.
	DeleteClientSecret(ctx context.Context, account, id ID) error
}
