// Package lease decides for how long a replica may answer from rights that it has cached, without a query.
//
// It is pure: it opens no connection, starts no goroutine and gets its clock passed in. Package store feeds it with
// what comes over its connections, and tells it when to end. The terms:
//
//   - A revision (users.Revision) identifies a state of the database.
//   - A notification is what PostgreSQL sends to every replica when a transaction that changed rights commits. It says
//     which part of the revision is new, and which accounts changed; see Apply.
//   - A heartbeat is a notification that a replica sends to itself through the database. It carries the revision that
//     was read there on the way. When it comes back it is acknowledged; see Ack.
//   - The lease is what an acknowledged heartbeat grants: to answer from the cache, at the revision it carried, until
//     TTL after it was sent.
//
// An example:
//
//	t = 0 ms    Send() = 7          heartbeat 7 is on its way, and reads the revision R1 A1 in the database
//	t = 4 ms    Ack(7, R1 A1)       the lease is for R1 A1, until t = 900 ms
//	t = 90 ms   Apply("a A2 ID")    another replica has changed the account ID: the lease ends, A2 is written down
//	t = 91 ms   Send() = 8          asked for by the notification
//	t = 95 ms   Ack(8, R1 A2)       the lease is for R1 A2, until t = 991 ms; only ID has to be read again
package lease

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/svc-users/svc-users"
)

// TTL is how long a lease lasts, from the sending of the heartbeat that granted it. A request is answered from the cache
// at most that long after a change: within the second that is promised, with room for a thread that is kept waiting.
const TTL = 900 * time.Millisecond

// Lease is what a replica has been told of the changes in its database, and for how long it may rely on it. It is safe
// for concurrent use.
//
// The database delivers notifications in the order of commits, heartbeats among them. When a heartbeat comes back, every
// change that was committed before it was sent has been applied. Only the revision that the heartbeat carries is
// trusted: it grants the lease if it is exactly the revision that was applied last. A notification can be forged by any
// user of the database who knows the name of the channel, so a notification never grants anything: it only ends the
// lease, and has the store send a heartbeat.
//
// A lease lasts for TTL by the replica's own clocks: the monotonic one and the wall clock, since the monotonic clock may
// stand still while a machine is suspended. Three events end it earlier: a notification, after which more may follow,
// until the next heartbeat; a commit of this process, until a heartbeat that is sent later; the loss of the connection,
// until the first heartbeat over the next one.
type Lease struct {
	now     func() time.Time
	forget  func() // drops every cached account
	current atomic.Pointer[snapshot]

	mu        sync.RWMutex
	inFlight  map[int64]time.Time // heartbeats that are under way, by number: when each was sent
	sent      int64               // the number of the last heartbeat
	notBefore int64               // the last heartbeat before this process's newest commit: none up to it grants a lease
	unaware   int64               // the last heartbeat before the newest notification: it need not have seen that change
	started   bool                // roles and accounts go back to a heartbeat
	roles     string              // Revision.Roles as it was applied last
	accounts  changelog
	lastAck   time.Time
}

// snapshot is a revision and the time until which the cache may be used at it. It never changes.
type snapshot struct {
	revision users.Revision
	until    time.Time
}

// validAt compares by both clocks: a time without its monotonic reading, which Round strips, is that of the wall clock.
func (s *snapshot) validAt(now time.Time) bool {
	return now.Before(s.until) && now.Round(0).Before(s.until.Round(0))
}

// New returns a Lease that is not held yet. forget is called, with a lock held, whenever cached accounts can no longer be
// told apart from changed ones; it must drop them all and must not call the Lease.
func New(now func() time.Time, forget func()) *Lease {
	l := &Lease{now: now, forget: forget}
	l.Reset()
	return l
}

// Reset ends the lease and forgets everything: a connection was made, or lost.
func (l *Lease) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight, l.lastAck = map[int64]time.Time{}, l.now()
	l.restart()
}

// restart forgets what was applied. Cached accounts are forgotten with it: which of them changed since they were read is
// what the changelog was for. The caller holds the lock.
func (l *Lease) restart() {
	l.current.Store(nil)
	l.started, l.roles, l.accounts = false, "", changelog{}
	l.forget()
}

