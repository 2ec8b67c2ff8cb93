package authn

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Verifier tells which tokens count and what their bearers may do. It may be used by any number of goroutines.
type Verifier struct {
	options Options
	keys    *keySource

	live    atomic.Pointer[heard] // nil until the first whole snapshot
	running atomic.Bool

	told struct { // what OnLost and OnFound were told last
		sync.Mutex
		state state
	}
}

// New returns a verifier, or what is wrong with the options. It asks for nothing yet: keys are fetched with the first
// token, and changes are followed by Run.
func New(options Options) (*Verifier, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	v := &Verifier{options: options}
	v.keys = &keySource{url: options.JWKS, client: sameHost(options.HTTPClient), log: options.Logger, clock: time.Now}
	return v, nil
}

// Verify returns whose token this is and what they may do, if it counts now. The error is always an *Error: one of
// status 401 says that the token does not count, one of 503 that this cannot be told now.
func (v *Verifier) Verify(ctx context.Context, token string) (Principal, error) {
	c, err := v.verifyToken(ctx, token)
	var noKeys *keysError
	switch {
	case errors.As(err, &noKeys):
		return Principal{}, unavailable(err)
	case err != nil:
		return Principal{}, invalidToken(err)
	}
	return v.principal(&c)
}

// verifyToken looks at the token alone.
func (v *Verifier) verifyToken(ctx context.Context, token string) (claims, error) {
	if len(token) > maxToken {
		return claims{}, errTooLong
	}
	payload, err := v.open(ctx, token, tokenType)
	if err != nil {
		return claims{}, err
	}
	c, err := v.readClaims(payload)
	if err != nil {
		return claims{}, err
	}
	return c, c.validAt(v.options.Now())
}

// principal holds claims against what was heard of changes.
func (v *Verifier) principal(c *claims) (Principal, error) {
	p := Principal{
		Account: c.account.String(), Email: c.email, Roles: c.roles, TokenID: c.tokenID.String(),
		IssuedAt: c.issued, Expires: c.expire,
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
				p.Roles, p.Permissions = []string{name}, permissions
			}
			return p, nil
		}
	}
	p.Permissions, p.PermissionsOmitted = c.permissions, c.permissionsOmitted
	slices.Sort(p.Permissions)
	return p, nil
}

// follows reports whether changes were asked to be followed.
func (v *Verifier) follows() bool { return v.options.Changes.URL != "" }

// Lost reports whether changes are to be followed and are not heard now. It is true until Run has read the whole
// state once, and after Run has returned.
func (v *Verifier) Lost() bool { return v.follows() && !v.live.Load().fresh(readClocks()) }

var (
	errLost = errors.New("changes of rights are not heard")
	errDead = errors.New("no longer counts: the account was disabled or deleted, or its older tokens were ended")
)
