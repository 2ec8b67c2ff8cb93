package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
)

// tooLong is the fault of a role in a chain of 17.
const tooLong = "must not make a chain of more than 16 roles, the own included"

// planWorld is what the plans below begin from: Lead inherits from Clerk, both of orders, Guest is of billing,
// Free is nobody's.
func planWorld() *users.Graph {
	permission := func(n byte, name users.PermissionName, owner users.ServiceName) users.Permission {
		return users.Permission{ID: users.ID{1, n}, Name: name, Owner: owner}
	}
	permissions := []users.Permission{
		permission(1, "orders:read", "orders"), permission(2, "orders:write", "orders"), permission(3, "billing:read", "billing"),
		permission(4, "free:read", ""), permission(5, users.AccountsRead, ""),
	}
	roles := []users.Role{
		{ID: users.ID{2, 1}, Name: users.AdminRole, System: true},
		{ID: users.ID{2, 2}, Name: "Clerk", Owner: "orders", Description: new("Clerks")},
		{ID: users.ID{2, 3}, Name: "Lead", Owner: "orders", ParentID: users.ID{2, 2}},
		{ID: users.ID{2, 4}, Name: "Guest", Owner: "billing"},
		{ID: users.ID{2, 5}, Name: "Free"},
	}
	assigned := []users.Assignment{
		{RoleID: users.ID{2, 2}, PermissionID: users.ID{1, 1}}, {RoleID: users.ID{2, 3}, PermissionID: users.ID{1, 2}},
		{RoleID: users.ID{2, 4}, PermissionID: users.ID{1, 3}}, {RoleID: users.ID{2, 5}, PermissionID: users.ID{1, 4}},
	}
	for i := range 16 {
		r := users.Role{ID: users.ID{3, byte(i)}, Name: users.RoleName(fmt.Sprintf("Chain %d", i))}
		if i > 0 {
			r.ParentID = users.ID{3, byte(i - 1)}
		}
		roles = append(roles, r)
	}
	return users.NewGraph(roles, permissions, assigned)
}

