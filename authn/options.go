package authn

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Options says whose tokens count, for whom, and how to find that out.
type Options struct {
	// JWKS is the URL of the issuer's keys, https://users.example/.well-known/jwks.json. Whoever answers there
	// decides which tokens count: over plain HTTP, that is everybody on the way.
	JWKS string
	// Issuer is what the claim iss must be: the service's JWT_ISSUER, byte for byte.
	Issuer string
	// Audience is what the claim aud must be, or contain: the service's JWT_AUDIENCE, or one of them where it has several.
	Audience string

	// Changes says how to hear of changes of rights at once; the zero value leaves it to the tokens, which say
	// until they end what was so when they were issued.
	Changes Changes

	// OnError writes the body of a refusal. Before it is called the headers that say why are set
	// (WWW-Authenticate, Retry-After) and so is Cache-Control; it must write the status. The default is a small JSON
	// object, {"error":"invalid_token","error_description":"The access token is not valid."}.
	OnError func(w http.ResponseWriter, r *http.Request, e *Error)

	// HTTPClient asks for keys and changes; the default is http.DefaultClient. Redirects to other hosts are
	// refused whatever it allows. It should have no Timeout below 30 seconds: each request here has its own.
	HTTPClient *http.Client
	// Now is the time that tokens are held against; the default is time.Now.
	Now func() time.Time
	// Logger is told when keys cannot be had, and when changes are lost and heard again; at level debug, why tokens
	// are refused. No token and no part of one is ever logged. The default is slog.Default().
	Logger *slog.Logger
}

// Changes says how to follow the changes of rights that the service tells of. Following is done by Verifier.Run.
type Changes struct {
	// URL is where they are told, https://users.example/api/v1/auth/changes. Empty means not to follow them.
	URL string
	// Token returns a new token of an account with the permission changes:read, for instance by logging in. It is
	// called at the start, when most of the last token's life is over, and when the service does not take the last
	// one any more; never twice at the same time.
	Token func(ctx context.Context) (string, error)
	// Staleness is how old what was heard may be: how long a right that was taken away can still be used. The
	// default is a second, the least 200 ms. The service is asked about three times in that time, and answers at
	// once when something changes.
	Staleness time.Duration
	// WhenLost says what happens while nothing is heard. The default is Refuse.
	WhenLost WhenLost
	// OnLost and OnFound, where they are not nil, are told when changes have not been heard for longer than Staleness,
	// with the reason, and when they are heard again. They are called one at a time and should return soon.
	OnLost  func(reason error)
	OnFound func()
	// MaxAccounts bounds how many accounts are kept of which tokens may say what is no longer so, at about 150
	// bytes each; the default is a million. With more of them, changes count as lost.
	MaxAccounts int
	// MaxRoles and MaxPermissions bound how many of them there may be, and MaxAssignments how many permissions of
	// their own all roles may have together. The defaults, 250,000 and 250,000 and 5 million, are above what the service
	// allows unless its settings say otherwise, and take some 100 MB at most. With more, changes count as lost.
	MaxRoles, MaxPermissions, MaxAssignments int
}

// WhenLost is what happens to requests while changes are not heard.
type WhenLost int

const (
	// Refuse answers 503 with Retry-After: nobody uses a right that they may have lost.
	Refuse WhenLost = iota
	// TokensAlone goes on with what the tokens say, as if changes were not followed at all: a right that was taken
	// away counts until the token ends. Tokens of which it was heard before that they are dead stay so.
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
