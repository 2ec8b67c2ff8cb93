// Package web is the kit of the HTTP edge: everything that operations have in common. An operation is a Route, a row
// of a table; the tables are in the packages api and gateway, and package app puts them together:
//
//	handler := web.New(web.Options{Service: svc, Log: log, …}, routes)
//	server := web.Server("127.0.0.1:8001", handler, log, web.Bounds{})
//
// One table of routes drives both the mux and the OpenAPI document, so they cannot disagree. Every request goes
// through the same checks in one order: route (404), method (405), token (401), permission (403), media type
// (415), size (413), JSON (400), fields and query (422), and then the rules. An answer is complete before its
// first byte is written, so the code in the envelope is always the status of the response, and a defect, a
// panic too, is a 500 that says nothing of its cause.
//
// The terms:
//
//   - An Exchange is one request and the answer to it.
//   - The envelope is the JSON object of every answer under /api/v1: status, code, message, data, errors, meta.
//   - A refusal is an answer that the edge gives by itself, before the rules are asked; an error of the rules is a
//     *users.Error. Both become answers in errors.go, and nowhere else.
//   - A fault is one thing that is wrong with a field or a parameter; all faults of a request are in one answer (422).
//
// What was decided where the contract leaves room: a body is never read where an operation has none; a
// Content-Type may have the parameter charset=utf-8 and no other; an Accept header changes nothing; a query
// that cannot be percent-decoded is 422 even where the parameter is unknown.
package web

import (
	"cmp"
	"context"
	"crypto/cipher"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
)

// ServiceName is how the service calls itself.
const ServiceName = "svc-users"

// Options is what the kit needs of the outside. Log, Now and NewID are needed.
type Options struct {
	// Service has the rules. It may be nil where no route takes a credential or makes use of it.
	Service *users.Service
	// Clients authenticates service accounts; nil is Service, which knows secrets alone.
	Clients ClientAuthenticator
	// CursorKey, 32 random bytes kept in the database, seals the cursors of lists, so that a cursor is valid on
	// every replica and after a restart. It may be nil where no route is a list.
	CursorKey []byte
	Log       *slog.Logger
	// CORSOrigins are the exact origins whose pages may read answers; "*" alone is all of them.
	CORSOrigins []string
	// LocalCookies lets the refresh cookie do without TLS on localhost: for development.
	LocalCookies bool
	// CORSHeaders are header fields that such pages may send beside those of corsHeaders.
	CORSHeaders []string
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []netip.Prefix
	Now            func() time.Time
	// NewID makes a request id where the client sent none.
	NewID func() users.ID
	// Unmatched is the answer to a path that no route has; nil is 404.
	Unmatched error
}

// ClientAuthenticator finds the service account that has the credentials of a client. ErrCredentials for all that do not
// count; ErrUnavailable.
type ClientAuthenticator interface {
	AuthenticateClient(ctx context.Context, in users.ClientCredentials) (users.Caller, error)
}

// handler serves routes with what Options gave.
type handler struct {
	Options
	mux       *http.ServeMux // the paths of patterns
	subtrees  []*resource    // what takes all below its path too
	cursors   cipher.AEAD    // nil without a CursorKey
	bodies    *bodyBudget
	anyOrigin bool
	// crossOriginGuard decides which pages may act with the refresh cookie.
	crossOriginGuard *http.CrossOriginProtection
	// corsHeaders is the value of Access-Control-Allow-Headers.
	corsHeaders string
}

// New returns the handler of these routes and of the pages under /docs. It panics if CursorKey is neither nil nor 32
// bytes long, if one of CORSOrigins is no origin, and if a route takes client credentials that is no Form, which only a defect in the program can cause.
func New(o Options, routes []Route) http.Handler {
	o.Unmatched = cmp.Or(o.Unmatched, error(errUnknownRoute))
	if o.Clients == nil {
		o.Clients = o.Service
	}
	h := &handler{
		Options:   o,
		mux:       http.NewServeMux(),
		bodies:    newBodyBudget(bodyBudgetSize),
		anyOrigin: slices.Contains(o.CORSOrigins, "*"),

		crossOriginGuard: newCrossOriginGuard(o.CORSOrigins),

		corsHeaders: strings.Join(append([]string{corsHeaders}, o.CORSHeaders...), ", "),
	}
	if o.CursorKey != nil {
		h.cursors = newCursorCipher(o.CursorKey)
	}
	for _, r := range routes {
		if r.Auth.takesClient() && !r.form {
			panic("web: " + r.Name + " takes client credentials, which its form may have, and has no form")
		}
	}
	h.register(routes)
	return h
}
