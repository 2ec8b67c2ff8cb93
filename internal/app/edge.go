package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/api"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/gateway"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/manifest"
	"github.com/svc-users/svc-users/internal/throttle"
	"github.com/svc-users/svc-users/internal/web"
)

// EdgeOptions is what the HTTP edge needs of the outside. All fields but PublicURL, CORSOrigins, CORSHeaders, LocalCookies,
// TrustedProxies and Stopping are needed.
type EdgeOptions struct {
	Service *users.Service
	// Feed answers services that follow the changes.
	Feed *feed.Feed
	// Manifest plans and applies what services declare.
	Manifest *manifest.Manifest
	// Federation authenticates service accounts, by assertions too.
	Federation *federation.Federation
	// Throttle shows and lifts what keeps attempts from being made.
	Throttle *throttle.Manager
	// Keyring lists, rotates and revokes signing keys.
	Keyring *keyring.Manager
	// Importer encrypts second factors anew, with the signing keys.
	Importer *importer.Importer
	// Keys returns the public keys to publish, the one that signs first.
	Keys   func() []users.PublicKey
	Health gateway.Health
	// Issuer is the claim iss of the tokens.
	Issuer string
	// PublicURL is where clients reach the service, without a slash at the end; empty: the service does not know.
	PublicURL string
	// CursorKey, 32 random bytes kept in the database, seals the cursors of lists.
	CursorKey []byte
	Log       *slog.Logger
	// Version is shown by the health endpoint and nowhere else.
	Version string
	// CORSOrigins are the exact origins whose pages may read answers; "*" alone is all of them.
	CORSOrigins []string
	// LocalCookies lets the refresh cookie do without TLS on localhost: for development.
	LocalCookies bool
	// CORSHeaders are header fields that such pages may send beside the usual ones.
	CORSHeaders []string
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []netip.Prefix
	Now            func() time.Time
	// NewID makes a request id where the client sent none.
	NewID func() users.ID
	// Stopping, when it is closed, ends the wait of requests that wait for something to happen. A nil one never is.
	Stopping <-chan struct{}
}

// NewEdge returns the handler of all paths. It panics as web.New does, which only a defect in the program can cause.
func NewEdge(o EdgeOptions) http.Handler {
	return web.New(o.kit(), edgeRoutes(o.resources(), o.machines()))
}

func (o EdgeOptions) kit() web.Options {
	kit := web.Options{
		Service: o.Service, CursorKey: o.CursorKey, Log: o.Log, CORSOrigins: o.CORSOrigins, CORSHeaders: o.CORSHeaders,
		LocalCookies: o.LocalCookies, TrustedProxies: o.TrustedProxies, Now: o.Now, NewID: o.NewID,
	}
	if o.Federation != nil { // a nil *Federation would be an interface that is not nil
		kit.Clients = o.Federation
	}
	return kit
}

func (o EdgeOptions) resources() api.Options {
	return api.Options{Manifest: o.Manifest, Keyring: o.Keyring, Importer: o.Importer, Federation: o.Federation, Throttle: o.Throttle}
}

func (o EdgeOptions) machines() gateway.Options {
	return gateway.Options{
		Feed: o.Feed, Keys: o.Keys, Health: o.Health, Issuer: o.Issuer, PublicURL: o.PublicURL, Version: o.Version, Stopping: o.Stopping,
	}
}

// edgeRoutes is the table: all that is served, the pages under /docs apart.
func edgeRoutes(resources api.Options, machines gateway.Options) []web.Route {
	return slices.Concat(api.Routes(resources), gateway.Routes(machines), web.HomeRoutes(Document))
}

// startingRetry is when asking again makes sense while the service is starting.
const startingRetry = 2 * time.Second

var errStarting = users.Unavailable("The service is starting.", startingRetry, nil)

// StartingEdge returns what is served while there is no database yet: /livez and the pages under /docs, and 503 for
// everything else, /readyz included. Of the options it needs Log, Version, Now and NewID, and heeds those for CORS and
// TrustedProxies.
func StartingEdge(o EdgeOptions) http.Handler {
	kit := o.kit()
	kit.Unmatched = errStarting
	o.Health = starting{}
	return web.New(kit, gateway.HealthRoutes(o.machines()))
}

// starting is the health of a service without a database.
type starting struct{}

// Ping implements gateway.Health.
func (starting) Ping(context.Context) error { return errStarting }

// Ready implements gateway.Health.
func (starting) Ready(context.Context) error { return errStarting }
