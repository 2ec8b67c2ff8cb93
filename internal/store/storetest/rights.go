package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// rightsAfter returns the changes of permissions and roles after a place, as texts, and the place of the last.
func (f *fixture) rightsAfter(at feed.RightsPlace, names map[users.ID]string) ([]string, feed.RightsPlace) {
	f.t.Helper()
	var list []feed.RightsChange
	f.view(func(v feed.View) (err error) {
		list, err = v.ChangedRights(f.t.Context(), at, 100)
		return err
	})
	var got []string
	for _, c := range list {
		what := "permission"
		if c.Place.Kind == feed.KindRole {
			what = "role"
		}
		text := fmt.Sprintf("%s %s: %t %q", what, names[c.Place.ID], c.Exists, c.Name)
		if !c.Parent.IsZero() {
			text += " below " + names[c.Parent]
		}
		if c.All {
			text += " all"
		}
		got = append(got, text)
		if c.Place.Position < at.Position {
			f.t.Errorf("%v comes after %v", c.Place, at)
		}
		at = c.Place
	}
	slices.Sort(got)
	return got, at
}

// testChangesOfRights: every change of a column of a permission or a role, and of assignments, makes a new revision,
// whichever process makes it; nothing else does.
func testChangesOfRights(t *testing.T, f *fixture) {
	ctx := t.Context()
	names := map[users.ID]string{f.role.ID: "base"}
	got, at := f.rightsAfter(feed.RightsPlace{}, names)
	same(t, "at first", got, []string{`role base: true "Base"`})
	p, q := newPermission("x:read"), newPermission("x:write")
	top, low := newRole("Top", users.ID{}), newRole("Low", f.role.ID)
	names[p.ID], names[q.ID], names[top.ID], names[low.ID] = "p", "q", "top", "low"
	do := func(fn func(tx users.Tx) error) func() { return func() { f.do(fn) } }
	hand := func(statements ...string) func() { return func() { byHand(t, f.url, statements...) } }
	byID := func(statement string, ids ...any) func() { return hand(fmt.Sprintf(statement, ids...)) }
	for _, step := range []struct {
		what string
		do   func()
		want string
	}{
		{"new permissions", do(func(tx users.Tx) error {
			if err := tx.InsertPermission(ctx, p); err != nil {
				return err
			}
			return tx.InsertPermission(ctx, q)
		}), `permission p: true "x:read"|permission q: true "x:write"`},
		{"new roles", do(func(tx users.Tx) error {
			if err := tx.InsertRole(ctx, top); err != nil {
				return err
			}
			return tx.InsertRole(ctx, low)
		}), `role low: true "Low" below base|role top: true "Top"`},
		{"assigned", do(func(tx users.Tx) error { return tx.Assign(ctx, top.ID, []users.ID{p.ID, q.ID}) }), `role top: true "Top"`},
		{"taken away", do(func(tx users.Tx) error { return tx.Unassign(ctx, top.ID, q.ID) }), `role top: true "Top"`},
		{"described", do(func(tx users.Tx) error { top.Description = pointer("x"); return tx.UpdateRole(ctx, top) }), `role top: true "Top"`},
		{"a permission described", hand(`UPDATE permissions SET description = 'x'`), `permission p: true "x:read"|permission q: true "x:write"`},
		{"as it was", byID(`UPDATE roles SET name = name, parent_id = parent_id WHERE id = '%s'`, low.ID), ""},
		{"another parent", do(func(tx users.Tx) error { low.ParentID = top.ID; return tx.UpdateRole(ctx, low) }), `role low: true "Low" below top`},
		{"no parent", byID(`UPDATE roles SET parent_id = NULL WHERE id = '%s'`, low.ID), `role low: true "Low"`},
		{"renamed", byID(`UPDATE roles SET name = 'Lower', name_key = 'lower' WHERE id = '%s'`, low.ID), `role low: true "Lower"`},
		{"a permission renamed", byID(`UPDATE permissions SET name = 'y:read' WHERE id = '%s'`, p.ID), `permission p: true "y:read"`},
		{"moved by hand", byID(`UPDATE role_permissions SET role_id = '%s' WHERE role_id = '%s'`, low.ID, top.ID), `role low: true "Lower"|role top: true "Top"`},
		{"made the system's", byID(`UPDATE roles SET is_system = '1' WHERE id = '%s'`, top.ID), `role top: true "Top" all`},
		{"a permission deleted", do(func(tx users.Tx) error { return tx.DeletePermission(ctx, p.ID) }), `permission p: false ""|role low: true "Lower"`},
		{"an account", func() { f.addAccount("ada@example.com", low) }, ""},
		{"all of its roles' permissions", byID(`INSERT INTO role_permissions SELECT r.id, '%s' FROM roles r WHERE r.id <> '%s'`, q.ID, top.ID), `role base: true "Base"|role low: true "Lower"`},
		{"all taken away", hand(`DELETE FROM role_permissions`), `role base: true "Base"|role low: true "Lower"`},
		{"deleted", do(func(tx users.Tx) error { return tx.DeleteRole(ctx, top.ID) }), `role top: false ""`},
	} {
		step.do()
		got, at = f.rightsAfter(at, names)
		same(t, step.what, strings.Join(got, "|"), step.want)
	}
	replace := hand(`TRUNCATE role_permissions, permissions`)
	want := `permission q: false ""|role base: true "Base"`
	byHand(t, f.url, fmt.Sprintf(`INSERT INTO role_permissions VALUES ('%s', '%s')`, f.role.ID, q.ID))
	_, at = f.rightsAfter(at, names)
	if strings.HasPrefix(f.url, "sqlite://") {
		other := newPermission("x:write")
		names[other.ID] = "other"
		want = `permission other: true "x:write"|permission q: false ""|role base: true "Base"`
		replace = byID(`INSERT OR REPLACE INTO permissions (id, name, description, created_at, updated_at, owner) VALUES ('%s', 'x:write', NULL, 1, 1, NULL)`, other.ID)
	}
	replace()
	got, _ = f.rightsAfter(at, names)
	same(t, "what the engine does in its own way", strings.Join(got, "|"), want)
}

