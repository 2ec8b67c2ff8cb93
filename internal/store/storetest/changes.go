package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

func (f *fixture) changesSince(after users.ChangePlace, limit int) users.Changes {
	f.t.Helper()
	c, err := f.ChangesSince(f.t.Context(), after, time.Time{}, limit)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// testChangesOfAccounts: what makes older tokens say what is no longer so is a change, and nothing else is.
func testChangesOfAccounts(t *testing.T, f *fixture) {
	ctx := t.Context()
	ada, bob := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	other := f.addRole("Other", users.ID{})
	eve := f.addAccount("eve@example.com", other)
	at := f.changesSince(users.ChangePlace{}, 10)
	if !at.Known || len(at.List) > 0 || at.Last != (users.ChangePlace{}) {
		t.Fatalf("accounts that have just been made have changed: %+v", at)
	}
	names := map[users.ID]string{ada.ID: "ada", bob.ID: "bob", eve.ID: "eve", f.role.ID: "Base", other.ID: "Other", {}: "none"}
	update := func(change func(*users.Account)) func() {
		return func() {
			change(&ada)
			f.do(func(tx users.Tx) error { return tx.UpdateAccount(ctx, ada) })
		}
	}
	byHand := func(statement string, args ...any) func() {
		return func() { byHand(t, f.url, fmt.Sprintf(statement, args...)) }
	}
	for _, step := range []struct {
		what string
		do   func()
		want string
	}{
		{"another role", update(func(a *users.Account) { a.Role = other }), "ada true 1 Other"},
		{"disabled", update(func(a *users.Account) { a.Active, a.TokenVersion = false, 2 }), "ada false 2 Other"},
		{"enabled", update(func(a *users.Account) { a.Active = true }), "ada true 2 Other"},
		{"another e-mail", update(func(a *users.Account) { a.Email = address(t, "ada@example.org") }), ""},
		{"as it was", update(func(*users.Account) {}), ""},
		{"another hash", func() {
			f.do(func(tx users.Tx) error { return tx.SetPasswordHash(ctx, ada.ID, "$2b$10$other") })
		}, ""},
		{"a new permission", func() { f.addPermission("x:y", other) }, ""},
		{"a role described", byHand(`UPDATE roles SET description = 'x'`), ""},
		{"a role renamed", byHand(`UPDATE roles SET name = 'Another' WHERE name = 'Other'`), "ada true 2 Other, eve true 1 Other"},
		{"a version set by hand", byHand(`UPDATE accounts SET token_version = 9 WHERE id = '%s'`, bob.ID), "bob true 9 Base"},
		{"all at once", byHand(`UPDATE accounts SET token_version = token_version + 1`), "ada true 3 Other, bob true 10 Base, eve true 2 Other"},
		{"deleted", func() { f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, bob.ID) }) }, "bob false 0 none"},
		{"all deleted by hand", byHand(`DELETE FROM accounts`), "ada false 0 none, eve false 0 none"},
	} {
		before := at
		step.do()
		at = f.changesSince(before.Last, 10)
		var got []string
		for _, c := range at.List {
			got = append(got, fmt.Sprintf("%s %t %d %s", names[c.Place.Account], c.Active, c.Version, names[c.Role]))
		}
		slices.Sort(got)
		same(t, step.what, strings.Join(got, ", "), step.want)
		if !at.Known || len(at.List) > 0 && at.Last != at.List[len(at.List)-1].Place {
			t.Errorf("%s: known %t, the last is at %v: %+v", step.what, at.Known, at.Last, at.List)
		}
		if access, err := f.Access(ctx, eve.ID); err == nil && access.Moment != at.Moment {
			t.Errorf("%s: changes of the moment %v, access of %v", step.what, at.Moment, access.Moment)
		}
	}
}

