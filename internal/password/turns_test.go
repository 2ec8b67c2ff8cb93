package password

import (
	"testing"

	"pgregory.net/rapid"

	users "github.com/svc-users/svc-users"
)

// Within a purpose it is first come, first served; no purpose is served twice while another waits; and who comes is
// never taken later than was counted.
func TestTurns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var line turns
		var order [len(tooMany)][]*job // what should come out of each
		bound := map[*job]int{}        // how many may yet be taken before it, if nobody comes
		passed := map[users.Purpose]map[users.Purpose]int{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			why := users.Purpose(rapid.IntRange(0, len(tooMany)-1).Draw(t, "purpose"))
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				j := &job{why: why}
				bound[j] = line.ahead(why)
				line.add(j)
				order[why] = append(order[why], j)
				for other, b := range bound {
					if other != j && other.why != why {
						bound[other] = b + 1 // it may come before
					}
				}
			case 2:
				if len(order[why]) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(order[why])-1).Draw(t, "which")
				j := order[why][at]
				if !line.remove(j) || line.remove(j) {
					t.Fatal("a job that waits can be removed just once")
				}
				order[why] = append(order[why][:at:at], order[why][at+1:]...)
				delete(bound, j)
			default:
				if line.len() == 0 {
					continue
				}
				j := line.take()
				if bound[j] < 0 {
					t.Fatal("it was taken later than was counted")
				}
				line.done(j)
				delete(bound, j)
				for other := range bound {
					bound[other]--
				}
				if order[j.why][0] != j {
					t.Fatal("it was not the first of its purpose")
				}
				order[j.why] = order[j.why][1:]
				for other := range order {
					o := users.Purpose(other)
					if o == j.why || len(order[o]) == 0 {
						continue
					}
					if passed[o] == nil {
						passed[o] = map[users.Purpose]int{}
					}
					if passed[o][j.why]++; passed[o][j.why] > 1 {
						t.Fatal("a purpose was served twice while another waited")
					}
				}
				delete(passed, j.why)
			}
			for i, q := range order {
				if len(q) == 0 {
					delete(passed, users.Purpose(i)) // who comes next has not waited yet
				}
			}
			want := 0
			for _, q := range order {
				want += len(q)
			}
			if line.len() != want {
				t.Fatalf("%d are said to wait, %d do", line.len(), want)
			}
		}
	})
}
