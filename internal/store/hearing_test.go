package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// ear is a hearing by a clock that a test moves.
type ear struct {
	*hearing
	t         *testing.T
	clock     time.Time
	forgotten int // how often it had the accounts forgotten
}

func newEar(t *testing.T) *ear {
	e := &ear{t: t, clock: time.Unix(1_000_000, 0)}
	e.hearing = newHearing(func() time.Time { return e.clock }, func() { e.forgotten++ })
	return e
}

// forgets asserts that the accounts have been forgotten since this was last asked.
func (e *ear) forgets(what string) {
	e.t.Helper()
	if e.forgotten == 0 {
		e.t.Errorf("%s, and the accounts are not forgotten", what)
	}
	e.forgotten = 0
}

func (e *ear) pass(d time.Duration) { e.clock = e.clock.Add(d) }

// beats sends a heartbeat that comes back at once and saw these stamps.
func (e *ear) beats(roles, accounts string) {
	e.cameBack(e.beat(), users.Revision{Roles: roles, Accounts: accounts})
}

// hears asserts what counts now; nothing for empty stamps.
func (e *ear) hears(what, roles, accounts string) {
	e.t.Helper()
	m, ok := e.moment()
	if want := (users.Revision{Roles: roles, Accounts: accounts}); m != want || ok != (roles != "") {
		e.t.Errorf("%s: %v (%t), want %v", what, m, ok, want)
	}
}

func TestHearingCountsFromTheSending(t *testing.T) {
	t.Parallel()
	e := newEar(t)
	e.hears("before anything", "", "")
	n := e.beat()
	e.pass(800 * time.Millisecond)
	e.cameBack(n, users.Revision{Roles: "r0", Accounts: "a0"})
	e.hears("800 ms after the sending", "r0", "a0")
	e.pass(99 * time.Millisecond)
	e.hears("899 ms after the sending", "r0", "a0")
	e.pass(time.Millisecond)
	e.hears("900 ms after the sending", "", "")
	n = e.beat()
	e.pass(time.Second)
	if e.cameBack(n, users.Revision{Roles: "r0", Accounts: "a0"}) {
		t.Error("a heartbeat that took a second to come back is called hearing")
	}
	e.pass(100 * time.Millisecond)
	if s := e.silence(); s != 100*time.Millisecond {
		t.Errorf("silent for %v", s)
	}

	e.beats("r0", "a0")
	e.hears("after another", "r0", "a0")
	e.cameBack(n, users.Revision{Roles: "r0", Accounts: "a0"})
	e.cameBack(77, users.Revision{Roles: "r9", Accounts: "a9"})
	e.hears("after one that was not under way", "r0", "a0")
	e.begin()
	e.hears("after the connection was lost", "", "")
}

func TestHearingOfChanges(t *testing.T) {
	t.Parallel()
	e := newEar(t)
	e.beats("r0", "a0")
	e.hear("r r1")
	e.hears("more may be on its way", "", "")
	e.beats("r1", "a0")
	e.hears("after a change of roles", "r1", "a0")

	// A heartbeat saw the stamps before a change that was heard of first: the next one tells.
	n := e.beat()
	e.hear("a a1 " + users.NewID().String())
	e.hear("r r2")
	e.cameBack(n, users.Revision{Roles: "r1", Accounts: "a0"})
	e.hears("after a change while it was under way", "", "")
	// One that was under way, and saw it all the same, is as good as one that was sent later.
	n = e.beat()
	e.hear("r r3")
	e.cameBack(n, users.Revision{Roles: "r3", Accounts: "a1"})
	e.hears("after a change that it saw", "r3", "a1")

	// What this process wrote itself is not heard of yet: only what was sent later tells that it was.
	n = e.beat()
	e.pass(time.Millisecond)
	e.wrote()
	e.hears("having written", "", "")
	e.cameBack(n, users.Revision{Roles: "r3", Accounts: "a1"})
	e.hears("after one that was sent before", "", "")
	e.hear("r r4")
	e.beats("r4", "a1")
	e.hears("after one that was sent later", "r4", "a1")

	// A stamp that nobody told of: what is heard is not all.
	e.forgotten = 0
	e.beats("r4", "untold")
	e.hears("after a stamp that nobody told of", "", "")
	e.forgets("there was a stamp that nobody told of")
	e.beats("r4", "untold")
	e.hears("having begun anew", "r4", "untold")
	if e.forgotten > 0 {
		t.Error("all is well, and the accounts are forgotten")
	}
	for _, payload := range []string{"z something of a later version", "", "a", "r", "r ", "a  x", "\x00"} {
		e.hear(payload)
		e.hears("after words that mean nothing here", "", "")
		e.forgets("something was heard that means nothing")
		e.beats("r5", "a5")
		e.hears("having begun anew once more", "r5", "a5")
	}
}

