package authn

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Verifier verifies tokens and determines the rights of their bearers. It may be used by any number of goroutines.
type Verifier struct {
	options Options
	keys    *keySource

	live    atomic.Pointer[lease] // nil until the first whole snapshot
	running atomic.Bool

	told struct { // the last state that OnLost and OnFound were told
		sync.Mutex
		state state
	}
}

// New returns a verifier, or an error that names the wrong option. It sends no request: keys are fetched with the first
// token, and the change feed is followed by Run.
func New(options Options) (*Verifier, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	v := &Verifier{options: options}
	v.keys = &keySource{url: options.JWKS, client: sameHost(options.HTTPClient), log: options.Logger, clock: time.Now}
	return v, nil
}

// Verify verifies a token, a compact JWS without the scheme Bearer, and returns its account and rights. The error is
// always an *Error: Status is 401 if the token is not valid, and 503 if it cannot be verified now, since the keys cannot
// be fetched, or the change feed is lost and WhenLost is Refuse.
func (v *Verifier) Verify(ctx context.Context, token string) (Principal, error) {
	c, err := v.verifyToken(ctx, token)
	var noKeys *keysError
	switch {
	case errors.As(err, &noKeys), errors.Is(err, errLost):
		return Principal{}, unavailable(err)
	case err != nil:
		return Principal{}, invalidToken(err)
	}
	return v.principal(&c)
}

// verifyToken verifies the token without the change feed.
func (v *Verifier) verifyToken(ctx context.Context, token string) (claims, error) {
	if len(token) > maxToken {
		return claims{}, errTooLong
	}
	payload, typ, err := v.open(token, func(kid string) (publicKey, error) { return v.tokenKey(ctx, kid) }, tokenType, serviceType)
	if err != nil {
		return claims{}, err
	}
	c, err := v.readClaims(payload, typ)
	if err != nil {
		return claims{}, err
	}
	return c, c.validAt(v.options.Now())
}

// principal checks claims against the change feed and returns the rights.
func (v *Verifier) principal(c *claims) (Principal, error) {
	p := Principal{
		Account: c.account.String(), Email: c.email, Roles: c.roles, TokenID: c.tokenID.String(),
		IssuedAt: c.issued, Expires: c.expire, Service: c.service, Scope: c.scope, Actor: c.act.shown(),
	}
	if c.session != (id{}) {
		p.Session = c.session.String()
	}
	if v.follows() {
		h := v.live.Load()
		switch lost := !h.fresh(readClocks()); {
		case lost && v.options.Changes.WhenLost == Refuse:
			return Principal{}, unavailable(errLost)
		case lost && h != nil && h.facts.deadForGood(c):
			return Principal{}, invalidToken(errDead)
		case !lost:
			role, ok := h.facts.roleOf(c)
			if !ok {
				return Principal{}, invalidToken(errDead)
			}
			p.Live, p.Roles, p.Permissions = true, []string{}, []string{}
			if name, permissions, known := h.facts.rights.of(role); known {
				p.Roles, p.Permissions = c.within(name, permissions)
			}
			return p, nil
		}
	}
	p.Permissions, p.PermissionsOmitted = c.limit(c.permissions), c.permissionsOmitted
	if c.scope != nil {
		// Those that the account held when the token was issued.
		p.Permissions, p.PermissionsOmitted = c.limit(slices.Clone(c.scope)), false
	}
	slices.Sort(p.Permissions)
	return p, nil
}

// follows reports whether the options have a change feed.
func (v *Verifier) follows() bool { return v.options.Changes.URL != "" }

// Lost reports whether the options have a change feed and it is lost now. It is true until Run has read the first
// snapshot whole, and from Staleness after Run has returned.
func (v *Verifier) Lost() bool { return v.follows() && !v.live.Load().fresh(readClocks()) }

var (
	errLost = errors.New("the change feed is lost")
	errDead = errors.New("no longer valid: the account was disabled or deleted, its older tokens were invalidated, the session or the API key has ended, or an actor may no longer act")
)
