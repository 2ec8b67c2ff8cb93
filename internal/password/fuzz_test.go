package password

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	users "github.com/svc-users/svc-users"
)

// Whatever stands in the place of a hash: Check does not panic, matches nothing, and does the rounds of
// Options.Cost or, for a dearer hash, no more than those of MaxCost. The digest is one that no caller can
// compute, so that a match would be an error of the parser or of the comparison.
func FuzzCheckHash(f *testing.F) {
	for _, hash := range unreadable {
		f.Add(string(hash), "battery!")
	}
	for _, vectors := range [][]vector{published, fromPython, forPython} {
		for _, v := range vectors {
			f.Add(string(v.hash), v.password)
		}
	}
	const cost = 10
	digest := quickDigest()
	f.Fuzz(func(t *testing.T, text, password string) {
		var c counter
		h := &Hasher{
			cost: cost, bcrypt: c.count(digest), rest: noRest, dummy: target{bcrypt: newStored(plain, cost)},
			clock: func() time.Duration { return 0 }, memory: semaphore.NewWeighted(1), budget: 1,
		}
		hash := users.PasswordHash(text)
		target, ok := parseTarget(hash)
		if ok && (target.foreign != nil || target.recipe != nil) {
			return // package foreignhash tries them
		}
		s := target.bcrypt
		p := users.PresentedPassword(password)
		tries := int64(1)
		if _, differs := p.Typed(); differs {
			tries = 2
		}
		if got := h.compare(hash, p); got != (users.PasswordCheck{Unreadable: !ok && !strings.HasPrefix(text, "!")}) {
			t.Errorf("%q matches, or is said to be readable and is not: %+v", text, got)
		}
		want := int64(1 << cost)
		if ok && s.cost > cost {
			want = 1 << s.cost
		}
		if tries == 2 {
			if ok && target.marks.AsTyped {
				want *= 2
			} else {
				want += 1 << cost
			}
		}
		if got := c.rounds.Load(); got != want || got > tries<<MaxCost {
			t.Errorf("%q: %d rounds, want %d", text, got, want)
		}
		if ok && users.PasswordHash(target.marks.Prefix())+s.text() != hash {
			t.Errorf("%q was read as %q", text, target.marks.Prefix()+string(s.text()))
		}
	})
}
