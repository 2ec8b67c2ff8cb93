package storetest

import (
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// testChanged: a subscriber is notified soon after a change, whichever process made it, and not before; a subscriber with
// an earlier revision is notified at once.
func testChanged(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	writer := open(t, f.url)
	revision := func() users.Revision {
		t.Helper()
		access, err := f.Access(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return access.Revision
	}
	for what, change := range map[string]func(){
		"by itself": func() { f.addPermission("x:" + users.NewID().String()[24:]) },
		"by another": func() {
			_ = writer.InTx(ctx, func(tx users.Tx) error { a.TokenVersion += 100; return tx.UpdateAccount(ctx, a) })
		},
		"by hand":         func() { byHand(t, f.url, `UPDATE accounts SET token_version = token_version + 1`) },
		"a renamed role":  func() { byHand(t, f.url, `UPDATE roles SET name = name || 'x'`) },
		"before the wait": nil,
	} {
		seen := revision()
		if change == nil {
			f.addPermission("y:z")
			change = func() {}
		}
		var told []<-chan struct{}
		var releases []func()
		for range 50 {
			changed, release := f.Changed(seen)
			told, releases = append(told, changed), append(releases, release)
		}
		if what != "before the wait" {
			select {
			case <-told[0]:
				t.Errorf("%s: told before there was a change", what)
			case <-time.After(150 * time.Millisecond):
			}
		}
		releases[0]() // one gives up, which is nothing to the others
		change()
		for _, changed := range told[1:] {
			select {
			case <-changed:
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: not told", what)
			}
		}
		for _, release := range releases {
			release() // a second time does nothing
		}
	}
}
