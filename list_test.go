package users

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Walking a list by position shows every row once, in order, whatever rows of equal time or text there are.
func TestPaginateShowsEveryRowOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rows []Role
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			rows = append(rows, Role{
				ID:        NewID(),
				Name:      RoleName(fmt.Sprint("n", rapid.IntRange(0, 5).Draw(t, "name"))),
				CreatedAt: time.UnixMicro(int64(rapid.IntRange(0, 5).Draw(t, "time"))),
			})
		}
		order := Order{ByText: rapid.Bool().Draw(t, "by text"), Descending: rapid.Bool().Draw(t, "descending")}
		want := slices.SortedFunc(slices.Values(rows), func(a, b Role) int { return order.compare(rolePosition(a), rolePosition(b)) })
		p := Paging{Order: order, Size: rapid.IntRange(1, 7).Draw(t, "size")}
		var got []Role
		for {
			page := paginate(p, slices.Clone(rows), false, rolePosition)
			got = append(got, page.Items...)
			if page.Next == nil {
				break
			}
			if len(page.Items) != p.Size {
				t.Fatalf("a page of %d with more to come", len(page.Items))
			}
			p.After = page.Next
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %d rows, want %d in order", len(got), len(want))
		}
		p.After = nil
		for p.Page = 1; ; p.Page++ {
			page := paginate(p, slices.Clone(rows), false, rolePosition)
			if page.Total != len(rows) || !page.Exact {
				t.Fatalf("total %d, exact %v", page.Total, page.Exact)
			}
			from := min((p.Page-1)*p.Size, len(want))
			if !slices.Equal(page.Items, want[from:min(from+p.Size, len(want))]) {
				t.Fatalf("page %d is not what it should be", p.Page)
			}
			if len(page.Items) == 0 {
				return
			}
		}
	})
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, query string
		want        bool
	}{
		{"manager", "", true}, {"manager", "m", true}, {"manager", "ma", true}, {"manager", "an", false},
		{"manager", "ana", true}, {"manager", "manager!", false}, {"éé", "éé", true}, {"aéé", "éé", false},
	} {
		if got := matches(tt.text, tt.query); got != tt.want {
			t.Errorf("matches(%q, %q) = %v", tt.text, tt.query, got)
		}
	}
}
