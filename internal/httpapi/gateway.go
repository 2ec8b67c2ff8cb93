package httpapi

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/svc-users/svc-users"
)

// Health tells whether the service can do its work.
type Health interface {
	// Ping returns nil while the database answers.
	Ping(ctx context.Context) error
	// Ready returns nil while the database answers and its schema is the one this program needs.
	Ready(ctx context.Context) error
}

// GatewayOptions is what the operations need beside the Service. All fields but Stopping are needed.
type GatewayOptions struct {
	// Keys returns the public keys to publish, the one that signs first.
	Keys   func() []users.PublicKey
	Health Health
	// Version is shown by the health endpoint and nowhere else.
	Version string
	// Stopping, when it is closed, ends the wait of requests for the change feed. A nil one never is.
	Stopping <-chan struct{}
}

// gateway serves the operations with what GatewayOptions gave.
type gateway struct {
	GatewayOptions
	jwks      keyCache
	pings     probe
	readiness probe
	waiting   atomic.Int64 // requests for the change feed that wait for something to happen
}

// GatewayRoutes is the table of all operations of the package.
func GatewayRoutes(o GatewayOptions) []Route {
	g := &gateway{GatewayOptions: o}
	return slices.Concat(checkRoutes(), forwardRoutes(), introspectionRoutes(), g.feedRoutes(), g.keyRoutes(), g.healthRoutes())
}

// HealthRoutes is the part of the table that needs no database: it asks Health alone.
func HealthRoutes(o GatewayOptions) []Route {
	g := &gateway{GatewayOptions: o}
	return g.healthRoutes()
}
