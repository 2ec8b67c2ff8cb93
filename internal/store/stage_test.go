package store

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

// leaseEngine is an engine that has a lease, and no database.
type leaseEngine struct {
	engine
	lease   *lease.Lease
	between func() // is run in the middle of a CachedAccess
}

func (e *leaseEngine) leasedRevision() (users.Revision, bool) { return e.lease.Revision() }

func (e *leaseEngine) unchanged(id users.ID, stamp, leased string) bool {
	if e.between != nil {
		e.between()
	}
	return e.lease.Unchanged(id, stamp, leased)
}

// truth is what was so from a time on.
type truth struct {
	from     time.Time
	revision users.Revision
	role     int // the version of the role that all accounts have
	accounts [3]int
}

// stage is a Store, what is true in its database, and what is on its way between the two.
type stage struct {
	t       *testing.T
	clock   time.Time
	lease   *lease.Lease
	store   *Store
	engine  *leaseEngine
	ids     [3]users.ID
	role    users.ID
	past    []truth  // the last one is so now
	wrote   int      // which of past this process has written last
	arrives []func() // notifications in the order in which they were committed
	runs    []func() // heartbeats that have read the revision and are not committed yet, and accounts that were read and are not kept yet
	yes     int      // how often it was said from memory
	played  []byte   // of the script
}

func newStage(t *testing.T) *stage { return newStageWith(t, newStore(&leaseEngine{})) }

func (e *leaseEngine) traits() *traits { return &traits{} }

// newStageWith begins with a Store that was used before, since making many takes long.
func newStageWith(t *testing.T, s *Store) *stage {
	g := &stage{t: t, clock: time.Unix(1_000_000, 0), role: users.NewID(), store: s}
	now := func() time.Time { return g.clock }
	g.lease = lease.New(now, s.accounts.InvalidateAll)
	g.engine = &leaseEngine{lease: g.lease}
	s.revisions, s.clock = g.engine, now
	s.graphs.kept.Store(nil)
	for i := range g.ids {
		g.ids[i] = users.NewID()
	}
	g.past = []truth{{from: g.clock, revision: users.Revision{Roles: "R0", Accounts: "A0"}}}
	return g
}

func (g *stage) now() truth { return g.past[len(g.past)-1] }

// change commits one, of an account or, for none, of the role.
func (g *stage) change(account int) {
	next := g.now()
	next.from = g.clock
	n := strconv.Itoa(len(g.past))
	payload := "r R" + n
	if account < 0 {
		next.role++
		next.revision.Roles = "R" + n
	} else {
		next.accounts[account]++
		next.revision.Accounts = "A" + n
		payload = "a A" + n + " " + g.ids[account].String()
	}
	g.past = append(g.past, next)
	g.notify(payload)
}

func (g *stage) notify(payload string) {
	g.arrives = append(g.arrives, func() { g.lease.Apply(payload) })
}

// beat sends a heartbeat, which reads the revision now and is committed later.
func (g *stage) beat() {
	number, revision := g.lease.Send(), g.now().revision
	g.runs = append(g.runs, func() {
		g.arrives = append(g.arrives, func() { g.lease.Ack(number, revision) })
	})
}

// read reads an account and the role, which are kept later.
func (g *stage) read(account int) {
	now, at := g.now(), g.clock
	r := users.Role{ID: g.role, Name: users.RoleName(strconv.Itoa(now.role))}
	a := users.Account{ID: g.ids[account], Role: r, TokenVersion: int64(now.accounts[account]), Active: true}
	g.runs = append(g.runs, func() {
		g.store.accounts.Set(a.ID, cachedAccount{account: a, revision: now.revision, readAt: at})
		g.store.graphs.kept.Store(&cachedGraph{revision: now.revision.Roles, graph: users.NewGraph([]users.Role{r}, nil, nil), readAt: at})
	})
}

func take(list *[]func(), i int) {
	if len(*list) > 0 {
		i %= len(*list)
		do := (*list)[i]
		*list = slices.Delete(*list, i, i+1)
		do()
	}
}

// settle has everything arrive that is under way.
func (g *stage) settle() {
	for len(g.runs)+len(g.arrives) > 0 {
		take(&g.runs, 0)
		take(&g.arrives, 0)
	}
}

// beats sends a heartbeat that comes back.
func (g *stage) beats() {
	g.beat()
	g.settle()
}

// keeps has an account read and kept.
func (g *stage) keeps(account int) {
	g.read(account)
	g.settle()
}

// judge fails the test if an account is said to be as it was at no time since what may still count was true.
func (g *stage) judge(what string, account int) (yes bool) {
	g.t.Helper()
	access, ok := g.store.CachedAccess(g.ids[account])
	if !ok {
		return false
	}
	g.yes++
	for i, p := range slices.Backward(g.past) {
		role, _ := strconv.Atoi(string(access.Account.Role.Name))
		if p.role == role && int64(p.accounts[account]) == access.Account.TokenVersion {
			return true
		}
		if g.clock.Sub(p.from) > lease.TTL || i == g.wrote {
			break // what was before this one must not be said
		}
	}
	g.t.Fatalf("%s %v: account %d is said to have version %d and role %s, and is %+v", what, g.played, account, access.Account.TokenVersion, access.Account.Role.Name, g.now())
	return true
}

// play does what each byte stands for.
func (g *stage) play(script []byte) {
	g.t.Helper()
	for i, b := range script {
		x := int(b >> 4)
		g.played = script[:i+1]
		account := x % len(g.ids)
		switch b & 15 {
		case 0:
			g.change(account)
		case 1:
			g.change(-1)
		case 2: // this process's own
			g.change(x%4 - 1)
			g.lease.Committed()
			g.wrote = len(g.past) - 1
		case 3, 4:
			g.beat()
		case 5, 6, 7:
			take(&g.runs, x)
		case 8, 9, 10:
			take(&g.arrives, 0)
		case 11:
			g.read(account)
		case 12:
			g.clock = g.clock.Add(time.Duration(x) * 40 * time.Millisecond)
		case 13:
			if x == 0 {
				g.lease.Reset()
				g.arrives = nil
			} else {
				g.beats()
			}
		case 14: // a forger who knows every stamp that there has been, and names whom they like
			p := g.past[max(0, len(g.past)-1-x%4)]
			payload := "a " + p.revision.Accounts + " " + g.ids[(x/4)%3].String()
			if x == 15 {
				payload = "r " + p.revision.Roles
			}
			g.notify(payload)
		case 15:
			g.keeps(account)
		}
		for account := range g.ids {
			g.judge("by a script", account)
		}
	}
}
