package authz

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Numbers are drawn small more often than large, so what is to be rare goes by the largest.

// TestRandomSequences holds random sequences of operations, by random callers in random small worlds, against
// the oracle: each answer, and the whole state after each.
func TestRandomSequences(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		steps := map[int]int{}
		rapid.Check(t, func(rt *rapid.T) {
			s := drawWorld(rt)
			h.install(t, s)
			var trace strings.Builder
			for n := range rapid.IntRange(10, 30).Draw(rt, "steps") {
				who, c := drawCaller(rt, s), drawCall(rt, s, n)
				want := judge(s, who, c)
				answer := h.send(t, h.token(t, s, who), c)
				fmt.Fprintf(&trace, "%v: %s on %s → %d %s\n", who, describe(c), c.target, answer.Status, answer.Message)
				if problem := h.disagrees(answer, want, who); problem != "" {
					rt.Fatalf("%s\n%s%s", problem, trace.String(), answer.Body)
				}
				if answer.Status == 201 {
					h.know(c.created(), answer.Text(t, "id"))
				}
				if problem := h.look(t).differs(want.next); problem != "" {
					rt.Fatalf("the state (-want +got):\n%s%s", problem, trace.String())
				}
				s = want.next
				steps[answer.Status]++
			}
		})
		t.Logf("answers by status: %v", steps)
		for _, status := range []int{200, 201, 401, 403, 404, 409, 422} {
			if steps[status] == 0 {
				t.Errorf("no step was answered with %d", status)
			}
		}
	})
}
