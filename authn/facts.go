package authn

import (
	"errors"
	"time"
)

// facts is what has been heard of rights, up to one cursor. It never changes: what is heard next makes new facts,
// which share what is the same.
type facts struct {
	cursor   string
	signed   time.Time // by whom it was told, by their clock
	rights   *rights
	accounts pieces[account]
}

// account is one of which older tokens may say what is no longer so.
type account struct {
	none    bool  // no token of it counts
	version int64 // of those that do, unless none does
	heard   int64 // when this was signed, in Unix seconds
	role    id    // zero where it has none
}

var (
	errNoBeginning        = errors.New("the statement adds to what was never told")
	errTooManyAccounts    = errors.New("more accounts have changed than Changes.MaxAccounts")
	errTooManyRoles       = errors.New("there are more roles than Changes.MaxRoles")
	errTooManyPermissions = errors.New("there are more permissions than Changes.MaxPermissions")
	errTooManyAssignments = errors.New("roles have more permissions of their own than Changes.MaxAssignments")
	errContinues          = errors.New("the statement continues a role that was not told")
)

// after returns what is known after a statement; f is nil where nothing is yet.
func (f *facts) after(s *statement, limits *Changes) (*facts, error) {
	next := facts{}
	switch {
	case s.reset:
		next.rights = newRights()
	case f == nil:
		return nil, errNoBeginning
	default:
		next = *f
	}
	next.cursor, next.signed = s.cursor, s.issued
	if len(s.permissions)+len(s.roles) > 0 {
		var err error
		if next.rights, err = next.rights.after(s, limits); err != nil {
			return nil, err
		}
	}
	for u, a := range s.accounts {
		next.accounts.set(u, a)
	}
	if next.accounts.count > limits.MaxAccounts {
		return nil, errTooManyAccounts
	}
	return &next, nil
}

// share is called before others read the facts.
func (f *facts) share() {
	f.accounts.share()
	f.rights.roles.share()
	f.rights.shared = true
}

// roleOf returns the id of the role an account has now, zero if it has none that is known; false where the token is
// dead. The role of an account that nothing was heard of is the one its token names: had it changed since, that would
// have been told. Tokens from before there was a claim role_id name it first among the roles.
func (f *facts) roleOf(c *claims) (id, bool) {
	a, changed := f.accounts.get(c.account)
	switch {
	case changed && (a.none || c.version != a.version):
		return id{}, false
	case changed:
		return a.role, true
	case c.role != (id{}):
		return c.role, true
	}
	return f.rights.named(c.roles[0]), true
}

// deadForGood reports whether a token is dead by what was heard however long ago: versions only ever rise. One of
// an account that was disabled then may count if it is younger, since the account may be enabled again.
func (f *facts) deadForGood(c *claims) bool {
	a, changed := f.accounts.get(c.account)
	if a.none {
		return c.issued.Unix() <= a.heard
	}
	return changed && c.version < a.version
}

// heard is the newest facts and until when they count.
type heard struct {
	facts     *facts
	asked     reading // when the request was sent that confirmed them last
	staleness time.Duration
}

// reading is a moment by both clocks: the monotonic one, which nobody sets, and the other, which goes on while the
// machine sleeps.
type reading struct{ steady, wall time.Time }

func readClocks() reading {
	now := time.Now()
	return reading{steady: now, wall: now.Round(0)}
}

// fresh reports whether the facts still count. Both clocks must say so.
func (h *heard) fresh(now reading) bool {
	return h != nil && now.steady.Sub(h.asked.steady) < h.staleness && now.wall.Sub(h.asked.wall) < h.staleness
}
