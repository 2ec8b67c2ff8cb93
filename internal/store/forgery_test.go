package store

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

// FuzzCachedAccess: whatever is told, by the database or by a forger, in whatever order with heartbeats and reads, what is
// answered from the cache was true within the time of a lease.
func FuzzCachedAccess(f *testing.F) {
	f.Add([]byte{13 + 16, 15, 0, 8, 14 + 16, 14, 14 + 64, 13 + 16})
	f.Fuzz(func(t *testing.T, script []byte) {
		newStage(t).play(script[:min(len(script), 500)])
	})
}

func TestCachedAccessAgainstModel(t *testing.T) {
	t.Parallel()
	yes, s := 0, newStore(&leaseEngine{})
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 0))
		script := make([]byte, 300)
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		g := newStageWith(t, s)
		g.play(script)
		yes += g.yes
	}
	if yes < 1000 {
		t.Errorf("only %d times was anything said from memory", yes)
	}
}

// TestForgedNotifications goes through all sequences of one to three notifications that a forger can send who knows the
// revisions before and after a change, and through every seventh of four, from another one on each time; in one
// transaction and in several, with an account that was read before the change and is kept late. None has what is past
// said, then or after the next real change.
func TestForgedNotifications(t *testing.T) {
	t.Parallel()
	s := newStore(&leaseEngine{})
	for length := 1; length <= 4; length++ {
		first, step := 0, 1
		if length == 4 {
			first, step = rand.IntN(7), 7
			t.Logf("sequences of four: from the number %d on", first)
		}
		for n := first; n < pow(9, length); n += step {
			// After which of them a heartbeat comes back. All sets of the long ones would take minutes.
			masks := []int{0, 1, 3, 15}
			if length < 4 {
				masks = nil
				for mask := range pow(2, length) {
					masks = append(masks, mask)
				}
			}
			for _, mask := range masks {
				for _, late := range []bool{false, true} {
					forge(newStageWith(t, s), length, n, mask, late)
				}
			}
		}
	}
}

// forge plays one sequence. With late an account that was read before the change is kept after the whole sequence, and
// the next real change comes at once.
func forge(g *stage, length, n, mask int, late bool) {
	g.beats()
	g.keeps(0)
	g.keeps(1)
	if late {
		g.read(0)
	}
	kept := g.runs
	g.runs = nil
	g.change(0) // x is the account that it changes, y another, z an unknown one
	g.settle()
	g.beats()
	x, y, z := g.ids[0].String(), g.ids[1].String(), users.NewID().String()
	forgeries := [9]string{"a A0 " + x, "a A0 " + y, "a A1 " + x, "a A1 " + y, "a A0 *", "a new " + z, "r R0", "r new", "?"}
	var sequence []string
	for i, rest := 0, n; i < length; i, rest = i+1, rest/9 {
		sequence = append(sequence, forgeries[rest%9])
		g.notify(forgeries[rest%9])
		g.settle()
		if mask>>i&1 == 1 {
			g.beats()
		}
		g.judge("after a forgery", 0)
	}
	g.runs = append(g.runs, kept...)
	g.settle()
	// For longer than anything may count that was true before the change.
	g.clock = g.clock.Add(2 * lease.TTL)
	if !late {
		for range 2 {
			g.beats()
			g.judge("after heartbeats", 0)
		}
	}
	g.change(1)
	g.settle()
	for range 2 {
		g.beats()
		g.judge("after a real change", 0)
	}
	g.keeps(0)
	if !g.judge("read again", 0) {
		g.t.Fatalf("after %s nothing is said from memory", strings.Join(sequence, ", "))
	}
}

func pow(base, exponent int) int {
	n := 1
	for range exponent {
		n *= base
	}
	return n
}

// TestCachedAccessLooksTwice: while an account is looked up, more is notified. What was found may be later than the roles, so
// nothing is said.
func TestCachedAccessLooksTwice(t *testing.T) {
	t.Parallel()
	for what, more := range map[string]func(g *stage){
		"a change of the account":                   func(g *stage) { g.change(0); g.settle() },
		"a change of the role":                      func(g *stage) { g.change(-1); g.settle() },
		"a change, and a heartbeat":                 func(g *stage) { g.change(-1); g.settle(); g.beats() },
		"a change of another, and a heartbeat":      func(g *stage) { g.change(2); g.settle(); g.beats() },
		"what this process has written":             func(g *stage) { g.lease.Committed() },
		"that the connection was lost":              func(g *stage) { g.lease.Reset() },
		"that time has passed":                      func(g *stage) { g.clock = g.clock.Add(lease.TTL) },
		"a change, a heartbeat and a newer account": func(g *stage) { g.change(0); g.settle(); g.beats(); g.keeps(0) },
	} {
		g := newStage(t)
		g.beats()
		g.keeps(0)
		g.change(1)
		g.settle()
		g.beats()
		if !g.judge("at first", 0) {
			t.Fatal("nothing is said from memory")
		}
		// It was given the revision of now; what is looked up by that takes another way.
		g = newStage(t)
		g.beats()
		g.keeps(0)
		g.change(1)
		g.settle()
		g.beats()
		g.engine.between = func() { g.engine.between = nil; more(g) }
		if _, ok := g.store.CachedAccess(g.ids[0]); ok {
			t.Errorf("%s came in between, and an account is said from memory", what)
		}
	}
}

// TestKeptForAMinute: nothing is kept for longer, though no change was notified, and though its revision was renewed.
func TestKeptForAMinute(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	g.beats()
	g.keeps(0)
	for range 60 {
		g.beats()
		if !g.judge("within a minute", 0) {
			t.Fatalf("after %v nothing is said from memory", g.clock.Sub(g.past[0].from))
		}
		g.change(1)
		g.settle()
		g.beats()
		g.judge("within a minute", 0) // it has a newer revision now
		g.store.graphs.kept.Store(&cachedGraph{revision: "R0", graph: g.store.graphs.kept.Load().graph, readAt: g.clock})
		g.clock = g.clock.Add(time.Second)
	}
	g.beats()
	if g.judge("after a minute", 0) {
		t.Error("an account is kept for longer than a minute")
	}
	g.keeps(0)
	kept, _ := g.store.accounts.GetIfPresent(g.ids[0])
	g.beats()
	if !g.judge("read again", 0) {
		t.Fatal("nothing is said from memory")
	}
	g.clock = g.clock.Add(lease.MaxAge)
	kept.readAt = g.clock
	g.store.accounts.Set(g.ids[0], kept)
	g.beats()
	if g.judge("after a minute", 0) {
		t.Error("roles are kept for longer than a minute")
	}
	// The monotonic clock may stand still while the one of the wall goes on, and the latter may be set back.
	now := time.Now()
	if !lease.WithinMaxAge(now, now.Add(lease.MaxAge-1)) || lease.WithinMaxAge(now, now.Add(lease.MaxAge)) || lease.WithinMaxAge(now.Round(0).Add(-lease.MaxAge), now) || lease.WithinMaxAge(now.Round(0).Add(lease.MaxAge), now) {
		t.Error("the age of what is kept is wrong")
	}
}