// asIs declares what orders has.
func asIs() Declaration {
	return Declaration{
		Service:     "orders",
		Permissions: []DeclaredPermission{{Name: "orders:read"}, {Name: "orders:write"}},
		Roles: []DeclaredRole{
			{Name: "Lead", Parent: new("Clerk"), Permissions: []string{"orders:write"}},
			{Name: "Clerk", Description: new("Clerks"), Permissions: []string{"orders:read"}},
		},
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(d *Declaration)
		changes  []string
		orphaned []string
	}{
		"as it is":             {func(*Declaration) {}, nil, nil},
		"as it is, pruned":     {func(d *Declaration) { d.Prune = true }, nil, nil},
		"parent in other case": {func(d *Declaration) { d.Roles[0].Parent = new("CLERK") }, nil, nil},
		"a new permission": {
			func(d *Declaration) {
				d.Permissions = append(d.Permissions, DeclaredPermission{Name: "orders:new", Description: new("")})
				d.Roles[1].Permissions = append(d.Roles[1].Permissions, "orders:new")
			},
			[]string{`create permission orders:new ""`, "assign assignment Clerk orders:new"}, nil,
		},
		"another's permission and a system permission in a role": {
			func(d *Declaration) {
				d.Roles[0].Permissions = append(d.Roles[0].Permissions, "billing:read", "accounts:read")
			},
			[]string{"assign assignment Lead billing:read", "assign assignment Lead accounts:read"}, nil,
		},
		"parents come before their heirs": {
			func(d *Declaration) {
				d.Roles = append(d.Roles, DeclaredRole{Name: "C", Parent: new("b"), Permissions: []string{"orders:read"}}, DeclaredRole{Name: "B", Parent: new("A")}, DeclaredRole{Name: "A", Parent: new("Guest")})
			},
			[]string{"create role A parent Guest", "create role B parent A", "create role C parent b", "assign assignment C orders:read"}, nil,
		},
		"heir and parent trade places": {
			func(d *Declaration) { d.Roles[0].Parent, d.Roles[1].Parent = nil, new("Lead") },
			[]string{"change role Lead parent Clerk → none", "change role Clerk parent none → Lead"}, nil,
		},
		"a description is emptied, a name recased": {
			func(d *Declaration) { d.Roles[1].Name, d.Roles[1].Description = "CLERK", nil },
			[]string{`change role CLERK name Clerk → CLERK; description "Clerks" → none`}, nil,
		},
		"what nobody owns is taken over": {
			func(d *Declaration) {
				d.Permissions = append(d.Permissions, DeclaredPermission{Name: "free:read"})
				d.Roles = append(d.Roles, DeclaredRole{Name: "free"})
			},
			[]string{"change permission free:read takes ownership", "change role free takes ownership; name Free → free"},
			[]string{"assignment free free:read"},
		},
		"nothing is declared": {
			func(d *Declaration) { d.Permissions, d.Roles = nil, nil },
			nil, []string{"role Lead ", "role Clerk ", "permission orders:read ", "permission orders:write "},
		},
		"nothing is declared, pruned": {
			func(d *Declaration) { d.Permissions, d.Roles, d.Prune = nil, nil, true },
			[]string{"delete role Lead ", "delete role Clerk ", "delete permission orders:read ", "delete permission orders:write "}, nil,
		},
		"less in a role": {
			func(d *Declaration) { d.Roles[0].Permissions = nil },
			nil, []string{"assignment Lead orders:write"},
		},
		"less in a role, pruned": {
			func(d *Declaration) { d.Roles[0].Permissions, d.Prune = nil, true },
			[]string{"unassign assignment Lead orders:write"}, nil,
		},
		"a parent may stay that is not declared": {
			func(d *Declaration) { d.Roles = d.Roles[:1] },
			nil, []string{"role Clerk "},
		},
		"a new service": {
			func(d *Declaration) { *d = Declaration{Service: "new"} }, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := asIs()
			c.change(&d)
			got, err := makePlan(sight, current{graph: planWorld(), audiences: planAudiences()}, d)
			if err != nil {
				t.Fatal(err)
			}
			var changes, orphaned []string
			for _, x := range got.Changes {
				changes = append(changes, fmt.Sprintf("%s %s %s %s", x.Action, x.Kind, x.Name, x.Details))
			}
			for _, x := range got.Orphaned {
				orphaned = append(orphaned, fmt.Sprintf("%s %s %s", x.Kind, x.Name, x.Details))
			}
			if diff := cmp.Diff(c.changes, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.orphaned, orphaned); diff != "" {
				t.Errorf("orphaned (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlansRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(d *Declaration)
		kind   error
		want   string // the message, or the faults
	}{
		"another's permission": {
			func(d *Declaration) { d.Permissions[0].Name = "billing:read" }, users.ErrConflict,
			"The permission billing:read belongs to the service billing; the service orders can't declare it.",
		},
		"another's role, in other case": {
			func(d *Declaration) { d.Roles[1].Name = "GUEST"; d.Roles[0].Parent = nil }, users.ErrConflict,
			"The role GUEST belongs to the service billing; the service orders can't declare it.",
		},
		"a system permission": {
			func(d *Declaration) { d.Permissions[0].Name = "accounts:read" }, users.ErrConflict,
			"The permission accounts:read is a system permission; no service can declare it.",
		},
		"a system permission that is not there": {
			func(d *Declaration) { d.Permissions[0].Name = "roles:delete" }, users.ErrConflict,
			"The permission roles:delete is a system permission; no service can declare it.",
		},
		"Admin": {
			func(d *Declaration) { d.Roles[0].Name = "aDMIN" }, users.ErrConflict,
			"The role Admin is the system role; no service can declare it.",
		},
		"below Admin": {
			func(d *Declaration) { d.Roles[0].Parent = new("Admin") }, users.ErrConflict,
			"The role Lead: No role can inherit from Admin.",
		},
		"its own parent": {
			func(d *Declaration) { d.Roles[0].Parent = new("lead") }, users.ErrConflict,
			"The role Lead: A role can't inherit from itself, however far up.",
		},
		"a cycle": {
			func(d *Declaration) { d.Roles[1].Parent = new("Lead") }, users.ErrConflict,
			"The role Lead: A role can't inherit from itself, however far up.",
		},
		"a chain too long": {
			func(d *Declaration) { d.Roles[1].Parent = new("Chain 14") }, users.ErrInvalid,
			"roles.0.parent " + tooLong + "; roles.1.parent " + tooLong,
		},
		"references to nothing": {
			func(d *Declaration) {
				d.Roles[0].Parent = new("Nobody")
				d.Roles[1].Permissions = []string{"orders:read", "orders:nothing"}
			}, users.ErrInvalid,
			"roles.0.parent is not the name of a role that exists or is declared here; roles.1.permissions.1 is not the name of a permission that exists or is declared here",
		},
		"references to what prune deletes": {
			func(d *Declaration) {
				d.Prune, d.Roles, d.Permissions = true, d.Roles[:1], d.Permissions[:1]
			}, users.ErrInvalid,
			"roles.0.parent is the name of a role of this service that is not declared here, which prune would delete; " +
				"roles.0.permissions.0 is the name of a permission of this service that is not declared here, which prune would delete",
		},
		"twice": {
			func(d *Declaration) {
				d.Permissions[1].Name = "orders:read"
				d.Roles[0].Permissions = []string{"orders:read", "orders:read"}
				d.Roles[1].Name = "LEAD"
			}, users.ErrInvalid,
			"permissions.1.name is a duplicate; roles.0.permissions.1 is a duplicate; roles.1.name is a duplicate",
		},
		"malformed": {
			func(d *Declaration) {
				*d = Declaration{
					Service:     "two words",
					Permissions: []DeclaredPermission{{Name: ""}, {Name: "a b", Description: new("\x00")}},
					Roles:       []DeclaredRole{{Name: " x", Parent: new(""), Permissions: []string{"ö"}}, {Name: "y", Description: new(strings.Repeat("y", 256))}},
				}
			}, users.ErrInvalid,
			"service must be an OAuth scope token: printable ASCII without spaces, quotes or backslashes; permissions.0.name must have 1 to 100 characters; " +
				"permissions.1.name must be an OAuth scope token: printable ASCII without spaces, quotes or backslashes; permissions.1.description must not contain NUL; " +
				"roles.0.name must not begin or end with a space; roles.0.parent must have 1 to 100 characters; " +
				"roles.0.permissions.0 must be an OAuth scope token: printable ASCII without spaces, quotes or backslashes; roles.1.description must have at most 255 characters",
		},
		"what the edge found comes first, and is not found again": {
			func(d *Declaration) {
				d.Found = users.Faults{
					{Field: "service", Problem: "must be a string"}, {Field: "permissions.0", Problem: "must be an object"},
					{Field: "roles.0.permissions.0", Problem: "must be a string"},
				}
				d.Service, d.Permissions[0].Name, d.Roles[0].Permissions[0] = "", "", ""
			}, users.ErrInvalid,
			"service must be a string; permissions.0 must be an object; roles.0.permissions.0 must be a string",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := asIs()
			c.change(&d)
			_, err := makePlan(sight, current{graph: planWorld(), audiences: planAudiences()}, d)
			var refused *users.Error
			if !errors.As(err, &refused) || !errors.Is(refused.Kind, c.kind) {
				t.Fatalf("got %v, want %v", err, c.kind)
			}
			got := refused.Message
			if errors.Is(c.kind, users.ErrInvalid) {
				var parts []string
				for _, f := range refused.Faults {
					parts = append(parts, f.Field+" "+f.Problem)
				}
				got = strings.Join(parts, "; ")
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
