package users

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// house is a hierarchy: Lead inherits from Clerk, which inherits from Reader; Admin is beside them.
func house(change func(roles map[string]*Role, own map[string][]string)) *Graph {
	roles := map[string]*Role{
		"Admin": {System: true}, "Reader": {}, "Clerk": {}, "Lead": {}, "Packer": {},
	}
	for i, name := range []string{"Admin", "Reader", "Clerk", "Lead", "Packer"} {
		roles[name].ID, roles[name].Name, roles[name].CreatedAt = ID{1, byte(i)}, RoleName(name), time.Unix(int64(i), 0)
	}
	roles["Clerk"].ParentID, roles["Lead"].ParentID = roles["Reader"].ID, roles["Clerk"].ID
	own := map[string][]string{"Reader": {"orders:read"}, "Clerk": {"orders:write"}, "Packer": {"orders:read", "orders:ship"}}
	if change != nil {
		change(roles, own)
	}
	var list []Role
	var permissions []Permission
	ids := map[string]ID{}
	for i, name := range []string{"orders:read", "orders:ship", "orders:write", "orders:burn"} {
		ids[name] = ID{2, byte(i)}
		permissions = append(permissions, Permission{ID: ids[name], Name: PermissionName(name)})
	}
	var assigned []Assignment
	for name, r := range roles {
		list = append(list, *r)
		for _, p := range own[name] {
			assigned = append(assigned, Assignment{r.ID, ids[p]})
		}
	}
	return NewGraph(list, permissions, assigned)
}

func TestExplain(t *testing.T) {
	t.Parallel()
	g := house(nil)
	for _, c := range []struct {
		role, permission string
		disabled         bool
		reason           Reason
		path, givers     string
		words            string
	}{
		{"Lead", "orders:read", false, Granted, "Lead Clerk Reader", "Packer Reader Clerk Lead Admin", "ada@example.com may do orders:read: the role Lead inherits it from Reader."},
		{"Clerk", "orders:write", false, Granted, "Clerk", "Clerk Lead Admin", "ada@example.com may do orders:write: the role Clerk has it."},
		{"Admin", "orders:burn", false, Granted, "Admin", "Admin", "ada@example.com may do orders:burn: the role Admin has every permission."},
		{"Lead", "orders:burn", false, NotGranted, "", "Admin", "ada@example.com may not do orders:burn: the role Lead neither has it nor inherits it. The only role that gives it is Admin."},
		{"Lead", "orders:ship", false, NotGranted, "", "Packer Admin", "ada@example.com may not do orders:ship: the role Lead neither has it nor inherits it. Roles that give it are Packer and Admin."},
		{"Lead", "orders:Read", false, UnknownPermission, "", "", "ada@example.com may not do orders:Read: there is no such permission."},
		{"Admin", "nothing", false, UnknownPermission, "", "", "ada@example.com may not do nothing: there is no such permission."},
		{"Lead", "orders:read", true, AccountDisabled, "Lead Clerk Reader", "Packer Reader Clerk Lead Admin", "ada@example.com may do nothing: the account is disabled."},
	} {
		email, err := ParseEmail("ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		role, _ := g.RoleByName(RoleName(c.role))
		e := Access{Account: Account{Email: email, Role: role, Active: !c.disabled}, Graph: g}.explain(PermissionName(c.permission), nil)
		got := fmt.Sprint(e.Reason, "; ", strings.Join(texts(e.Path), " "), "; ", strings.Join(texts(e.GrantedBy), " "), "; ", e)
		want := fmt.Sprint(c.reason, "; ", c.path, "; ", c.givers, "; ", c.words)
		if got != want || e.Allowed() != (c.reason == Granted) {
			t.Errorf("%s %s (disabled: %t):\n got %s\nwant %s", c.role, c.permission, c.disabled, got, want)
		}
	}
	many := Explanation{Reason: NotGranted}
	for i := range 12 {
		many.GrantedBy = append(many.GrantedBy, RoleName(fmt.Sprint("R", i)))
	}
	if s := many.whoGives(); s != "Roles that give it are R0, R1, R2, R3, R4, R5, R6, R7, R8, R9 and 2 more" {
		t.Error(s)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	g := house(func(_ map[string]*Role, own map[string][]string) { own["Lead"] = []string{"orders:read"} })
	lead, _ := g.RoleByName("Lead")
	want := []PermissionPath{{"orders:read", []RoleName{"Lead"}}, {"orders:write", []RoleName{"Lead", "Clerk"}}}
	if diff := cmp.Diff(want, g.permissionPaths(lead.ID)); diff != "" {
		t.Error(diff)
	}
}

func TestCompareGraphs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(roles map[string]*Role, own map[string][]string)
		want   string
	}{
		"nothing":                      {nil, ""},
		"one more":                     {func(_ map[string]*Role, own map[string][]string) { own["Clerk"] = append(own["Clerk"], "orders:ship") }, "Clerk +orders:ship; Lead +orders:ship"},
		"what is inherited already":    {func(_ map[string]*Role, own map[string][]string) { own["Lead"] = []string{"orders:read"} }, ""},
		"one less":                     {func(_ map[string]*Role, own map[string][]string) { own["Reader"] = nil }, "Clerk -orders:read; Lead -orders:read; Reader -orders:read"},
		"another parent":               {func(roles map[string]*Role, _ map[string][]string) { roles["Lead"].ParentID = roles["Packer"].ID }, "Lead +orders:ship -orders:write"},
		"another name":                 {func(roles map[string]*Role, _ map[string][]string) { roles["Lead"].Name = "Head" }, ""},
		"a role that goes":             {func(roles map[string]*Role, _ map[string][]string) { delete(roles, "Packer") }, "Packer -orders:read -orders:ship"},
		"a role that goes and is none": {func(roles map[string]*Role, own map[string][]string) { delete(roles, "Lead"); delete(own, "Lead") }, "Lead -orders:read -orders:write"},
		"a role that comes": {func(roles map[string]*Role, own map[string][]string) {
			roles["New"] = &Role{ID: ID{9}, Name: "New"}
			own["New"] = []string{"orders:burn"}
		}, "New +orders:burn"},
	} {
		for _, way := range []struct {
			before, after *Graph
			want          string
		}{
			{house(nil), house(c.change), c.want},
			{house(c.change), house(nil), strings.NewReplacer("+", "-", "-", "+").Replace(c.want)},
		} {
			var got []string
			for _, r := range compareGraphs(way.before, way.after) {
				line := string(r.Role.Name)
				for _, p := range r.Gains {
					line += " +" + string(p)
				}
				for _, p := range r.Loses {
					line += " -" + string(p)
				}
				got = append(got, line)
			}
			if normal(strings.Join(got, "; ")) != normal(way.want) {
				t.Errorf("%s: %q, want %q", name, got, way.want)
			}
		}
	}
}

