package authz

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

// explorer runs scenarios on a service, which in PostgreSQL has two replicas.
type explorer struct {
	*house
	replicas []*apitest.Service
	rows     rawDatabase
	answers  map[int]int // how many, by status
	worlds   int         // how many there were
}

func newExplorer(t *testing.T, h *house) *explorer {
	t.Helper()
	x := &explorer{house: h, replicas: []*apitest.Service{h.Service}, rows: openRaw(t, h.Database), answers: map[int]int{}}
	if strings.HasPrefix(h.Database, "postgres") {
		x.replicas = append(x.replicas, h.Replica(t, nil))
	}
	return x
}

// failure is what was found wrong, and with which step.
type failure struct {
	step    int
	problem string
	trace   string // a line for each step and its answer
}

// recorder is a testing.TB that notes what is wrong and does not fail, so that a scenario can be run again.
type recorder struct {
	testing.TB
	problems []string
}

// stop is the panic that ends a run.
type stop struct{}

func (r *recorder) Errorf(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}
func (r *recorder) Error(args ...any) { r.problems = append(r.problems, fmt.Sprint(args...)) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stop{})
}
func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	panic(stop{})
}

// running is one run of a scenario.
type running struct {
	*explorer
	*recorder
	s         state // by now, as the model has it
	seen      dump  // by now, in the database
	coalition coalition
	first     map[string]int64  // version of the first token of each account
	tokens    map[caller]string // that were made
	issued    map[caller]bool   // of those, what a login could have given
	past      []epoch           // states that another replica may still believe in, the newest first
	dried     *step             // the step before, if it was a dry run
	dryStatus int
	follower  *follower
	trace     strings.Builder
}

// epoch is a state that was, and how it ended.
type epoch struct {
	state
	ended time.Time
	by    int // the replica that ended it
}

// run runs a scenario on a world of its own, and returns nil if all is as the contract says.
func (x *explorer) run(t testing.TB, sc scenario) (found *failure) {
	r := &running{explorer: x, recorder: &recorder{TB: t}, first: map[string]int64{}, tokens: map[caller]string{}, issued: map[caller]bool{}}
	at := -1
	defer func() {
		if p := recover(); p != nil && p != (stop{}) {
			panic(p)
		}
		if len(r.problems) > 0 {
			found = &failure{at, strings.Join(r.problems, "\n"), r.trace.String()}
		}
	}()
	r.begin(sc.World)
	for i, s := range sc.Steps {
		at = i
		if r.play(s); len(r.problems) > 0 {
			return nil // which the deferred function replaces
		}
	}
	at++
	r.end()
	return nil
}

func (r *running) begin(world state) {
	world = world.clone()
	described := world.Roles[readerRole]
	r.worlds++
	described.Description = fmt.Sprintf("of world %d", r.worlds)
	world.Roles[readerRole] = described
	r.tick(10) // what was told to begin with in the world before is told for a second
	world.Now = r.now().Unix()
	r.rows.wipe(r)
	must(r, r.Store.ForgetChanges(r.Context(), -time.Hour, -time.Hour))
	r.salt = described.Description
	r.install(r, world)
	r.settle()
	r.s = world
	r.seen = r.rows.look(r, r.house)
	r.coalition = coalition{granted: jointRights(r.s, none)}
	r.follower = r.newFollower()
	r.remember()
}

// settle waits until every replica has heard of the world, which it tells by the description of the reader's role.
func (r *running) settle() {
	id, role := r.parsed(reader), r.parsed(readerRole)
	for _, replica := range r.replicas[1:] {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			if heard, ok := replica.Store.CachedAccess(id); ok {
				if found, _ := heard.Graph.Role(role); value(found.Description) == r.base.Roles[readerRole].Description {
					break
				}
			} else if _, err := replica.Store.Access(r.Context(), id); err != nil {
				r.Fatal(err)
			}
			if time.Now().After(deadline) {
				r.Fatal("a replica has not heard of a change for a minute")
			}
		}
	}
}

// remember issues a token for each account as it is now, as a login would.
func (r *running) remember() {
	for id, a := range r.s.Accounts {
		if _, known := r.first[id]; !known {
			r.first[id] = a.Version
		}
		if a.Active {
			r.issued[caller{id, a.Version}] = true
		}
		r.known[id] = r.tokenOf(caller{id, a.Version})
		if past := (caller{id, r.first[id]}); past.version != a.Version {
			r.known[id+aPastToken] = r.tokenOf(past)
		}
	}
}

func (r *running) tokenOf(who caller) string {
	if token, ok := r.tokens[who]; ok || who.account == "" {
		return token
	}
	issued := caller{who.account, max(1, who.version)}
	r.tokens[who] = r.token(r, r.s, issued)
	return r.tokens[who]
}

// who is the caller that a step means.
func (r *running) who(s step) caller {
	switch {
	case s.As == "" || routes[s.Op].public:
		return caller{}
	case s.Past:
		return caller{s.As, r.first[s.As]}
	}
	return caller{s.As, r.s.Accounts[s.As].Version}
}
