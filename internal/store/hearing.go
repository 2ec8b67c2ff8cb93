package store

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/svc-users/svc-users"
)

// credit is how long what was heard counts after the sending of the newest heartbeat that came back. Whoever was
// let in on it was so, at the latest, that long after a change: within the second that is promised, with room for a
// thread that is kept waiting.
const credit = 900 * time.Millisecond

// remembers bounds how many changes a hearing looks back on.
const remembers = 1024

// hearing is what this process has heard of the changes in its database, and for how long that may be believed.
//
// The database sends what has changed in the order of commits, and so do the heartbeats come that this process
// sends itself through it. When one comes back, everything that was committed before it was sent has been heard of.
// So what was heard is true as of that sending, and counts for as long as credit from then on, by this process's
// own clocks: the monotonic one, and the wall clock too, since the first may stand still while a machine is
// suspended. Three things end it before: a change was heard, of which more may be on its way, until the
// next heartbeat; this process has changed something itself, until a heartbeat that it sent later; the connection
// is gone, until a first heartbeat came over the next one.
type hearing struct {
	now     func() time.Time
	current atomic.Pointer[heard]

	mu       sync.RWMutex
	under    map[int64]time.Time // when the heartbeats were sent that are under way
	sent     int64               // how many heartbeats were
	floor    time.Time           // none counts that was sent before
	roles    history
	accounts history
	last     time.Time // when a heartbeat was heard
}

// heard is a state that was heard of. It never changes.
type heard struct {
	moment users.Moment
	until  time.Time
}

// counts reports whether it does at a time. Without its monotonic reading, which Round strips, a time is that of the
// wall clock.
func (h *heard) counts(now time.Time) bool {
	return now.Before(h.until) && now.Round(0).Before(h.until.Round(0))
}

func newHearing(now func() time.Time) *hearing {
	h := &hearing{now: now}
	h.begin()
	return h
}

// begin forgets everything: a connection is made, or lost.
func (h *hearing) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current.Store(nil)
	h.under, h.last = map[int64]time.Time{}, h.now()
	h.roles, h.accounts = history{}, history{}
}

// moment returns the stamps as of at most credit ago, or false.
func (h *hearing) moment() (users.Moment, bool) {
	c := h.current.Load()
	if c == nil || !c.counts(h.now()) {
		return users.Moment{}, false
	}
	return c.moment, true
}

// unchanged reports whether an account is now what it was under a stamp of the accounts.
func (h *hearing) unchanged(id users.ID, stamp string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.accounts.unchanged(id, stamp)
}

// wrote says that this process has committed something: it must not be let in on anything older.
func (h *hearing) wrote() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.floor = h.now()
	h.current.Store(nil)
}

// beat returns the number of a heartbeat that is sent now.
func (h *hearing) beat() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent++
	h.under[h.sent] = h.now()
	return h.sent
}

// hear takes the payload of a notification of a change.
func (h *hearing) hear(payload string) {
	kind, rest, _ := strings.Cut(payload, " ")
	stamp, who, _ := strings.Cut(rest, " ")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current.Store(nil)
	switch kind {
	case "r":
		h.roles.add(stamp, nil)
	case "a":
		h.accounts.add(stamp, ids(who))
	default:
		// Of a later version of the schema. What it means is unknown, so whatever is kept may be past.
		h.roles, h.accounts = history{}, history{}
	}
}

// ids reads a list of accounts; nil if they are not named.
func ids(list string) []users.ID {
	var named []users.ID
	for text := range strings.SplitSeq(list, ",") {
		id, ok := users.ParseID(text)
		if !ok {
			return nil
		}
		named = append(named, id)
	}
	return named
}

// cameBack takes a heartbeat that was heard, with the stamps that it saw when it was sent or a little later. It
// reports whether what was heard counts now.
func (h *hearing) cameBack(number int64, m users.Moment) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	sent, ours := h.under[number]
	if !ours {
		return false
	}
	for n := range h.under {
		if n <= number {
			delete(h.under, n)
		}
	}
	h.last = h.now()
	agrees := h.roles.agree(m.Roles)
	agrees = h.accounts.agree(m.Accounts) && agrees
	if !agrees || sent.Before(h.floor) {
		h.current.Store(nil)
		return false
	}
	now := &heard{users.Moment{Roles: h.roles.last, Accounts: h.accounts.last}, sent.Add(credit)}
	h.current.Store(now)
	return now.counts(h.now())
}

// silence is how long no heartbeat has come back.
func (h *hearing) silence() time.Duration {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.now().Sub(h.last)
}
