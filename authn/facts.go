package authn

import (
	"errors"
	"time"
)

// facts is the state of the change feed up to one cursor. It is immutable: the next statement makes new facts, which
// share the unchanged parts.
type facts struct {
	cursor   string
	signed   time.Time // when the newest statement was signed, by the service's clock
	rights   *rights
	accounts pieces[account]
	ended    pieces[int64] // sessions and API keys that have ended, see statement.sessions
	swept    time.Time     // when sessions were last removed from ended, by the service's clock
	keys     *keyList
}

// account is an account whose older tokens may be out of date.
type account struct {
	none    bool  // none of its tokens is valid
	version int64 // of its valid tokens, unless none is valid
	signed  int64 // when this statement was signed, in Unix seconds
	role    id    // zero where it has none
}

var (
	errNoSnapshot         = errors.New("the statement continues a snapshot that was not received")
	errTooManyAccounts    = errors.New("more accounts have changed, and sessions ended, than Changes.MaxAccounts")
	errTooManyRoles       = errors.New("there are more roles than Changes.MaxRoles")
	errTooManyPermissions = errors.New("there are more permissions than Changes.MaxPermissions")
	errTooManyAssignments = errors.New("roles have more permissions of their own than Changes.MaxAssignments")
	errContinues          = errors.New("the statement continues a role that was not received")
)

// after returns the facts after a statement; f is nil before the first one. The errors are those above.
func (f *facts) after(s *statement, limits *Changes) (*facts, error) {
	next := facts{}
	switch {
	case s.reset:
		next.rights = newRights()
	case f == nil:
		return nil, errNoSnapshot
	default:
		next = *f
	}
	next.cursor, next.signed = s.cursor, s.issued
	switch {
	case s.keys != nil:
		next.keys = s.keys
	case !next.keys.accepts(s.signer):
		next.keys = nil // the service is an older one by now, and has keys that were never listed
	}
	if len(s.permissions)+len(s.roles) > 0 {
		var err error
		if next.rights, err = next.rights.after(s, limits); err != nil {
			return nil, err
		}
	}
	for u, a := range s.accounts {
		next.accounts.set(u, a)
	}
	for u, until := range s.sessions {
		next.ended.set(u, until)
	}
	next.sweepEnded()
	if next.accounts.count+next.ended.count > limits.MaxAccounts {
		return nil, errTooManyAccounts
	}
	return &next, nil
}

// sweepInterval is the least time between two removals of ended sessions, each of which looks at all of them.
const sweepInterval = time.Minute

// sweepEnded removes the sessions of which no token can be valid.
func (f *facts) sweepEnded() {
	if f.signed.Sub(f.swept) < sweepInterval {
		return
	}
	f.swept = f.signed
	for _, part := range f.ended.parts {
		for u, until := range part {
			if until < f.signed.Unix() {
				f.ended.remove(u)
			}
		}
	}
}

// share is called before others read the facts.
func (f *facts) share() {
	f.accounts.share()
	f.ended.share()
	f.rights.roles.share()
	f.rights.shared = true
}

// roleOf returns the id of the account's current role, zero if it has no known role; false where the token is not valid.
// An account that is not in the feed still has the role in its token, since a change would be in the feed. Tokens from
// before the claim role_id was introduced name the role first in the claim roles.
func (f *facts) roleOf(c *claims) (id, bool) {
	a, changed := f.accounts.get(c.account)
	role := c.role
	switch {
	case f.hasEnded(c), changed && (a.none || c.version != a.version):
		return id{}, false
	case changed:
		role = a.role
	case role == (id{}):
		role = f.rights.named(c.roles[0])
	}
	return role, f.actorsMayAct(c, role)
}

// hasEnded reports whether a token belongs to a session that has ended, or was issued for an API key that has.
func (f *facts) hasEnded(c *claims) bool {
	return f.endedSession(c.session) || f.endedSession(c.apiKey)
}

// endedSession reports whether a session or an API key has ended. A zero id is none.
func (f *facts) endedSession(u id) bool {
	if u == (id{}) {
		return false
	}
	_, ended := f.ended.get(u)
	return ended
}

// deadForGood reports whether a token is invalid even if the facts are out of date: versions only ever rise, and a session or
// an API key that has ended does not come back. The same is so of its actors.
func (f *facts) deadForGood(c *claims) bool {
	if f.hasEnded(c) || f.pastFor(c.account, c.version, c.issued.Unix()) {
		return true
	}
	for a := c.act; a != nil; a = a.prior {
		if f.endedSession(a.session) || f.pastFor(a.account, a.version, c.issued.Unix()) {
			return true
		}
	}
	return false
}

// pastFor reports whether a token version of an account is past. A token of a disabled account may be valid if it was issued
// after the statement, since the account may be enabled again.
func (f *facts) pastFor(u id, version, issued int64) bool {
	a, changed := f.accounts.get(u)
	if a.none {
		return issued <= a.signed
	}
	return changed && version < a.version
}

// lease is the newest facts and how long they are valid: for staleness from the time asked.
type lease struct {
	facts     *facts
	asked     reading // when the last request that confirmed them was sent
	staleness time.Duration
}

// reading is a time by both clocks: the monotonic clock, which cannot be set, and the wall clock, which goes on while the
// machine sleeps.
type reading struct{ steady, wall time.Time }

func readClocks() reading {
	now := time.Now()
	return reading{steady: now, wall: now.Round(0)}
}

// fresh reports whether the lease is valid at now, by both clocks. A nil lease is not.
func (l *lease) fresh(now reading) bool {
	return l != nil && now.steady.Sub(l.asked.steady) < l.staleness && now.wall.Sub(l.asked.wall) < l.staleness
}
