// Package httpapi is the HTTP edge of the service: it decodes a request, makes one call of users.Service and
// encodes what came back.
//
//	handler := httpapi.New(httpapi.Options{Service: svc, Keys: keys.Public, Health: st, …})
//	server := httpapi.Server("127.0.0.1:8001", handler, log, httpapi.Bounds{})
//
// One table of routes drives both the mux and the OpenAPI document, so they cannot disagree. Every request goes
// through the same checks in one order: route (404), method (405), token (401), permission (403), media type
// (415), size (413), JSON (400), fields and query (422), and then the rules. An answer is complete before its
// first byte is written, so the code in the envelope is always the status of the response, and a defect, a
// panic too, is a 500 that says nothing of its cause.
//
// What was decided where the contract leaves room: a body is never read where an operation has none; a
// Content-Type may have the parameter charset=utf-8 and no other; an Accept header changes nothing; a query
// that cannot be percent-decoded is 422 even where the parameter is unknown.
package httpapi

import (
	"context"
	"crypto/cipher"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/svc-users/svc-users"
)

// serviceName is how the service calls itself.
const serviceName = "svc-users"

// Health tells whether the service can do its work.
type Health interface {
	// Ping returns nil while the database answers.
	Ping(ctx context.Context) error
	// Ready returns nil while the database answers and its schema is the one this program needs.
	Ready(ctx context.Context) error
}

// Options is what the edge needs of the outside. All fields but CORSOrigins, TrustedProxies and
// Stopping are needed.
type Options struct {
	Service *users.Service
	// Keys returns the public keys to publish, the one that signs first.
	Keys   func() []users.PublicKey
	Health Health
	// CursorKey, 32 random bytes kept in the database, seals the cursors of lists, so that a cursor holds on
	// every replica and after a restart.
	CursorKey []byte
	Log       *slog.Logger
	// Version is shown by the health endpoint and nowhere else.
	Version string
	// CORSOrigins are the exact origins whose pages may read answers; "*" alone is all of them.
	CORSOrigins []string
	// CORSHeaders are header fields that such pages may send beside those of corsHeaders.
	CORSHeaders []string
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []netip.Prefix
	Now            func() time.Time
	// NewID makes a request id where the client sent none.
	NewID func() users.ID
	// Stopping, when it is closed, ends the wait of requests that wait for something to happen. A nil one never is.
	Stopping <-chan struct{}
}

// api serves the routes with what Options gave.
type api struct {
	Options
	fixed     map[string]*resource // by path
	mux       *http.ServeMux       // the paths of patterns
	subtrees  []*resource          // what takes all below its path too
	cursors   cipher.AEAD
	document  func() page // made when it is first asked for, which keeps the start short
	jwks      jwksCache
	pings     probe
	readiness probe
	bodies    *bodyBudget
	waiting   atomic.Int64 // requests that wait for something to happen
	anyOrigin bool
	// corsHeaders is the value of Access-Control-Allow-Headers.
	corsHeaders string
	elsewhere   error // the answer where no route is
}

// New returns the handler of all paths. It panics if CursorKey is not 32 bytes long, which only a defect in the
// program can cause.
func New(o Options) http.Handler {
	a := newAPI(o, errUnknownRoute)
	a.cursors = cursorCipher(o.CursorKey)
	a.register(a.routes())
	return a
}

// newAPI makes an api without routes, which fails every request with elsewhere.
func newAPI(o Options, elsewhere error) *api {
	return &api{
		Options:   o,
		elsewhere: elsewhere,
		fixed:     map[string]*resource{},
		mux:       http.NewServeMux(),
		document:  sync.OnceValue(func() page { return newPage(jsonType, apiPolicy, Document()) }),
		bodies:    newBodyBudget(bodyBudgetSize),
		anyOrigin: slices.Contains(o.CORSOrigins, "*"),

		corsHeaders: strings.Join(append([]string{corsHeaders}, o.CORSHeaders...), ", "),
	}
}

// routes is the table: all that is served, the pages for people apart.
func (a *api) routes() []route {
	return slices.Concat(
		a.authRoutes(), a.checkRoutes(), a.forwardRoutes(), a.oauthRoutes(), a.changesRoutes(),
		a.accountRoutes(), a.explainRoutes(), a.roleRoutes(), a.treeRoutes(), a.permissionRoutes(), a.declarationRoutes(),
		a.healthRoutes(), a.homeRoutes(),
	)
}
