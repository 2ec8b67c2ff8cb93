package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
)

// graph is the graph of now, which must agree inside and outside a transaction.
func (f *fixture) graph() *users.Graph {
	f.t.Helper()
	g, err := f.Graph(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return g
}

func testRoleRoundTrip(t *testing.T, f *fixture) {
	ctx := t.Context()
	child := newRole("Straße", f.role.ID)
	child.Description = pointer("wer auf die Straße darf 🚦")
	f.do(func(tx users.Tx) error { return tx.InsertRole(ctx, child) })
	got, ok := f.graph().Role(child.ID)
	if !ok {
		t.Fatal("the role is not in the graph")
	}
	same(t, "the role", got, child)

	created := child.CreatedAt
	child.Name, child.Description, child.ParentID, child.UpdatedAt = "Gasse", nil, users.ID{}, now()
	child.CreatedAt, child.System = now(), true // are not to be written
	f.do(func(tx users.Tx) error { return tx.UpdateRole(ctx, child) })
	child.CreatedAt, child.System = created, false
	got, _ = f.graph().Role(child.ID)
	same(t, "the updated role", got, child)

	child.Description = pointer("")
	f.do(func(tx users.Tx) error { return tx.UpdateRole(ctx, child) })
	got, _ = f.graph().Role(child.ID)
	same(t, "an empty description, which is not none", got, child)
}

func testRoleErrors(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := f.addRole("Straße", users.ID{})
	unknown := users.NewID()
	f.try("insert of a name taken in another case", users.ErrTaken, func(tx users.Tx) error {
		return tx.InsertRole(ctx, newRole("STRASSE", users.ID{}))
	})
	f.try("insert with an unknown parent", users.ErrBadReference, func(tx users.Tx) error {
		return tx.InsertRole(ctx, newRole("New", unknown))
	})
	other.Name = "bASE"
	f.try("update to a taken name", users.ErrTaken, func(tx users.Tx) error { return tx.UpdateRole(ctx, other) })
	other.Name, other.ParentID = "Other", unknown
	f.try("update to an unknown parent", users.ErrBadReference, func(tx users.Tx) error { return tx.UpdateRole(ctx, other) })
	f.try("update of nothing", users.ErrNotFound, func(tx users.Tx) error { return tx.UpdateRole(ctx, newRole("New", users.ID{})) })
	f.try("delete of nothing", users.ErrNotFound, func(tx users.Tx) error { return tx.DeleteRole(ctx, unknown) })
}

func testRoleDelete(t *testing.T, f *fixture) {
	ctx := t.Context()
	child := f.addRole("Child", f.role.ID)
	permission := f.addPermission("a:b", child)
	account := f.addAccount("ada@example.com", child)
	f.try("delete of a parent", users.ErrInUse, func(tx users.Tx) error { return tx.DeleteRole(ctx, f.role.ID) })
	f.try("delete of a role that is held", users.ErrInUse, func(tx users.Tx) error { return tx.DeleteRole(ctx, child.ID) })
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, account.ID) })
	f.do(func(tx users.Tx) error { return tx.DeleteRole(ctx, child.ID) })
	f.do(func(tx users.Tx) error { return tx.DeleteRole(ctx, f.role.ID) })
	if _, ok := f.graph().Role(child.ID); ok {
		t.Error("the role is still there")
	}
	if _, ok := f.graph().Permission(permission.ID); !ok {
		t.Error("the permission went with the role")
	}
}

func testOneSystemRole(t *testing.T, f *fixture) {
	ctx := t.Context()
	admin, second := newRole("Admin", users.ID{}), newRole("Root", users.ID{})
	admin.System, second.System = true, true
	f.do(func(tx users.Tx) error { return tx.InsertRole(ctx, admin) })
	got, _ := f.graph().Role(admin.ID)
	same(t, "Admin", got, admin)
	f.try("insert of a second system role", users.ErrTaken, func(tx users.Tx) error { return tx.InsertRole(ctx, second) })
}

