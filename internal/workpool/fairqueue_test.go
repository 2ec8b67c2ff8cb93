package workpool

import (
	"testing"

	"pgregory.net/rapid"
)

// Within a class it is first come, first served; no class is served twice while another waits; and who comes is
// never taken later than was counted.
func TestFairQueue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := newFairQueue(testClasses[:])
		var order [len(testClasses)][]*job // what should come out of each
		bound := map[*job]int{}            // how many may yet be taken before it, if no job comes
		passed := map[Class]map[Class]int{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			class := Class(rapid.IntRange(0, len(testClasses)-1).Draw(t, "class"))
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				j := &job{class: class}
				bound[j] = line.ahead(class)
				line.add(j)
				order[class] = append(order[class], j)
				for other, b := range bound {
					if other != j && other.class != class {
						bound[other] = b + 1 // it may come before
					}
				}
			case 2:
				if len(order[class]) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(order[class])-1).Draw(t, "which")
				j := order[class][at]
				if !line.remove(j) || line.remove(j) {
					t.Fatal("a job that waits can be removed just once")
				}
				order[class] = append(order[class][:at:at], order[class][at+1:]...)
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
				if order[j.class][0] != j {
					t.Fatal("it was not the first of its class")
				}
				order[j.class] = order[j.class][1:]
				for other := range order {
					o := Class(other)
					if o == j.class || len(order[o]) == 0 {
						continue
					}
					if passed[o] == nil {
						passed[o] = map[Class]int{}
					}
					if passed[o][j.class]++; passed[o][j.class] > 1 {
						t.Fatal("a class was served twice while another waited")
					}
				}
				delete(passed, j.class)
			}
			for i, q := range order {
				if len(q) == 0 {
					delete(passed, Class(i)) // who comes next has not waited yet
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