// testChangesInPieces: reading on from where a piece ends misses nothing, also among those of one transaction, and
// also when some of them change again meanwhile.
func testChangesInPieces(t *testing.T, f *fixture) {
	want := map[users.ID]bool{}
	for i := range 40 {
		want[f.addAccount(fmt.Sprintf("a%d@example.com", i), f.role).ID] = true
	}
	byHand(t, f.url, `UPDATE accounts SET token_version = 2`)
	var at, before users.ChangePlace
	versions := map[users.ID]int64{}
	for n := 0; ; n++ {
		piece := f.changesSince(at, 7)
		for _, c := range piece.List {
			if c.Place.Position < before.Position || c.Place.Position == before.Position && c.Place.Account.Compare(before.Account) <= 0 {
				t.Errorf("%v comes after %v", c.Place, before)
			}
			before = c.Place
			versions[c.Place.Account] = c.Version
		}
		if len(piece.List) < 7 {
			break
		}
		at = piece.List[6].Place
		if n == 2 { // one that was told already, and one that was not
			byHand(t, f.url, fmt.Sprintf(`UPDATE accounts SET token_version = 3 WHERE id IN ('%s', '%s')`, piece.List[0].Place.Account, piece.Last.Account))
		}
	}
	raised := 0
	for id, v := range versions {
		if !want[id] {
			t.Errorf("%s is no account", id)
		}
		if v == 3 {
			raised++
		}
	}
	if len(versions) != len(want) || raised != 2 {
		t.Errorf("%d of %d accounts were told, %d of 2 as they are now", len(versions), len(want), raised)
	}
}

// testUnknownPlace: a place is known for as long as its account has not gone back, as it does when a backup is
// restored.
func testUnknownPlace(t *testing.T, f *fixture) {
	ada, bob := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	raise := func(a users.Account) users.ChangePlace {
		byHand(t, f.url, fmt.Sprintf(`UPDATE accounts SET token_version = token_version + 1 WHERE id = '%s'`, a.ID))
		return f.changesSince(users.ChangePlace{}, 10).Last
	}
	first := raise(ada)
	second := raise(bob)
	third := raise(ada)
	for what, c := range map[string]struct {
		at   users.ChangePlace
		want bool
	}{
		"the beginning":            {users.ChangePlace{}, true},
		"a place since left":       {first, true},
		"a place":                  {second, true},
		"the last":                 {third, true},
		"past the last":            {users.ChangePlace{Position: third.Position + 1, Account: ada.ID}, false},
		"past where another stays": {users.ChangePlace{Position: third.Position, Account: bob.ID}, false},
		"nobody's":                 {users.ChangePlace{Position: second.Position, Account: users.NewID()}, false},
	} {
		if got := f.changesSince(c.at, 10); got.Known != c.want || !c.want && len(got.List) > 0 {
			t.Errorf("%s: %+v, want known %t", what, got, c.want)
		}
	}
	// As after a restore, to before the third change.
	byHand(t, f.url, fmt.Sprintf(`UPDATE account_changes SET position = %d WHERE account_id = '%s'`, first.Position, ada.ID))
	if got := f.changesSince(third, 10); got.Known {
		t.Errorf("the last place is known after it was undone: %+v", got)
	}
}

// testForgetChanges: a time draws the line both in what is told and in what is kept.
func testForgetChanges(t *testing.T, f *fixture) {
	ctx := t.Context()
	ada := f.addAccount("ada@example.com", f.role)
	byHand(t, f.url, `UPDATE accounts SET token_version = 2`)
	for line, want := range map[time.Duration]int{-time.Hour: 1, time.Hour: 0} {
		c, err := f.ChangesSince(ctx, users.ChangePlace{}, time.Now().Add(line), 10)
		if err != nil || len(c.List) != want || c.Last.Account != ada.ID {
			t.Errorf("changes since %v from now: %+v, %v; want %d", line, c, err, want)
		}
	}
	wantError(t, "ForgetChanges", f.ForgetChanges(ctx, time.Now().Add(-time.Hour)), nil)
	if got := f.changesSince(users.ChangePlace{}, 10); len(got.List) != 1 {
		t.Errorf("forgotten too early: %+v", got)
	}
	wantError(t, "ForgetChanges", f.ForgetChanges(ctx, time.Now().Add(time.Hour)), nil)
	if got := f.changesSince(users.ChangePlace{}, 10); len(got.List) != 0 || got.Last != (users.ChangePlace{}) {
		t.Errorf("not forgotten: %+v", got)
	}
}

// testChanged: who waits is told soon after a change, whoever made it, and not before; and who has missed it
// already is told at once.
func testChanged(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	writer := open(t, f.url)
	moment := func() users.Moment {
		t.Helper()
		access, err := f.Access(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return access.Moment
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
		seen := moment()
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
