package password

import (
	"testing"

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
		h := &Hasher{cost: cost, bcrypt: c.count(digest), dummyHash: newStored(plain, cost)}
		hash := users.PasswordHash(text)
		s, ok := parse(hash)
		if got := h.compare(hash, password); got != (users.PasswordCheck{Unreadable: !ok}) {
			t.Errorf("%q matches, or is said to be readable and is not: %+v", text, got)
		}
		want := int64(1 << cost)
		if ok && s.cost > cost {
			want = 1 << s.cost
		}
		if got := c.rounds.Load(); got != want || got > 1<<MaxCost {
			t.Errorf("%q: %d rounds, want %d", text, got, want)
		}
		if ok && s.text() != hash {
			t.Errorf("%q was read as %q", text, string(s.text()))
		}
	})
}
