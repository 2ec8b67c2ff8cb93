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
// A heartbeat carries the stamps that it read from the database, and only that is believed: what was heard counts if
// a heartbeat carries exactly the stamps that were heard last. A notification is sent by any user of the database
// who knows the name of the channel, so it never makes anything count; all it does is to end that, and to make this
// process ask.
//
// What was heard is true as of the sending of that heartbeat, and counts for as long as credit from then on, by this
// process's own clocks: the monotonic one, and the wall clock too, since the first may stand still while a machine is
// suspended. Three things end it before: a change was heard, of which more may be on its way, until the
// next heartbeat; this process has changed something itself, until a heartbeat that it sent later; the connection
// is gone, until a first heartbeat came over the next one.
type hearing struct {
	now     func() time.Time
	forget  func() // drops every account that is kept in memory
	current atomic.Pointer[heard]

	mu       sync.RWMutex
	under    map[int64]time.Time // when the heartbeats were sent that are under way
	sent     int64               // how many heartbeats were
	floor    int64               // the last one that was sent before this process wrote: none counts up to it
	before   int64               // the last heartbeat that was sent before the newest change was heard
	began    bool                // roles and accounts go back to the stamps of a heartbeat
	roles    string              // the stamp of the roles that was heard last
	accounts history
	last     time.Time // when a heartbeat was heard
}

// heard is a state that was heard of. It never changes.
type heard struct {
	moment users.Revision
	until  time.Time
}

// counts reports whether it does at a time. Without its monotonic reading, which Round strips, a time is that of the
// wall clock.
func (h *heard) counts(now time.Time) bool {
	return now.Before(h.until) && now.Round(0).Before(h.until.Round(0))
}

func newHearing(now func() time.Time, forget func()) *hearing {
	h := &hearing{now: now, forget: forget}
	h.begin()
	return h
}

// begin forgets everything: a connection is made, or lost.
func (h *hearing) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.under, h.last = map[int64]time.Time{}, h.now()
	h.reset()
}

// reset forgets what was heard. Accounts are forgotten with it: which of them have changed since they were read is
// what the history was for. The caller holds the lock.
func (h *hearing) reset() {
	h.current.Store(nil)
	h.began, h.roles, h.accounts = false, "", history{}
	h.forget()
}

// moment returns the stamps as of at most credit ago, or false.
func (h *hearing) moment() (users.Revision, bool) {
	c := h.current.Load()
	if c == nil || !c.counts(h.now()) {
		return users.Revision{}, false
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
	h.floor = h.sent
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

// hear takes the payload of a notification: `r STAMP` if roles, permissions or assignments changed, `a STAMP ID,ID`
// with the ids of the accounts that did, `a STAMP *` for too many to name. STAMP is the new one. For example:
//
//	a 8f14e45f-ceea-467f-a0e6-2c1d0a9b8e77 0197f5a0-7d1e-7c3a-9f00-1b2c3d4e5f60
//
// It may be forged. What it says is written down, and counts only once a heartbeat has carried the same stamps. One
// that cannot be, or that is of a later version of the schema, ends everything that was heard.
func (h *hearing) hear(payload string) {
	kind, rest, _ := strings.Cut(payload, " ")
	stamp, who, _ := strings.Cut(rest, " ")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current.Store(nil)
	h.before = h.sent
	if !h.began {
		return // the next heartbeat is where it begins
	}
	switch {
	case kind == "r" && stamp != "":
		h.roles = stamp
	case kind == "a" && stamp != "" && h.accounts.add(stamp, ids(who)):
	default:
		h.reset()
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
func (h *hearing) cameBack(number int64, m users.Revision) bool {
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
	began := h.began
	switch {
	case began && m == users.Revision{Roles: h.roles, Accounts: h.accounts.last}:
		h.accounts.prove()
	case number <= h.before:
		// A change was heard after this one was sent, which need not have seen it. The next one will have.
		h.current.Store(nil)
		return false
	default:
		// Where it begins. If it had begun before, there are changes that nobody told of, or something was told
		// that has not happened, or the database has gone back: then it counts with the next one at the earliest.
		h.reset()
		h.began, h.roles = true, m.Roles
		h.accounts.start(m.Accounts)
		if began {
			return false
		}
	}
	if number <= h.floor {
		h.current.Store(nil)
		return false
	}
	now := &heard{m, sent.Add(credit)}
	h.current.Store(now)
	return now.counts(h.now())
}

// silence is how long no heartbeat has come back.
func (h *hearing) silence() time.Duration {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.now().Sub(h.last)
}
