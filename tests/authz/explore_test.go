package authz

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var (
	exploreFor    = flag.Duration("explore", 0, "explore the authorization rules for so long on each database; 0 makes exploredAlways scenarios")
	exploreSeed   = flag.Uint64("explore.seed", 0, "the seed of the first scenario, which the others count up from; 0 draws one")
	exploreReplay = flag.String("explore.replay", "", "a file with the scenario to run instead, as a failure prints it")
)

// exploredAlways is how many scenarios each run of the tests makes on each database: some seconds' worth.
const exploredAlways = 40 / stride

// shrinkFor bounds how long a failing scenario is made smaller.
const shrinkFor = 40 * time.Second

// TestExplore lets coalitions of one to three accounts, none of them an administrator, try to come to more rights, by
// every kind of request, while administrators act in between. Each answer is held against the oracle, the database
// against the model and the invariants after each. What fails is printed as a scenario that is as small as it can be
// made, to be run again with -explore.replay.
func TestExplore(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		x := newExplorer(t, h)
		if *exploreReplay != "" {
			x.replay(t, *exploreReplay)
			return
		}
		seed := *exploreSeed
		if seed == 0 {
			seed = rand.Uint64N(1e12)
		}
		began, steps, scenarios := time.Now(), 0, 0
		for ; scenarios < exploredAlways && *exploreFor == 0 || time.Since(began) < *exploreFor; scenarios++ {
			sc := drawScenario(random{rand.New(rand.NewPCG(seed, 0))})
			if f := x.run(t, sc); f != nil {
				t.Fatalf("after %d scenarios with %d steps in %v, with -explore.seed=%d, %s",
					scenarios, steps, time.Since(began).Round(time.Millisecond), seed, x.explain(t, sc, f))
			}
			steps += len(sc.Steps)
			seed++
		}
		t.Logf("%d scenarios, %d steps up to the seed %d; answers by status: %v", scenarios, steps, seed-1, x.answers)
		if *exploreFor == 0 && stride > 1 {
			return
		}
		for _, status := range []int{200, 201, 401, 403, 404, 409, 422} {
			if x.answers[status] == 0 {
				t.Errorf("no step was answered with %d", status)
			}
		}
	})
}

// TestExploredBefore runs the scenarios in which something was found once.
func TestExploredBefore(t *testing.T) {
	files, err := filepath.Glob("testdata/explore/*.json")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("there are no scenarios")
	}
	everywhere(t, func(t *testing.T, h *house) {
		x := newExplorer(t, h)
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) { x.replay(t, file) })
		}
	})
}

func (x *explorer) replay(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	sc, err := scenarioOf(text)
	must(t, err)
	if f := x.run(t, sc); f != nil {
		t.Fatalf("step %d: %s\n%s", f.step+1, f.problem, f.trace)
	}
}

// explain makes a failing scenario small and says what is wrong with it.
func (x *explorer) explain(t *testing.T, sc scenario, f *failure) string {
	t.Helper()
	sc.Steps = sc.Steps[:min(f.step+1, len(sc.Steps))]
	found, runs, until := f, 0, time.Now().Add(shrinkFor)
	small := sc.shrink(func(smaller scenario) bool {
		if time.Now().After(until) {
			return false
		}
		runs++
		again := x.run(t, smaller)
		if again == nil {
			return false
		}
		found = again
		return true
	})
	return fmt.Sprintf("step %d: %s\nMade smaller in %d runs, %d of %d steps are left:\n%s\nTo run it again, keep it in a file and give its name with -explore.replay:\n%s",
		found.step+1, found.problem, runs, len(small.Steps), len(sc.Steps), found.trace, small)
}
