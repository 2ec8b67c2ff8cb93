package federation

import (
	"context"
	"time"

	users "github.com/svc-users/svc-users"
)

// Store keeps the keys and trusts of service accounts. Its methods return ErrUnavailable when the database is away, or the
// error of the context.
type Store interface {
	// ClientKeys returns the keys of a service account as of now, the oldest first. Of an unknown account there are none.
	ClientKeys(ctx context.Context, account users.ID) ([]Key, error)
	// Trusts returns the trusts of a service account, likewise.
	Trusts(ctx context.Context, account users.ID) ([]Trust, error)
	// UseAssertion notes that the assertion with a digest was used, until a time, and reports whether it was not noted
	// before. Of several calls with one digest, on whatever replica, one reports true.
	UseAssertion(ctx context.Context, digest users.Digest, until time.Time) (first bool, err error)
}

// Tx is what the transactions of the store, each a users.Tx, do with keys and trusts. Those of an account that is deleted go
// with it.
type Tx interface {
	ClientKeys(ctx context.Context, account users.ID) ([]Key, error)
	Trusts(ctx context.Context, account users.ID) ([]Trust, error)
	// InsertClientKey returns ErrBadReference for an unknown account.
	InsertClientKey(ctx context.Context, k Key) error
	// DeleteClientKey returns ErrNotFound if the account has no key with that id.
	DeleteClientKey(ctx context.Context, account, id users.ID) error
	// InsertTrust and DeleteTrust do the same with trusts.
	InsertTrust(ctx context.Context, t Trust) error
	DeleteTrust(ctx context.Context, account, id users.ID) error
}

// Assertion is a JWT that was read and not verified.
type Assertion struct {
	Text      string // in the compact form, header.payload.signature
	Algorithm string // alg: one of Algorithms
	KeyID     string // kid; empty if it has none
	Type      string // typ in lower case, without a leading "application/"; empty if it has none
	Issuer    string
	Subject   string
	Audiences []string
	ID        string // jti; empty if it has none
	Expires   time.Time
	IssuedAt  time.Time // zero if it does not say
	NotBefore time.Time // zero if it does not say
	// Claims are all claims that are strings, by their names.
	Claims map[string]string
}

// Algorithms are the signatures that count (RFC 7518 §3.1, RFC 8037 §3.1): of a public key each, and none that is weaker than
// 112 bits.
var Algorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}

// PublicKey is a public key of an issuer or of a service account.
type PublicKey struct {
	ID string // kid; empty if it has none
	// Algorithms are those of its type, or the one that its alg names.
	Algorithms []string
	// Thumbprint is that of RFC 7638: 43 characters of base64url.
	Thumbprint string
	// JWK is the key in the form in which it is kept: {"kty":"OKP","crv":"Ed25519","x":"…"}, with kid and alg if it has them.
	JWK string
	// Key is the key itself, for Assertions.Verify.
	Key any
}

// Assertions reads JWTs and keys of others.
type Assertions interface {
	// Parse reads an assertion. An error says in one sentence why it can count in no case, without a value of it.
	Parse(text string) (Assertion, error)
	// ParseKey reads a JWK. An error says what is wrong with it in one sentence, without a value of it.
	ParseKey(jwk string) (PublicKey, error)
	// ParseKeySet reads a JWK set, and leaves out the keys that are for nothing that is in Algorithms.
	ParseKeySet(document []byte) ([]PublicKey, error)
	// ParseDiscovery returns issuer and jwks_uri of a document of OpenID Connect Discovery 1.0.
	ParseDiscovery(document []byte) (issuer, keys string, err error)
	// Verify returns an error unless the key has signed the assertion by its Algorithm.
	Verify(a Assertion, k PublicKey) error
}

// Document is what was read from a URL.
type Document struct {
	Body []byte
	// Fresh is how long it may be used by its Cache-Control; zero if that does not say.
	Fresh time.Duration
}

// Fetcher reads documents from URLs that administrators have entered. An error says in one sentence what went wrong, without
// the body.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (Document, error)
}

// Options say for whom assertions are.
type Options struct {
	// Issuer is that of our own tokens: the audience of a Trust for which none is chosen.
	Issuer string
	// Audiences are those that an assertion which a service account has signed may be for: our issuer, and the URL of the
	// token endpoint.
	Audiences []string
	// LocalHTTP lets issuers of this machine be reached without TLS, such as http://localhost:8080: in development.
	LocalHTTP bool
}

// Ports is what a Federation needs of the outside.
type Ports struct {
	Options
	// Service finds service accounts, decides what callers may do, and has the clock.
	Service    *users.Service
	Store      Store
	Assertions Assertions
	Fetcher    Fetcher
	// Unreachable, if not nil, is called each time that the keys of an issuer could not be read, with the issuer or the URL
	// that is registered.
	Unreachable func(source string, err error)
}

// Federation authenticates service accounts by assertions. Its methods are safe for concurrent use. They return the refusals
// of package users, the context's error, or a defect.
type Federation struct {
	Ports
	sets *keySets
}

// New returns a Federation on its ports. There is one in a process: it has the keys of issuers in memory.
func New(p Ports) *Federation { return &Federation{p, newKeySets(p)} }