// Revision returns the revision of the database as of at most TTL ago, or false while the lease is not held.
func (l *Lease) Revision() (users.Revision, bool) {
	s := l.current.Load()
	if s == nil || !s.validAt(l.now()) {
		return users.Revision{}, false
	}
	return s.revision, true
}

// Unchanged reports whether an account that was read at one Revision.Accounts is the same at another, now: the one of a
// lease that the caller has seen. False if that cannot be told, as when now is not the one that was applied last: then
// what is known may be of another history than the lease was.
func (l *Lease) Unchanged(id users.ID, accounts, now string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.accounts.last == now && l.accounts.unchanged(id, accounts)
}

// Committed ends the lease because this process has committed something, or may have: its next request must not be
// answered from anything older.
func (l *Lease) Committed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notBefore = l.sent
	l.current.Store(nil)
}

// Send returns the number of a heartbeat that is sent now: 1, 2, 3 and so on.
func (l *Lease) Send() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	l.inFlight[l.sent] = l.now()
	return l.sent
}

// Apply takes the payload of a notification and ends the lease until the next heartbeat. The payload is one of
//
//	r REVISION          roles, permissions or assignments changed; REVISION is the new Revision.Roles
//	a REVISION ID,ID    these accounts changed; REVISION is the new Revision.Accounts
//	a REVISION *        more accounts changed than can be named
//
// for example
//
//	a 8f14e45f-ceea-467f-a0e6-2c1d0a9b8e77 0197f5a0-7d1e-7c3a-9f00-1b2c3d4e5f60
//
// It may be forged. It is written down, and trusted once a heartbeat has carried the same revision. A payload that
// cannot be right, or is of a later version of the schema, forgets everything. The triggers that send it are in
// store/migrations/postgres/00005 and 00007.
func (l *Lease) Apply(payload string) {
	kind, rest, _ := strings.Cut(payload, " ")
	revision, named, _ := strings.Cut(rest, " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current.Store(nil)
	l.unaware = l.sent
	if !l.started {
		return // the next heartbeat is where the changelog starts
	}
	switch {
	case kind == "r" && revision != "":
		l.roles = revision
	case kind == "a" && revision != "" && l.accounts.add(revision, parseIDs(named)):
	default:
		l.restart()
	}
}

// parseIDs reads ids separated by commas; nil unless each is one.
func parseIDs(list string) []users.ID {
	var ids []users.ID
	for text := range strings.SplitSeq(list, ",") {
		id, ok := users.ParseID(text)
		if !ok {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

// Ack takes a heartbeat that came back, with the revision that it read in the database after it was sent. It reports
// whether the lease is held now. A number that is not in flight changes nothing.
func (l *Lease) Ack(number int64, r users.Revision) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	sentAt, ours := l.inFlight[number]
	if !ours {
		return false
	}
	for n := range l.inFlight {
		if n <= number {
			delete(l.inFlight, n)
		}
	}
	l.lastAck = l.now()
	if !l.reconcile(number, r) || number <= l.notBefore {
		l.current.Store(nil)
		return false
	}
	s := &snapshot{r, sentAt.Add(TTL)}
	l.current.Store(s)
	return s.validAt(l.now())
}

// reconcile compares the revision of a heartbeat with what was applied, and reports whether they agree. The caller holds
// the lock.
func (l *Lease) reconcile(number int64, r users.Revision) bool {
	started := l.started
	switch {
	case started && r == users.Revision{Roles: l.roles, Accounts: l.accounts.last}:
		l.accounts.confirm()
		return true
	case number <= l.unaware:
		// A notification came after this heartbeat was sent, which need not have seen that change. The next one has.
		return false
	}
	// The changelog starts here. If it had started before, a change was not notified, or a notification told of one that
	// has not happened, or the database has gone back: then the next heartbeat grants a lease at the earliest.
	l.restart()
	l.started, l.roles = true, r.Roles
	l.accounts.start(r.Accounts)
	return !started
}

// Silence is how long no heartbeat has come back.
func (l *Lease) Silence() time.Duration {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.now().Sub(l.lastAck)
}
