// Package gateway has the operations that machines call, most of them with each request of their own:
//
//	check.go       which permissions an account has             POST /api/v1/auth/check
//	authzen.go     the same for clients of OpenID AuthZEN      POST /access/v1/evaluation, /access/v1/evaluations
//	forward.go     may this request pass, for reverse proxies   /api/v1/auth/forward
//	token.go       tokens for service accounts (RFC 6749 §4.4)  POST /oauth2/token
//	introspect.go  introspection of tokens (RFC 7662)           POST /oauth2/introspect
//	revoke.go      the end of a session or an API key           POST /oauth2/revoke
//	feed.go        the changes since a token was issued         GET /api/v1/auth/changes
//	jwks.go        the keys that verify tokens                  GET /api/v1/auth/jwks, /.well-known/jwks.json
//	discovery.go   where all this is                            GET /.well-known/oauth-authorization-server, …/openid-configuration, …/authzen-configuration
//	health.go      whether the service can do its work          GET /api/v1/health, /livez, /readyz
//
// What all operations have in common is in package web; the resources of the API are in package api.
package gateway

import (
	"context"
	"slices"
	"sync/atomic"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/web"
)

// Health tells whether the service can do its work.
type Health interface {
	// Ping returns nil while the database answers.
	Ping(ctx context.Context) error
	// Ready returns nil while the database answers and its schema is the one this program needs.
	Ready(ctx context.Context) error
}

// Options is what the operations need beside the Service. All fields but PublicURL and Stopping are needed.
type Options struct {
	Feed *feed.Feed
	// Keys returns the public keys to publish, the one that signs first.
	Keys   func() []users.PublicKey
	Health Health
	// Issuer is the claim iss of the tokens.
	Issuer string
	// PublicURL is where clients reach the service, such as https://users.example.com, without a slash at the end. Without
	// one there is no discovery.
	PublicURL string
	// Version is shown by the health endpoint and nowhere else.
	Version string
	// Stopping, when it is closed, ends the wait of requests for the change feed. A nil one never is.
	Stopping <-chan struct{}
}

// gateway serves the operations with what Options gave.
type gateway struct {
	Options
	jwks      keyCache
	pings     probe
	readiness probe
	waiting   atomic.Int64 // requests for the change feed that wait for something to happen
}

// Routes is the table of all operations of the package.
func Routes(o Options) []web.Route {
	g := &gateway{Options: o}
	return slices.Concat(checkRoutes(), evaluationRoutes(), forwardRoutes(), tokenRoutes(), introspectionRoutes(), revocationRoutes(), g.feedRoutes(), g.keyRoutes(),
		g.discoveryRoutes(), g.healthRoutes())
}

// HealthRoutes is the part of the table that needs no database: it asks Health alone.
func HealthRoutes(o Options) []web.Route {
	g := &gateway{Options: o}
	return g.healthRoutes()
}