// normal puts what is gained and lost into one order.
func normal(list string) string {
	lines := strings.Split(list, "; ")
	for i, line := range lines {
		words := strings.Fields(line)
		if len(words) > 1 {
			slices.Sort(words[1:])
		}
		lines[i] = strings.Join(words, " ")
	}
	return strings.Join(lines, "; ")
}

// A key that does not list a permission refuses it, and says so only where the account has it.
func TestExplainByKey(t *testing.T) {
	t.Parallel()
	held, other := Permission{ID: NewID(), Name: "docs:read"}, Permission{ID: NewID(), Name: "docs:write"}
	role := Role{ID: NewID(), Name: "Reader"}
	g := NewGraph([]Role{role}, []Permission{held, other}, []Assignment{{RoleID: role.ID, PermissionID: held.ID}})
	email, err := ParseEmail("ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	access := Access{Account: Account{Email: email, Role: role, Active: true}, Graph: g}
	for _, c := range []struct {
		scope      Scope
		permission PermissionName
		reason     Reason
		words      string
	}{
		{NewScope("docs:read"), "docs:read", Granted, "ada@example.com may do docs:read with the API key CI: the role Reader has it."},
		{NewScope("docs:write"), "docs:read", OutOfScope, "ada@example.com may do docs:read, and not with the API key CI: the key does not list it."},
		{NewScope("docs:write"), "docs:write", NotGranted, "ada@example.com may not do docs:write: the role Reader neither has it nor inherits it. No role gives it."},
		{NewScope("docs:gone"), "docs:gone", UnknownPermission, "ada@example.com may not do docs:gone: there is no such permission."},
	} {
		e := access.explain(c.permission, &APIKey{Name: "CI", Scope: c.scope})
		if e.Reason != c.reason || e.String() != c.words || e.Allowed() != (c.reason == Granted) {
			t.Errorf("%s with %s: %s, %q", c.permission, c.scope, e.Reason, e)
		}
	}
}
