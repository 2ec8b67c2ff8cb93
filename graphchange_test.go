package users

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tables is what a database holds, references to nothing and cycles included: SQL by hand may leave both where foreign
// keys are switched off.
type tables struct {
	roles       map[ID]Role
	permissions map[ID]Permission
	assigned    map[Assignment]bool
	roleIDs     []ID // of roles that are there, or were, or may come
	permIDs     []ID
	made        int
}

func (w *tables) graph() *Graph {
	return NewGraph(slices.Collect(maps.Values(w.roles)), slices.Collect(maps.Values(w.permissions)), slices.Collect(maps.Keys(w.assigned)))
}

// edit changes something at random, and notes what the change concerns.
func (w *tables) edit(t *rapid.T, roles, permissions map[ID]bool) {
	role := rapid.SampledFrom(w.roleIDs).Draw(t, "role")
	permission := rapid.SampledFrom(w.permIDs).Draw(t, "permission")
	w.made++
	switch rapid.SampledFrom([]string{"permission", "role", "assign", "assign", "take", "delete role", "delete permission", "system", "swap"}).Draw(t, "edit") {
	case "permission":
		name := PermissionName(fmt.Sprint("p:", w.made*7%100))
		for held, p := range w.permissions { // names are unique
			if p.Name == name {
				delete(w.permissions, held)
				permissions[held] = true
			}
		}
		w.permissions[permission] = Permission{ID: permission, Name: name, CreatedAt: time.Unix(int64(w.made), 0)}
		permissions[permission] = true
	case "role":
		r := Role{ID: role, Name: RoleName(fmt.Sprint("Role ", w.made)), CreatedAt: time.Unix(int64(w.made*31%17), 0)}
		if rapid.IntRange(0, 3).Draw(t, "heir") > 0 {
			r.ParentID = rapid.SampledFrom(w.roleIDs).Draw(t, "parent")
		}
		w.roles[role], roles[role] = r, true
	case "assign":
		w.assigned[Assignment{role, permission}], roles[role] = true, true
	case "take":
		delete(w.assigned, Assignment{role, permission})
		roles[role] = true
	case "delete role":
		delete(w.roles, role)
		roles[role] = true
		w.cascade(t, func(a Assignment) bool { return a.RoleID == role }, roles)
	case "delete permission":
		delete(w.permissions, permission)
		permissions[permission] = true
		w.cascade(t, func(a Assignment) bool { return a.PermissionID == permission }, roles)
	case "system":
		if r, ok := w.roles[role]; ok {
			r.System = !r.System
			w.roles[role], roles[role] = r, true
		}
	case "swap":
		other := rapid.SampledFrom(w.permIDs).Draw(t, "other")
		one, there := w.permissions[permission]
		two, too := w.permissions[other]
		if there && too {
			one.Name, two.Name = two.Name, one.Name
			w.permissions[permission], w.permissions[other] = one, two
			permissions[permission], permissions[other] = true, true
		}
	}
}

// cascade deletes assignments, unless foreign keys are switched off.
func (w *tables) cascade(t *rapid.T, with func(Assignment) bool, roles map[ID]bool) {
	if !rapid.Bool().Draw(t, "cascade") {
		return
	}
	for a := range w.assigned {
		if with(a) {
			delete(w.assigned, a)
			roles[a.RoleID] = true
		}
	}
}

func (w *tables) change(roles, permissions map[ID]bool) (c GraphChange) {
	for id := range permissions {
		state := PermissionState{ID: id}
		if p, ok := w.permissions[id]; ok {
			state.Permission = &p
		}
		c.Permissions = append(c.Permissions, state)
	}
	for id := range roles {
		state := RoleState{ID: id}
		if r, ok := w.roles[id]; ok {
			state.Role = &r
			for a := range w.assigned {
				if a.RoleID == id {
					state.Assigned = append(state.Assigned, a.PermissionID)
				}
			}
		}
		c.Roles = append(c.Roles, state)
	}
	return c
}

// contents is all that a graph says.
func contents(g *Graph, ids []ID) map[string]any {
	said := map[string]any{"made": g.Made(), "complete": g.complete(), "systems": len(g.systems), "incomplete": len(g.incomplete)}
	var roles []Role
	for _, n := range g.roles {
		roles = append(roles, n.Role)
		var heirs []ID
		for _, heir := range g.children(n) {
			heirs = append(heirs, heir.ID)
		}
		said["role "+n.ID.String()] = []any{g.detail(n.ID), g.Chain(n.ID), g.Effective(n.ID), heirs, n.assigned, len(n.missing)}
	}
	var permissions []Permission
	for _, p := range g.permissions {
		permissions = append(permissions, p.Permission)
		named, _ := g.PermissionByName(p.Name)
		said["permission "+string(p.Name)] = []any{named, g.holders(p.ID), g.grantedBy(p.Name)}
	}
	for _, id := range ids {
		_, role := g.Role(id)
		_, permission := g.Permission(id)
		said["id "+id.String()] = []any{role, permission}
	}
	said["roles"], said["permissions"] = roles, permissions
	if g.admin != nil {
		said["admin"] = g.admin.ID
	}
	return said
}