func testAssignments(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addPermission("a"), f.addPermission("b")
	other := f.addRole("Other", users.ID{})
	held := func(r users.Role) string {
		t.Helper()
		var names []string
		for _, p := range f.graph().Assigned(r.ID) {
			names = append(names, string(p.Name))
		}
		return strings.Join(names, " ")
	}
	assign := func(r users.ID, permissions ...users.ID) func(users.Tx) error {
		return func(tx users.Tx) error { return tx.Assign(ctx, r, permissions) }
	}
	f.try("assigning nothing", nil, assign(f.role.ID))
	f.try("assigning", nil, assign(f.role.ID, a.ID))
	f.try("assigning again, twice", nil, assign(f.role.ID, a.ID, b.ID, b.ID))
	f.try("assigning what is all there", nil, assign(f.role.ID, a.ID, b.ID))
	same(t, "what Base holds", held(f.role), "a b")
	same(t, "what Other holds", held(other), "")
	f.try("assigning something unknown", users.ErrBadReference, assign(other.ID, a.ID, users.NewID()))
	same(t, "what Other holds after a refusal", held(other), "")
	f.try("assigning to nothing", users.ErrBadReference, assign(users.NewID(), a.ID))

	unassign := func(r, p users.ID) func(users.Tx) error {
		return func(tx users.Tx) error { return tx.Unassign(ctx, r, p) }
	}
	f.try("taking", nil, unassign(f.role.ID, a.ID))
	f.try("taking again", users.ErrNotFound, unassign(f.role.ID, a.ID))
	f.try("taking from one who does not hold it", users.ErrNotFound, unassign(other.ID, b.ID))
	same(t, "what Base holds in the end", held(f.role), "b")

	// More than one statement takes.
	var many []users.ID
	f.do(func(tx users.Tx) error {
		for i := range 1000 {
			p := newPermission(fmt.Sprintf("many:%04d", i))
			many = append(many, p.ID)
			if err := tx.InsertPermission(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	f.try("assigning a thousand", nil, assign(other.ID, many...))
	if n := len(f.graph().Assigned(other.ID)); n != 1000 {
		t.Errorf("%d permissions are assigned, want 1000", n)
	}
	f.try("assigning a thousand and one unknown", users.ErrBadReference, assign(f.role.ID, append(slices.Clone(many), users.NewID())...))
	same(t, "what Base holds after that refusal", held(f.role), "b")
}

func testPermissions(t *testing.T, f *fixture) {
	ctx := t.Context()
	p := f.addPermission("thing:read", f.role)
	other := f.addPermission("Thing:read") // another: names know case
	f.try("insert of a taken name", users.ErrTaken, func(tx users.Tx) error { return tx.InsertPermission(ctx, newPermission("thing:read")) })

	created := p.CreatedAt
	p.Name, p.Description, p.UpdatedAt = "thing:look", pointer("look at things"), now()
	p.CreatedAt = now() // is not to be written
	f.do(func(tx users.Tx) error { return tx.UpdatePermission(ctx, p) })
	p.CreatedAt = created
	got, _ := f.graph().Permission(p.ID)
	same(t, "the updated permission", got, p)
	got, _ = f.graph().Permission(other.ID)
	same(t, "another", got, other)

	other.Name = "thing:look"
	f.try("update to a taken name", users.ErrTaken, func(tx users.Tx) error { return tx.UpdatePermission(ctx, other) })
	f.try("update of nothing", users.ErrNotFound, func(tx users.Tx) error { return tx.UpdatePermission(ctx, newPermission("x")) })
	f.try("delete of nothing", users.ErrNotFound, func(tx users.Tx) error { return tx.DeletePermission(ctx, users.NewID()) })
	f.do(func(tx users.Tx) error { return tx.DeletePermission(ctx, p.ID) })
	if g := f.graph(); len(g.Assigned(f.role.ID)) != 0 {
		t.Error("a role still has the deleted permission")
	}
}

// testOwners: a thing has no owner, is given one, changes it and loses it, and each change is seen by who keeps
// the graph in memory.
func testOwners(t *testing.T, f *fixture) {
	ctx := t.Context()
	role, permission := f.addRole("Clerk", f.role.ID), f.addPermission("orders:read")
	account := f.addAccount("ada@example.com", role)
	made, kept := newRole("Made", users.ID{}), newPermission("orders:write")
	made.Owner, kept.Owner = "orders", "orders"
	f.do(func(tx users.Tx) error {
		return errors.Join(tx.InsertRole(ctx, made), tx.InsertPermission(ctx, kept))
	})
	for _, owner := range []users.ServiceName{"", "orders", "Orders!", users.ServiceName(strings.Repeat("x", 100)), ""} {
		role.Owner, permission.Owner = owner, owner
		f.do(func(tx users.Tx) error {
			return errors.Join(tx.UpdateRole(ctx, role), tx.UpdatePermission(ctx, permission))
		})
		g := f.graph()
		gotRole, _ := g.Role(role.ID)
		gotPermission, _ := g.Permission(permission.ID)
		same(t, "the role", gotRole, role)
		same(t, "the permission", gotPermission, permission)
		got, err := f.Account(ctx, account.ID)
		wantError(t, "Account", err, nil)
		same(t, "the role of an account", got.Role, role)
	}
	gotRole, _ := f.graph().Role(made.ID)
	gotPermission, _ := f.graph().Permission(kept.ID)
	same(t, "a role made with an owner", gotRole, made)
	same(t, "a permission made with an owner", gotPermission, kept)
	byHand(t, f.url, `UPDATE roles SET owner = NULL`, `UPDATE permissions SET owner = 'billing'`)
	gotRole, _ = f.graph().Role(made.ID)
	gotPermission, _ = f.graph().Permission(kept.ID)
	if gotRole.Owner != "" || gotPermission.Owner != "billing" {
		t.Errorf("changed by hand: %q, %q", gotRole.Owner, gotPermission.Owner)
	}
}

func testEmpty(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.do(func(tx users.Tx) error { return tx.DeleteRole(ctx, f.role.ID) })
	if _, ok := f.graph().Role(f.role.ID); ok {
		t.Error("a role in an empty database")
	}
	list, err := f.Accounts(ctx, users.AccountFilter{}, users.List{Limit: 10})
	if err != nil || len(list) != 0 {
		t.Errorf("Accounts: %v, %v", list, err)
	}
	for _, limit := range []int{0, 5} {
		n, err := f.CountAccounts(ctx, users.AccountFilter{}, limit)
		if err != nil || n != 0 {
			t.Errorf("CountAccounts up to %d: %d, %v", limit, n, err)
		}
	}
}
