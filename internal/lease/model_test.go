package lease

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// state is what was true in the database of the model from a time on.
type state struct {
	from     time.Time
	revision users.Revision
	versions [3]int // of the accounts
}

// model is a database and a replica with a Lease. Notifications and heartbeats are delivered in the order in which they
// were committed; a heartbeat is committed some time after it has read the revision.
type model struct {
	t         *testing.T
	clock     time.Time
	lease     *Lease
	ids       [3]users.ID
	history   []state  // the last one is true now
	ownCommit int      // which of history this process has committed last
	delivers  []func() // in the order of commits
	commits   []func() // heartbeats that have read the revision and are not committed yet
	held      int      // how often the lease was held
	script    []byte   // as far as it was played
}

func newModel(t *testing.T) *model {
	m := &model{t: t, clock: time.Unix(1_000_000, 0)}
	m.lease = New(func() time.Time { return m.clock }, func() {})
	for i := range m.ids {
		m.ids[i] = users.NewID()
	}
	m.history = []state{{from: m.clock, revision: users.Revision{Roles: "R0", Accounts: "A0"}}}
	return m
}

// change commits a change of an account or, for -1, of roles.
func (m *model) change(account int) {
	next := m.history[len(m.history)-1]
	next.from = m.clock
	n := strconv.Itoa(len(m.history))
	payload := "r R" + n
	if account < 0 {
		next.revision.Roles = "R" + n
	} else {
		next.versions[account]++
		next.revision.Accounts = "A" + n
		payload = "a A" + n + " " + m.ids[account].String()
	}
	m.history = append(m.history, next)
	m.notify(payload)
}

func (m *model) notify(payload string) {
	m.delivers = append(m.delivers, func() { m.lease.Apply(payload) })
}

func (m *model) heartbeat() {
	number, revision := m.lease.Send(), m.history[len(m.history)-1].revision
	m.commits = append(m.commits, func() {
		m.delivers = append(m.delivers, func() { m.lease.Ack(number, revision) })
	})
}

func runOne(list *[]func(), i int) {
	if len(*list) > 0 {
		i %= len(*list)
		run := (*list)[i]
		*list = slices.Delete(*list, i, i+1)
		run()
	}
}

// check fails the test unless the revision of the lease was true at most TTL ago and is not older than this process's
// own newest commit, and every account that is called unchanged is so.
func (m *model) check() {
	revision, held := m.lease.Revision()
	if !held {
		return
	}
	m.held++
	at := slices.IndexFunc(m.history, func(s state) bool { return s.revision == revision })
	switch {
	case at < 0:
		m.t.Fatalf("after %v: the lease is for %v, which never was", m.script, revision)
	case at < m.ownCommit:
		m.t.Fatalf("after %v: the lease is for %v, from before the process's own commit", m.script, revision)
	case at+1 < len(m.history) && m.clock.Sub(m.history[at+1].from) > TTL:
		m.t.Fatalf("after %v: the lease is for %v, which ended %v ago", m.script, revision, m.clock.Sub(m.history[at+1].from))
	}
	// A reader cannot have read an account before it was so, so only real revisions are asked about.
	for _, past := range m.history {
		for i, id := range m.ids {
			if m.lease.Unchanged(id, past.revision.Accounts, revision.Accounts) && past.versions[i] != m.history[at].versions[i] {
				m.t.Fatalf("after %v: account %d is called unchanged from %s to %s", m.script, i, past.revision.Accounts, revision.Accounts)
			}
		}
	}
}

// play does what each byte stands for: the low four bits say what, the high four with what.
func (m *model) play(script []byte) {
	for i, b := range script {
		x := int(b >> 4)
		m.script = script[:i+1]
		switch b & 15 {
		case 0:
			m.change(x % len(m.ids))
		case 1:
			m.change(-1)
		case 2:
			m.change(x%4 - 1)
			m.lease.Committed()
			m.ownCommit = len(m.history) - 1
		case 3, 4, 5:
			m.heartbeat()
		case 6, 7, 8:
			runOne(&m.commits, x)
		case 9, 10, 11:
			runOne(&m.delivers, 0)
		case 12:
			m.clock = m.clock.Add(time.Duration(x) * 40 * time.Millisecond)
		case 13:
			if x == 0 { // the connection is lost, and what was on its way
				m.lease.Reset()
				m.delivers = nil
				continue
			}
			m.heartbeat()
			for len(m.commits)+len(m.delivers) > 0 {
				runOne(&m.commits, 0)
				runOne(&m.delivers, 0)
			}
		case 14: // a forger who knows every revision that there has been, and names the accounts of their choice
			past := m.history[max(0, len(m.history)-1-x%4)].revision
			payload := "a " + past.Accounts + " " + m.ids[(x/4)%3].String()
			if x == 15 {
				payload = "r " + past.Roles
			}
			m.notify(payload)
		case 15: // a forger who makes up a revision
			m.notify("a forged" + strconv.Itoa(i) + " " + m.ids[x%3].String())
		}
		m.check()
	}
}

// FuzzLease: whatever is notified, by the database or by a forger, in whatever order with heartbeats, a lease is for a
// revision that was true at most TTL ago.
func FuzzLease(f *testing.F) {
	f.Add([]byte{13 + 16, 0, 9, 14 + 16, 14, 14 + 64, 13 + 16})
	f.Fuzz(func(t *testing.T, script []byte) {
		newModel(t).play(script[:min(len(script), 300)])
	})
}

func TestLeaseAgainstModel(t *testing.T) {
	t.Parallel()
	held := 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 0))
		script := make([]byte, 200)
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		m := newModel(t)
		m.play(script)
		held += m.held
	}
	if held < 1000 {
		t.Errorf("the lease was held only %d times", held)
	}
}

// TestForgedNotifications plays every sequence of one to three notifications that a forger can send who knows the
// revisions before and after a change, each with every choice of heartbeats in between. None makes the account that
// changed count as unchanged, neither at once nor after the next real change.
func TestForgedNotifications(t *testing.T) {
	t.Parallel()
	const kinds = 9
	for length, sequences := 1, kinds; length <= 3; length, sequences = length+1, sequences*kinds {
		for n := range sequences {
			for mask := range 1 << length {
				m := newModel(t)
				beat := func() {
					m.heartbeat()
					runOne(&m.commits, 0)
					for len(m.delivers) > 0 {
						runOne(&m.delivers, 0)
					}
					m.check()
				}
				beat()
				m.change(0) // x is the account that it changes, y another, z one that does not exist
				beat()
				x, y, z := m.ids[0].String(), m.ids[1].String(), users.NewID().String()
				forgeries := [kinds]string{"a A0 " + x, "a A0 " + y, "a A1 " + x, "a A1 " + y, "a A0 *", "a new " + z, "r R0", "r new", "?"}
				for i, rest := 0, n; i < length; i, rest = i+1, rest/kinds {
					m.lease.Apply(forgeries[rest%kinds])
					m.check()
					if mask>>i&1 == 1 {
						beat()
					}
				}
				m.clock = m.clock.Add(2 * TTL)
				beat()
				beat()
				m.change(1)
				beat()
				beat()
				if _, held := m.lease.Revision(); !held {
					t.Fatalf("after sequence %d of %d the lease is not granted again", n, length)
				}
			}
		}
	}
}
