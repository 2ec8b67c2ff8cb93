package app

import (
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
)

func TestSeldom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	s := newSeldom[users.ID](func() time.Time { return now })
	one, other := users.NewID(), users.NewID()
	check := func(what string, id users.ID, want bool) {
		t.Helper()
		if got := s.allows(id); got != want {
			t.Errorf("%s: %v", what, got)
		}
	}
	check("the first", one, true)
	check("the second", one, false)
	check("another", other, true)
	now = now.Add(time.Hour - time.Nanosecond)
	check("just before the hour", one, false)
	now = now.Add(time.Nanosecond)
	check("an hour later", one, true)
	check("and again", one, false)

	// Many things neither fill the log nor the memory; the hour after, there is room again.
	warned := 0
	for range 3 * maxWarned {
		if s.allows(users.NewID()) {
			warned++
		}
	}
	if warned+1 != maxWarned || len(s.last) != maxWarned { // all but one, which other has made room for
		t.Errorf("%d were warned of, %d are remembered", warned, len(s.last))
	}
	check("one among many", one, false)
	now = now.Add(time.Hour)
	check("one, an hour later", one, true)
	check("a new one, an hour later", users.NewID(), true)
	if len(s.last) > maxWarned {
		t.Errorf("%d are remembered", len(s.last))
	}
}