// After any changes, however they are put together, a graph says the same as one that is made of the tables; and those
// that it was made of say what they said before.
func TestChangedGraphIsTheGraphOfTheTables(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &tables{roles: map[ID]Role{}, permissions: map[ID]Permission{}, assigned: map[Assignment]bool{}}
		for i := range 6 {
			r, p := Role{ID: NewID(), Name: RoleName(fmt.Sprint("Role -", i))}, Permission{ID: NewID(), Name: PermissionName(fmt.Sprint("q:", i))}
			w.roleIDs, w.permIDs = append(w.roleIDs, r.ID), append(w.permIDs, p.ID)
			if i > 0 {
				r.ParentID = w.roleIDs[i/2]
			}
			w.roles[r.ID], w.permissions[p.ID], w.assigned[Assignment{r.ID, p.ID}] = r, p, true
		}
		ids := slices.Concat(w.roleIDs, w.permIDs)
		g := w.graph()
		type kept struct {
			graph *Graph
			said  map[string]any
		}
		var before []kept
		for range rapid.IntRange(1, 10).Draw(t, "changes") {
			roles, permissions := map[ID]bool{}, map[ID]bool{}
			for range rapid.IntRange(1, 8).Draw(t, "edits") {
				w.edit(t, roles, permissions)
			}
			before = append(before, kept{g, contents(g, ids)})
			g = g.Changed(w.change(roles, permissions))
			if diff := cmp.Diff(contents(w.graph(), ids), contents(g, ids)); diff != "" {
				t.Fatalf("(-of the tables +changed)\n%s", diff)
			}
		}
		for i, k := range before {
			if diff := cmp.Diff(k.said, contents(k.graph, ids)); diff != "" {
				t.Fatalf("graph %d has changed: %s", i, diff)
			}
		}
	})
}

// Many changes neither leave slots behind for ever nor layers.
func TestChangedGraphDoesNotGrow(t *testing.T) {
	t.Parallel()
	role := Role{ID: NewID(), Name: "Role"}
	g := NewGraph([]Role{role}, nil, nil)
	var last *Permission
	for i := range 5 * pageBits {
		c := GraphChange{}
		if last != nil {
			c.Permissions = append(c.Permissions, PermissionState{ID: last.ID})
		}
		last = &Permission{ID: NewID(), Name: PermissionName(fmt.Sprint("p:", i))}
		c.Permissions = append(c.Permissions, PermissionState{ID: last.ID, Permission: last})
		c.Roles = []RoleState{{ID: role.ID, Role: &role, Assigned: []ID{last.ID}}}
		g = g.Changed(c)
		if len(g.slots) > 2*pageBits || len(g.byName.over) > maxLayer || len(g.role.over) > maxLayer {
			t.Fatalf("after %d changes %d slots, %d and %d layers", i, len(g.slots), len(g.byName.over), len(g.role.over))
		}
	}
	if got := g.Effective(role.ID); !slices.Equal(got, []PermissionName{last.Name}) {
		t.Errorf("it holds %v", got)
	}
}

// graphOf is so many roles in chains of ten, and permissions, ten of which are assigned to each role.
func graphOf(roleCount, permissionCount int) (*Graph, []Role, []Permission) {
	var roles []Role
	var permissions []Permission
	var assigned []Assignment
	for i := range permissionCount {
		permissions = append(permissions, Permission{ID: NewID(), Name: PermissionName(fmt.Sprintf("p:%05d", i))})
	}
	for i := range roleCount {
		r := Role{ID: NewID(), Name: RoleName(fmt.Sprint("Role ", i)), CreatedAt: time.Unix(int64(i), 0)}
		if i%10 > 0 {
			r.ParentID = roles[i-1].ID
		}
		roles = append(roles, r)
		for j := range 10 {
			assigned = append(assigned, Assignment{r.ID, permissions[(i*10+j)%permissionCount].ID})
		}
	}
	return NewGraph(roles, permissions, assigned), roles, permissions
}

func BenchmarkChangeRole(b *testing.B) {
	for _, size := range []struct{ roles, permissions int }{{30, 100}, {10_000, 20_000}} {
		b.Run(fmt.Sprint(size.roles), func(b *testing.B) {
			g, roles, permissions := graphOf(size.roles, size.permissions)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r := roles[i*13%len(roles)]
				g = g.Changed(GraphChange{Roles: []RoleState{{ID: r.ID, Role: &r, Assigned: []ID{permissions[i%len(permissions)].ID}}}})
			}
		})
	}
}

func BenchmarkCreatePermission(b *testing.B) {
	for _, size := range []struct{ roles, permissions int }{{30, 100}, {10_000, 20_000}} {
		b.Run(fmt.Sprint(size.roles), func(b *testing.B) {
			g, _, _ := graphOf(size.roles, size.permissions)
			b.ReportAllocs()
			for b.Loop() {
				p := Permission{ID: NewID(), Name: "p:00500x"}
				g.Changed(GraphChange{Permissions: []PermissionState{{ID: p.ID, Permission: &p}}})
			}
		})
	}
}
