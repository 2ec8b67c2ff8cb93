package lease

import (
	"fmt"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// fixture is a Lease by a clock that a test moves.
type fixture struct {
	*Lease
	t         *testing.T
	clock     time.Time
	forgotten int // how often cached accounts had to be forgotten
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t, clock: time.Unix(1_000_000, 0)}
	f.Lease = New(func() time.Time { return f.clock }, func() { f.forgotten++ })
	return f
}

// wantForgotten asserts that accounts have been forgotten since this was last asked.
func (f *fixture) wantForgotten(what string) {
	f.t.Helper()
	if f.forgotten == 0 {
		f.t.Errorf("%s, and the accounts are not forgotten", what)
	}
	f.forgotten = 0
}

func (f *fixture) pass(d time.Duration) { f.clock = f.clock.Add(d) }

// heartbeat sends one that comes back at once with this revision.
func (f *fixture) heartbeat(roles, accounts string) {
	f.Ack(f.Send(), users.Revision{Roles: roles, Accounts: accounts})
}

// want asserts the revision that the lease is for; none for empty texts.
func (f *fixture) want(what, roles, accounts string) {
	f.t.Helper()
	got, ok := f.Revision()
	if want := (users.Revision{Roles: roles, Accounts: accounts}); got != want || ok != (roles != "") {
		f.t.Errorf("%s: %v (%t), want %v", what, got, ok, want)
	}
}

func TestLeaseLastsFromTheSending(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.want("before anything", "", "")
	n := f.Send()
	f.pass(800 * time.Millisecond)
	f.Ack(n, users.Revision{Roles: "r0", Accounts: "a0"})
	f.want("800 ms after the sending", "r0", "a0")
	f.pass(99 * time.Millisecond)
	f.want("899 ms after the sending", "r0", "a0")
	f.pass(time.Millisecond)
	f.want("900 ms after the sending", "", "")
	n = f.Send()
	f.pass(time.Second)
	if f.Ack(n, users.Revision{Roles: "r0", Accounts: "a0"}) {
		t.Error("a heartbeat that took a second to come back grants a lease")
	}
	f.pass(100 * time.Millisecond)
	if s := f.Silence(); s != 100*time.Millisecond {
		t.Errorf("silent for %v", s)
	}

	f.heartbeat("r0", "a0")
	f.want("after another", "r0", "a0")
	f.Ack(n, users.Revision{Roles: "r0", Accounts: "a0"})
	f.Ack(77, users.Revision{Roles: "r9", Accounts: "a9"})
	f.want("after one that was not in flight", "r0", "a0")
	f.Reset()
	f.want("after the connection was lost", "", "")
}

func TestLeaseAfterChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.heartbeat("r0", "a0")
	f.Apply("r r1")
	f.want("more may follow", "", "")
	f.heartbeat("r1", "a0")
	f.want("after a change of roles", "r1", "a0")

	// A heartbeat read the revision before a change that was notified first: the next heartbeat decides.
	n := f.Send()
	f.Apply("a a1 " + users.NewID().String())
	f.Apply("r r2")
	f.Ack(n, users.Revision{Roles: "r1", Accounts: "a0"})
	f.want("after a change while it was in flight", "", "")
	// One that was in flight, and read it all the same, is as good as one that was sent later.
	n = f.Send()
	f.Apply("r r3")
	f.Ack(n, users.Revision{Roles: "r3", Accounts: "a1"})
	f.want("after a change that it read", "r3", "a1")

	// The notification of this process's own commit may be on its way: only a later heartbeat shows that it arrived.
	n = f.Send()
	f.pass(time.Millisecond)
	f.Committed()
	f.want("after an own commit", "", "")
	f.Ack(n, users.Revision{Roles: "r3", Accounts: "a1"})
	f.want("after a heartbeat that was sent before", "", "")
	f.Apply("r r4")
	f.heartbeat("r4", "a1")
	f.want("after one that was sent later", "r4", "a1")

	// A revision that was not notified: notifications are missing.
	f.forgotten = 0
	f.heartbeat("r4", "missed")
	f.want("after a revision without a notification", "", "")
	f.wantForgotten("there was a revision without a notification")
	f.heartbeat("r4", "missed")
	f.want("having started anew", "r4", "missed")
	if f.forgotten > 0 {
		t.Error("all is well, and the accounts are forgotten")
	}
	for _, payload := range []string{"z something of a later version", "", "a", "r", "r ", "a  x", "\x00"} {
		f.Apply(payload)
		f.want("after a payload that means nothing", "", "")
		f.wantForgotten("a payload meant nothing")
		f.heartbeat("r5", "a5")
		f.want("having started anew once more", "r5", "a5")
	}
}