// What is heard between the beginning and the first heartbeat is newer than what that may have seen.
func TestHearingBeforeTheFirstHeartbeat(t *testing.T) {
	t.Parallel()
	e := newEar(t)
	id := users.NewID()
	n := e.beat()
	e.hear("a a1 " + id.String())
	e.cameBack(n, users.Revision{Roles: "r0", Accounts: "a0"})
	e.hears("at first, when a0 may be older than a1 or untold", "", "")
	e.beats("r0", "a1")
	e.hears("with the next", "r0", "a1")
	if e.unchanged(users.NewID(), "a0") {
		t.Error("what came before the first change is known")
	}
	e.beats("r0", "a1")
	e.hears("then", "r0", "a1")
}

func TestHearingWhoHasChanged(t *testing.T) {
	t.Parallel()
	e := newEar(t)
	ada, bob := users.NewID(), users.NewID()
	e.beats("r", "a0")
	same := func(id users.ID, stamp string, want bool) {
		t.Helper()
		if e.unchanged(id, stamp) != want {
			t.Errorf("unchanged since %s: %t, want %t", stamp, !want, want)
		}
	}
	same(ada, "a0", true)
	same(ada, "never", false)
	e.hear("a a1 " + ada.String())
	same(ada, "a0", false)
	same(bob, "a0", true)
	same(ada, "a1", false) // which is only told so far
	e.beats("r", "a1")
	same(ada, "a1", true)
	e.hear(fmt.Sprintf("a a2 %s,%s", bob, ada))
	e.beats("r", "a2")
	same(bob, "a1", false)
	same(ada, "a1", false)
	same(bob, "a2", true)
	for _, unnamed := range []string{"*", "", "x", ada.String() + ",*"} {
		e.hear("a a3" + unnamed + " " + unnamed)
		e.beats("r", "a3"+unnamed)
		same(ada, "a2", false)
		same(bob, "a2", false)
		same(bob, "a3"+unnamed, true)
	}

	// It looks back on so many changes, and does not take what is older for unchanged.
	e.hear("a last " + ada.String())
	same(bob, "a3*", false)
	for i := range 3 * remembers {
		e.hear(fmt.Sprintf("a b%d %s", i, users.NewID()))
		if i%2 == 1 {
			e.beats("r", fmt.Sprintf("b%d", i))
		}
	}
	newest := fmt.Sprintf("b%d", 3*remembers-1)
	same(ada, "last", false)
	same(ada, "a2", false)
	same(ada, "b0", false)
	same(ada, newest, true)
	same(ada, fmt.Sprintf("b%d", 3*remembers-501), true)
	same(ada, fmt.Sprintf("b%d", 3*remembers-500), false)
	if n := len(e.accounts.marks) + len(e.accounts.changes) + len(e.accounts.changed); n > 3*remembers+3 {
		t.Errorf("it keeps %d things", n)
	}
}

// A machine that was suspended, or moved, finds that its monotonic clock has stood still.
func TestHearingAfterSuspension(t *testing.T) {
	t.Parallel()
	now := time.Now()
	h := &heard{until: now.Add(credit)}
	if !h.counts(now) || h.counts(now.Add(credit)) {
		t.Error("it does not count for as long as it should")
	}
	// The wall clock has gone on: a time with the monotonic reading of now, and another day.
	slept := &heard{until: now.Add(credit)}
	slept.until = slept.until.Round(0).Add(-time.Hour)
	if slept.counts(now) {
		t.Error("what was heard an hour ago by the wall clock counts")
	}
}

// Stamps do not come back, and a heartbeat has seen what was heard before it was sent.
func TestHearingWhatCannotBe(t *testing.T) {
	t.Parallel()
	e := newEar(t)
	e.beats("r0", "a0")
	e.hear("r r1")
	e.beats("r1", "a0")
	e.forgotten = 0
	e.beats("r0", "a0")
	e.hears("after a heartbeat from before", "", "")
	e.forgets("the database has gone back")
	e.beats("r0", "a0")
	e.hears("having begun anew", "r0", "a0")
	e.hear("a a1 *")
	e.hear("a a0 *")
	e.hears("after a stamp that came back", "", "")
	e.forgets("a stamp came back")
	e.beats("r5", "a0")
	e.hears("having begun anew once more", "r5", "a0")
	e.hear("r told")
	e.beats("r5", "a0")
	e.hears("after a change that has not happened", "", "")
	e.forgets("a change was told that has not happened")
}

// An account that was read after a change which has not been heard of fully yet does not go with roles from before it.
func TestHeardIsOfOneMoment(t *testing.T) {
	t.Parallel()
	e := newEar(t)
	id := users.NewID()
	e.beats("r1", "a1")
	seen, _ := e.moment()
	e.hear("r r2")
	e.hear("a a2 " + id.String())
	if e.unchanged(id, "a2") {
		t.Error("a stamp that was merely told is taken for one that is real")
	}
	// Whoever began with seen must find that it is no longer the last.
	if now, ok := e.moment(); ok || now == seen {
		t.Error("the moment before is still the last")
	}
	e.beats("r2", "a2")
	if now, ok := e.moment(); !ok || now == seen {
		t.Error("the next moment is not another")
	}
}
