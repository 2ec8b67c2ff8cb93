package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// changes is what a view shows of the changes of accounts.
type changes struct {
	feed.State
	List []feed.AccountChange
}

// view runs fn on the changes as of now.
func (f *fixture) view(fn func(feed.View) error) {
	f.t.Helper()
	if err := f.ReadChanges(f.t.Context(), fn); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) changesSince(after feed.AccountPlace, age time.Duration, limit int) (c changes) {
	f.t.Helper()
	f.view(func(v feed.View) (err error) {
		if c.State, err = v.ChangeState(f.t.Context()); err == nil {
			c.List, err = v.ChangedAccounts(f.t.Context(), after, c.Now.Add(-age), limit)
		}
		return err
	})
	return c
}

// ever is an age that no change has.
const ever = 24 * time.Hour

// last is the place of the last of them, or where they were read from.
func (c changes) last(from feed.AccountPlace) feed.AccountPlace {
	if len(c.List) == 0 {
		return from
	}
	return c.List[len(c.List)-1].Place
}

// testChangesOfAccounts: what makes older tokens say what is no longer so is a change, and nothing else is.
func testChangesOfAccounts(t *testing.T, f *fixture) {
	ctx := t.Context()
	ada, bob := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	other := f.addRole("Other", users.ID{})
	eve := f.addAccount("eve@example.com", other)
	at := feed.AccountPlace{}
	if c := f.changesSince(at, ever, 10); len(c.List) > 0 {
		t.Fatalf("accounts that have just been made have changed: %+v", c)
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
		{"a role renamed", byHand(`UPDATE roles SET name = 'Another' WHERE name = 'Other'`), ""},
		{"a version set by hand", byHand(`UPDATE accounts SET token_version = 9 WHERE id = '%s'`, bob.ID), "bob true 9 Base"},
		{"all at once", byHand(`UPDATE accounts SET token_version = token_version + 1`), "ada true 3 Other, bob true 10 Base, eve true 2 Other"},
		{"deleted", func() { f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, bob.ID) }) }, "bob false 0 none"},
		{"all deleted by hand", byHand(`DELETE FROM accounts`), "ada false 0 none, eve false 0 none"},
	} {
		step.do()
		found := f.changesSince(at, ever, 10)
		var got []string
		for _, c := range found.List {
			got = append(got, fmt.Sprintf("%s %t %d %s", names[c.Place.ID], c.Active, c.Version, names[c.Role]))
		}
		slices.Sort(got)
		same(t, step.what, strings.Join(got, ", "), step.want)
		if at = found.last(at); len(found.List) > 0 && at.Position != found.Position {
			t.Errorf("%s: the last is at %v, the database at %d", step.what, at, found.Position)
		}
		if access, err := f.Access(ctx, eve.ID); err == nil && access.Revision != found.Revision {
			t.Errorf("%s: changes of the revision %v, access of %v", step.what, found.Revision, access.Revision)
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
	last := slices.MaxFunc(slices.Collect(maps.Keys(want)), users.ID.Compare)
	byHand(t, f.url, `UPDATE accounts SET token_version = 2`)
	var at, before feed.AccountPlace
	versions := map[users.ID]int64{}
	for n := 0; ; n++ {
		piece := f.changesSince(at, ever, 7)
		for _, c := range piece.List {
			if c.Place.Position < before.Position || c.Place.Position == before.Position && c.Place.ID.Compare(before.ID) <= 0 {
				t.Errorf("%v comes after %v", c.Place, before)
			}
			before = c.Place
			versions[c.Place.ID] = c.Version
		}
		if len(piece.List) < 7 {
			break
		}
		at = piece.List[6].Place
		if n == 2 { // one that was told already, and one that was not
			byHand(t, f.url, fmt.Sprintf(`UPDATE accounts SET token_version = 3 WHERE id IN ('%s', '%s')`, piece.List[0].Place.ID, last))
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

// testForgetChanges: the clock of the database draws the line both in what is told and in what is kept, whatever
// the time is here.
func testForgetChanges(t *testing.T, f *fixture) {
	ctx := t.Context()
	ada := f.addAccount("ada@example.com", f.role)
	gone := f.addPermission("gone:soon", f.role)
	byHand(t, f.url, `UPDATE accounts SET token_version = 2`, `DELETE FROM permissions WHERE name = 'gone:soon'`)
	stays := f.addPermission("stays:here")
	for age, want := range map[time.Duration]int{time.Hour: 1, -time.Hour: 0} {
		if c := f.changesSince(feed.AccountPlace{}, age, 10); len(c.List) != want {
			t.Errorf("changes of the last %v: %+v; want %d", age, c, want)
		}
	}
	rights := func() (found []users.ID, mark string) {
		f.view(func(v feed.View) error {
			list, err := v.ChangedRights(ctx, feed.RightsPlace{}, 100)
			for _, c := range list {
				found = append(found, c.Place.ID)
			}
			if err != nil {
				return err
			}
			s, err := v.ChangeState(ctx)
			mark = s.Mark
			return err
		})
		return found, mark
	}
	all, before := rights()
	wantError(t, "ForgetChanges", f.ForgetChanges(ctx, time.Hour, time.Hour), nil)
	if got, _ := rights(); !slices.Equal(got, all) || !slices.Contains(got, gone.ID) {
		t.Errorf("forgotten too early: %v of %v", got, all)
	}
	wantError(t, "ForgetChanges", f.ForgetChanges(ctx, time.Hour, -time.Hour), nil)
	if got := f.changesSince(feed.AccountPlace{}, ever, 10); len(got.List) != 1 || got.Mark != before {
		t.Errorf("forgotten too early: %+v", got)
	}
	wantError(t, "ForgetChanges", f.ForgetChanges(ctx, -time.Hour, -time.Hour), nil)
	if got := f.changesSince(feed.AccountPlace{}, ever, 10); len(got.List) != 0 {
		t.Errorf("%s is not forgotten: %+v", ada.ID, got)
	}
	got, mark := rights()
	if !slices.Contains(got, stays.ID) || !slices.Contains(got, f.role.ID) || slices.Contains(got, gone.ID) || mark != before {
		t.Errorf("of %v there is left %v, and the mark %q of %q", all, got, mark, before)
	}
}