// A notification between the start and the first heartbeat may be of a change that the heartbeat has not seen.
func TestNotificationBeforeTheFirstHeartbeat(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := users.NewID()
	n := f.Send()
	f.Apply("a a1 " + id.String())
	f.Ack(n, users.Revision{Roles: "r0", Accounts: "a0"})
	f.want("at first, when a0 may be older than a1 or newer", "", "")
	f.heartbeat("r0", "a1")
	f.want("with the next", "r0", "a1")
	if f.Unchanged(users.NewID(), "a0", "a1") {
		t.Error("a revision from before the start is known")
	}
	f.heartbeat("r0", "a1")
	f.want("then", "r0", "a1")
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada, bob := users.NewID(), users.NewID()
	f.heartbeat("r", "a0")
	same := func(id users.ID, revision string, want bool) {
		t.Helper()
		if f.Unchanged(id, revision, f.accounts.last) != want {
			t.Errorf("unchanged since %s: %t, want %t", revision, !want, want)
		}
	}
	same(ada, "a0", true)
	same(ada, "never", false)
	f.Apply("a a1 " + ada.String())
	same(ada, "a0", false)
	same(bob, "a0", true)
	same(ada, "a1", false) // no heartbeat has carried it yet
	f.heartbeat("r", "a1")
	same(ada, "a1", true)
	f.Apply(fmt.Sprintf("a a2 %s,%s", bob, ada))
	f.heartbeat("r", "a2")
	same(bob, "a1", false)
	same(ada, "a1", false)
	same(bob, "a2", true)
	for _, unnamed := range []string{"*", "", "x", ada.String() + ",*"} {
		f.Apply("a a3" + unnamed + " " + unnamed)
		f.heartbeat("r", "a3"+unnamed)
		same(ada, "a2", false)
		same(bob, "a2", false)
		same(bob, "a3"+unnamed, true)
	}

	// It looks back on so many changes, and does not take an account from before them for unchanged.
	f.Apply("a last " + ada.String())
	same(bob, "a3*", false)
	for i := range 3 * maxChanges {
		f.Apply(fmt.Sprintf("a b%d %s", i, users.NewID()))
		if i%2 == 1 {
			f.heartbeat("r", fmt.Sprintf("b%d", i))
		}
	}
	newest := fmt.Sprintf("b%d", 3*maxChanges-1)
	same(ada, "last", false)
	same(ada, "a2", false)
	same(ada, "b0", false)
	same(ada, newest, true)
	same(ada, fmt.Sprintf("b%d", 3*maxChanges-501), true)
	same(ada, fmt.Sprintf("b%d", 3*maxChanges-500), false)
	if n := len(f.accounts.places) + len(f.accounts.entries) + len(f.accounts.changed); n > 3*maxChanges+3 {
		t.Errorf("it keeps %d entries", n)
	}
}

// Revisions do not come back, and a heartbeat has seen what was applied before it was sent.
func TestImpossibleRevisions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.heartbeat("r0", "a0")
	f.Apply("r r1")
	f.heartbeat("r1", "a0")
	f.forgotten = 0
	f.heartbeat("r0", "a0")
	f.want("after a heartbeat from before", "", "")
	f.wantForgotten("the database has gone back")
	f.heartbeat("r0", "a0")
	f.want("having started anew", "r0", "a0")
	f.Apply("a a1 *")
	f.Apply("a a0 *")
	f.want("after a revision that came back", "", "")
	f.wantForgotten("a revision came back")
	f.heartbeat("r5", "a0")
	f.want("having started anew once more", "r5", "a0")
	f.Apply("r forged")
	f.heartbeat("r5", "a0")
	f.want("after a change that has not happened", "", "")
	f.wantForgotten("a notification told of a change that has not happened")
}

// A request may see a lease, and ask about an account when the changelog has started again at another revision, with
// which the account agrees: a heartbeat that was overtaken is reason enough. The lease can be back by the time of the answer.
func TestUnchangedIsAboutTheLease(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.heartbeat("r", "a1")
	f.heartbeat("r", "a0") // this one had read the revision before the other had
	f.want("with two revisions and no notification between them", "", "")
	if f.Unchanged(users.NewID(), "a0", "a1") {
		t.Error("an account of a0 counts as one of a1, while the changelog is at a0")
	}
}

// An account that was read after a change whose notifications have not all come does not go with roles from before it.
func TestLeaseIsForOneRevision(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := users.NewID()
	f.heartbeat("r1", "a1")
	before, _ := f.Revision()
	f.Apply("r r2")
	f.Apply("a a2 " + id.String())
	if f.Unchanged(id, "a2", "a2") {
		t.Error("a revision that no heartbeat has carried is taken for real")
	}
	// A reader that began with the revision before must find that it is no longer the last.
	if now, ok := f.Revision(); ok || now == before {
		t.Error("the revision before is still the last")
	}
	f.heartbeat("r2", "a2")
	if now, ok := f.Revision(); !ok || now == before {
		t.Error("the next revision is not another")
	}
}
