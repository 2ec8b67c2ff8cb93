package app

import (
	"context"
	"net/netip"
	"time"

	"github.com/svc-users/svc-users/internal/assertion"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/fetch"
	"github.com/svc-users/svc-users/internal/gateway"
)

// Federation says for whom assertions of service accounts are, and where the keys of issuers may be read.
type Federation struct {
	// Issuer is that of our own tokens.
	Issuer string
	// Networks may be reached beside the public Internet.
	Networks []netip.Prefix
	// Local lets issuers of this machine be reached, without TLS too: in development.
	Local bool
	// Fetcher reads the keys of issuers; nil is one for these networks.
	Fetcher federation.Fetcher
}

// newFederation makes the duty that authenticates service accounts by assertions.
func (a *App) newFederation() *federation.Federation {
	c := a.config.Federation
	audiences := []string{c.Issuer}
	if a.config.PublicURL != "" {
		audiences = append(audiences, a.config.PublicURL+gateway.TokenPath)
	}
	fetcher := c.Fetcher
	if fetcher == nil {
		fetcher = fetch.New(fetch.Options{Networks: c.Networks, LocalHTTP: c.Local})
	}
	return federation.New(federation.Ports{
		Options: federation.Options{Issuer: c.Issuer, Audiences: audiences, LocalHTTP: c.Local},
		Service: a.Service, Store: a.Store, Assertions: assertion.Reader{}, Fetcher: fetcher, Unreachable: a.warnUnreachable(),
	})
}

// warnUnreachable warns of an issuer whose keys could not be read, once an hour each. The requests that were refused for it
// are in the log with the cause.
func (a *App) warnUnreachable() func(source string, err error) {
	log := a.config.Log
	if log == nil { // a command, which reads no keys of issuers
		return nil
	}
	issuers := newSeldom[string](time.Now)
	return func(source string, err error) {
		if issuers.allows(source) {
			log.Warn("the keys of an issuer could not be read; its assertions are refused", "issuer", source, "cause", err.Error())
		}
	}
}

// usedMargin is how long a used assertion stays noted after its time: longer than clocks differ.
const usedMargin = 10 * time.Minute

func (a *App) sweepUsedAssertions(ctx context.Context) error {
	return a.Store.SweepUsedAssertions(ctx, a.config.Now().Add(-usedMargin))
}
