package authn

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Options configures a Verifier. JWKS, Issuer and Audience are required.
type Options struct {
	// JWKS is the URL of the issuer's keys, https://users.example/.well-known/jwks.json. The server that answers there
	// decides which tokens are valid: over plain HTTP, any host on the network path can.
	JWKS string
	// Issuer is the required value of the claim iss: the service's JWT_ISSUER, byte for byte.
	Issuer string
	// Audience is the value that the claim aud must have or contain: the service's JWT_AUDIENCE, or one of them where
	// it has several.
	Audience string

	// Changes configures the change feed. With the zero value the feed is not followed, and a token has the rights at
	// the time of its issue until it expires.
	Changes Changes

	// Check is the URL of the check of permissions, https://users.example/api/v1/auth/check. It is asked, with the token
	// itself, which permissions the bearer has, where a permission is required of a token that had no room for them and
	// the change feed does not tell. The default follows from JWKS, if that ends in /.well-known/jwks.json or
	// /api/v1/auth/jwks. Without either, such a request is refused with 503.
	Check string

	// OnError writes the status and the body of a refusal. The headers WWW-Authenticate, Retry-After and Cache-Control
	// are set before it is called. The default writes JSON,
	// {"error":"invalid_token","error_description":"The access token is not valid."}.
	OnError func(w http.ResponseWriter, r *http.Request, e *Error)

	// HTTPClient fetches keys and changes; the default is http.DefaultClient. Redirects to other hosts are refused
	// even if it allows them. It should have no Timeout below 30 seconds: each request here has its own.
	HTTPClient *http.Client
	// Now returns the time at which tokens must be valid; the default is time.Now.
	Now func() time.Time
	// Logger records when keys cannot be fetched, and when the change feed is lost and recovered; at level debug, why
	// tokens are refused. No token and no part of one is ever logged. The default is slog.Default().
	Logger *slog.Logger
}

// Changes configures how Verifier.Run follows the service's change feed.
type Changes struct {
	// URL is the URL of the feed, https://users.example/api/v1/auth/changes. If it is empty, the feed is not followed.
	URL string
	// Token returns a new token of an account with the permission changes:read, for instance by logging in. It is
	// called at the start, when most of the last token's life is over, and when the service refuses the last token;
	// never twice at the same time.
	Token func(ctx context.Context) (string, error)
	// Staleness is the longest time for which a revoked right can still be used. The default is a second, the minimum
	// 200 ms. The service is asked about three times in that time, and answers at once when something changes.
	Staleness time.Duration
	// WhenLost decides requests while the feed is lost. The default is Refuse.
	WhenLost WhenLost
	// OnLost is called with the reason when the feed is lost, which is Staleness after the last valid response, and
	// OnFound when it is up to date again. Both may be nil. They are called one at a time and should return soon.
	OnLost  func(reason error)
	OnFound func()
	// MaxAccounts bounds the number of accounts whose tokens may be out of date, and of sessions that have ended, which
	// are kept at about 150 bytes each; the default is a million. With more of them the feed counts as lost.
	MaxAccounts int
	// MaxRoles and MaxPermissions bound the numbers of roles and permissions, and MaxAssignments the sum of the
	// permissions of all roles, without inherited ones. The defaults, 250,000, 250,000 and 5 million, are above the
	// service's default limits, and take some 100 MB at most. With more of them the feed counts as lost.
	MaxRoles, MaxPermissions, MaxAssignments int
}

// WhenLost says how requests are decided while the change feed is lost.
type WhenLost int

const (
	// Refuse answers 503 with Retry-After, so that no revoked right can be used.
	Refuse WhenLost = iota
	// TokensAlone uses the rights in the tokens, as if the feed were not followed: a right that is revoked meanwhile
	// can be used until the token expires. Tokens that were known to be invalid before stay invalid.
	TokensAlone
)

const (
	defaultStaleness = time.Second
	minStaleness     = 200 * time.Millisecond

	defaultMaxAccounts    = 1_000_000
	defaultMaxRoles       = 250_000
	defaultMaxPermissions = 250_000
	defaultMaxAssignments = 5_000_000
)

// complete checks options and fills in the defaults.
func (o *Options) complete() error {
	if !absolute(o.JWKS) {
		return errors.New("authn: Options.JWKS must be an absolute http or https URL without credentials")
	}
	if o.Issuer == "" || o.Audience == "" {
		return errors.New("authn: Options.Issuer and Options.Audience must be set")
	}
	if o.Check == "" {
		o.Check = checkURL(o.JWKS)
	}
	if o.Check != "" && !absolute(o.Check) {
		return errors.New("authn: Options.Check must be an absolute http or https URL without credentials")
	}
	if o.HTTPClient == nil {
		o.HTTPClient = http.DefaultClient
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.OnError == nil {
		o.OnError = writeError
	}
	return o.Changes.complete()
}

func (c *Changes) complete() error {
	if c.URL == "" {
		return nil
	}
	if !absolute(c.URL) {
		return errors.New("authn: Changes.URL must be an absolute http or https URL without credentials")
	}
	if c.Token == nil {
		return errors.New("authn: Changes.Token must be set to follow changes")
	}
	if c.Staleness == 0 {
		c.Staleness = defaultStaleness
	}
	if c.Staleness < minStaleness {
		return errors.New("authn: Changes.Staleness must be 200ms at least")
	}
	if c.WhenLost != Refuse && c.WhenLost != TokensAlone {
		return errors.New("authn: Changes.WhenLost must be Refuse or TokensAlone")
	}
	for _, limit := range []struct {
		name  string
		value *int
		usual int
	}{
		{"MaxAccounts", &c.MaxAccounts, defaultMaxAccounts}, {"MaxRoles", &c.MaxRoles, defaultMaxRoles},
		{"MaxPermissions", &c.MaxPermissions, defaultMaxPermissions}, {"MaxAssignments", &c.MaxAssignments, defaultMaxAssignments},
	} {
		if *limit.value < 0 {
			return errors.New("authn: Changes." + limit.name + " must not be negative")
		}
		if *limit.value == 0 {
			*limit.value = limit.usual
		}
	}
	return nil
}
