package authn

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// facts is what has been heard of rights, up to one cursor. It never changes: what is heard next makes new facts,
// which share what is the same.
type facts struct {
	cursor   string
	signed   time.Time // by whom it was told, by their clock
	roles    map[id]*role
	byName   map[string]*role
	accounts accounts
}

type role struct {
	name        string
	permissions []string // all effective ones, sorted
}

// account is one of which older tokens may say what is no longer so.
type account struct {
	none  bool  // no token of it counts
	least int64 // the least version that does, unless none does
	heard int64 // when this was signed, in Unix seconds
	role  id    // zero where it has none
}

// accounts is a map in 256 pieces by the last byte of the id, which is random in a UUID, so that a change copies a
// piece and not the whole.
type accounts struct {
	pieces [256]map[id]account
	// own are the pieces that nobody else reads yet: a snapshot comes in a thousand statements, and copying what is
	// there for each of them would take a thousand times as long.
	own   [256]bool
	count int
}

func (a *accounts) get(u id) (account, bool) {
	found, ok := a.pieces[u[15]][u]
	return found, ok
}

// with returns the accounts with changes. a itself stays as it is, but for the pieces that are its own.
func (a accounts) with(changes map[id]account) accounts {
	for u, change := range changes {
		n := u[15]
		if !a.own[n] {
			if a.pieces[n] = maps.Clone(a.pieces[n]); a.pieces[n] == nil {
				a.pieces[n] = map[id]account{}
			}
			a.own[n] = true
		}
		if _, known := a.pieces[n][u]; !known {
			a.count++
		}
		a.pieces[n][u] = change
	}
	return a
}

// share is called before others read the accounts.
func (a *accounts) share() { a.own = [256]bool{} }

var (
	errNoBeginning = errors.New("the statement adds to what was never told")
	errNoRoles     = errors.New("the statement begins anew and names no roles")
	errTooMany     = errors.New("more accounts have changed than Changes.MaxAccounts")
)

// after returns what is known after a statement; f is nil where nothing is yet.
func (f *facts) after(s *statement, maxAccounts int) (*facts, error) {
	next := facts{}
	switch {
	case s.reset && s.roles == nil:
		return nil, errNoRoles
	case !s.reset && f == nil:
		return nil, errNoBeginning
	case !s.reset:
		next = *f
	}
	next.cursor, next.signed = s.cursor, s.issued
	if s.roles != nil {
		next.roles = s.roles
		next.byName = make(map[string]*role, len(s.roles))
		for _, r := range s.roles {
			next.byName[r.name] = r
		}
	}
	if next.accounts = next.accounts.with(s.accounts); next.accounts.count > maxAccounts {
		return nil, errTooMany
	}
	return &next, nil
}

// roleOf returns the role an account has now, nil if it has none that is known; false where the token is dead. The
// role of an account that nothing was heard of is the one its token names first: had it changed since, or been
// renamed, that would have been told.
func (f *facts) roleOf(c *claims) (*role, bool) {
	a, changed := f.accounts.get(c.account)
	switch {
	case !changed:
		return f.byName[c.roles[0]], true
	case a.none || c.version < a.least:
		return nil, false
	}
	return f.roles[a.role], true
}

// deadForGood reports whether a token is dead by what was heard however long ago: versions only ever rise. One of
// an account that was disabled then may count if it is younger, since the account may be enabled again.
func (f *facts) deadForGood(c *claims) bool {
	a, changed := f.accounts.get(c.account)
	if a.none {
		return c.issued.Unix() <= a.heard
	}
	return changed && c.version < a.least
}

// heard is the newest facts and until when they count.
type heard struct {
	facts     *facts
	asked     time.Time // when the request was sent that confirmed them last
	staleness time.Duration
}

// fresh reports whether the facts still count. Both clocks must say so: the monotonic one, which nobody sets, and the
// other, which goes on while the machine sleeps.
func (h *heard) fresh(now time.Time) bool {
	return h != nil && now.Sub(h.asked) < h.staleness && now.Round(0).Sub(h.asked.Round(0)) < h.staleness
}

// sorted returns names in the order that Principal promises.
func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Clip(names)
}