// testRolesInPieces: what is assigned to roles is read as far as is asked for, and on from there.
func testRolesInPieces(t *testing.T, f *fixture) {
	ctx := t.Context()
	var ids []users.ID
	for i := range 3 * feed.AssignedToEach {
		ids = append(ids, f.addPermission(fmt.Sprintf("p:%d", i)).ID)
	}
	slices.SortFunc(ids, users.ID.Compare)
	few, none := f.addRole("Few", users.ID{}), f.addRole("None", users.ID{})
	f.do(func(tx users.Tx) error {
		if err := tx.Assign(ctx, f.role.ID, ids); err != nil {
			return err
		}
		return tx.Assign(ctx, few.ID, ids[:2])
	})
	f.view(func(v feed.View) error {
		assigned, err := v.AssignedTo(ctx, []users.ID{f.role.ID, few.ID, none.ID})
		if err != nil {
			return err
		}
		same(t, "of each", assigned, map[users.ID][]users.ID{f.role.ID: ids[:feed.AssignedToEach], few.ID: ids[:2]})
		more, err := v.AssignedAfter(ctx, f.role.ID, ids[feed.AssignedToEach-1], 2*feed.AssignedToEach+1)
		same(t, "and on", more, ids[feed.AssignedToEach:])
		if err != nil {
			return err
		}
		more, err = v.AssignedAfter(ctx, f.role.ID, ids[7], 3)
		same(t, "some", more, ids[8:11])
		return err
	})
	// A place inside a role begins with that role, and one behind it does not.
	f.view(func(v feed.View) error {
		all, err := v.ChangedRights(ctx, feed.RightsPlace{}, 1000)
		if err != nil {
			return err
		}
		at := all[len(all)-3].Place
		behind, err := v.ChangedRights(ctx, at, 10)
		same(t, "behind", behind, all[len(all)-2:])
		if err != nil {
			return err
		}
		at.Permission = ids[0]
		inside, err := v.ChangedRights(ctx, at, 2)
		same(t, "inside", inside, all[len(all)-3:len(all)-1])
		return err
	})
}

// testRenamesTouchNoAccount: renaming a role writes as many rows whether no account has it or thousands do.
func testRenamesTouchNoAccount(t *testing.T, f *fixture) {
	empty := f.addRole("Empty", users.ID{})
	const many = 2000
	db := shell(t, f.url)
	defer db.Close()
	db.SetMaxOpenConns(1)
	exec := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%.80s: %v", statement, err)
		}
	}
	written := `SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables`
	if strings.HasPrefix(f.url, "sqlite://") {
		written = `SELECT total_changes()`
	}
	exec(`BEGIN`)
	for i := range many {
		exec(fmt.Sprintf(`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
			SELECT '%s', 'm%d@example.com', 'm%d@example.com', 'x', id, '1', 1, created_at, created_at FROM roles WHERE id = '%s'`, users.NewID(), i, i, f.role.ID))
	}
	exec(`COMMIT`)
	rename := func(role users.Role) int {
		count := func() (n int) {
			if err := db.QueryRowContext(context.Background(), written).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		exec(`BEGIN`)
		before := count()
		exec(fmt.Sprintf(`UPDATE roles SET name = 'New' || name, name_key = 'new' || name_key WHERE id = '%s'`, role.ID))
		rows := count() - before
		exec(`COMMIT`)
		return rows
	}
	if with, without := rename(f.role), rename(empty); with != without || with < 2 || with > 10 {
		t.Errorf("renaming a role that %d accounts hold writes %d rows, one that none holds %d", many, with, without)
	}
	if c := f.changesSince(feed.AccountPlace{}, ever, 10); len(c.List) > 0 {
		t.Errorf("%d accounts count as changed", len(c.List))
	}
}
