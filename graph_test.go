package users

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is what a graph means, worked out in the most naive way.
type model struct {
	roles       []Role
	permissions []Permission
	assigned    []Assignment
}

func (m model) role(id ID) *Role {
	for i := range m.roles {
		if m.roles[i].ID == id {
			return &m.roles[i]
		}
	}
	return nil
}

func (m model) holds(role ID, p ID, seen ...ID) (RoleName, bool) {
	r := m.role(role)
	if r == nil || slices.Contains(seen, role) {
		return "", false
	}
	if r.System || slices.Contains(m.assigned, Assignment{role, p}) {
		return r.Name, true
	}
	return m.holds(r.ParentID, p, append(seen, role)...)
}

func drawModel(t *rapid.T) model {
	var m model
	for i := range rapid.IntRange(0, 130).Draw(t, "permissions") {
		m.permissions = append(m.permissions, Permission{ID: NewID(), Name: PermissionName(fmt.Sprintf("p:%d", i*7%131))})
	}
	for i := range rapid.IntRange(1, 12).Draw(t, "roles") {
		r := Role{ID: NewID(), Name: RoleName(fmt.Sprint("Role ", i)), CreatedAt: time.Unix(int64(i), 0)}
		r.System = i == 0 && rapid.Bool().Draw(t, "admin")
		m.roles = append(m.roles, r)
	}
	for i := range m.roles {
		// Any parent at all, also one that closes a cycle: hand-made SQL may have left it.
		if p := rapid.IntRange(-1, len(m.roles)-1).Draw(t, "parent"); p >= 0 {
			m.roles[i].ParentID = m.roles[p].ID
		}
		if len(m.permissions) > 0 {
			for _, p := range rapid.SliceOfN(rapid.IntRange(0, len(m.permissions)-1), 0, 5).Draw(t, "assigned") {
				m.assigned = append(m.assigned, Assignment{m.roles[i].ID, m.permissions[p].ID})
			}
		}
	}
	return m
}

func TestGraphAgreesWithModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		g := NewGraph(m.roles, m.permissions, m.assigned)
		for _, r := range m.roles {
			var all []HeldPermission
			var names []PermissionName
			for _, p := range m.permissions {
				from, held := m.holds(r.ID, p.ID)
				if g.May(r.ID, p.Name) != held {
					t.Fatalf("May(%s, %s) = %v", r.Name, p.Name, !held)
				}
				if held {
					names = append(names, p.Name)
					if from == r.Name {
						from = ""
					}
					all = append(all, HeldPermission{p.Name, from})
				}
			}
			slices.Sort(names)
			slices.SortFunc(all, func(a, b HeldPermission) int { return strings.Compare(string(a.Name), string(b.Name)) })
			if got := g.Effective(r.ID); !slices.Equal(got, names) {
				t.Fatalf("Effective(%s) = %v, want %v", r.Name, got, names)
			}
			if diff := cmp.Diff(all, g.HeldPermissions(r.ID)); diff != "" {
				t.Fatalf("HeldPermissions(%s): %s", r.Name, diff)
			}
		}
	})
}

// With must answer as a graph that was built of the changed parts.
func TestGraphWith(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		i := rapid.IntRange(0, len(m.roles)-1).Draw(t, "changed")
		changed := m.roles[i]
		changed.ParentID = m.roles[rapid.IntRange(0, len(m.roles)-1).Draw(t, "new parent")].ID
		var add []ID
		if len(m.permissions) > 0 {
			add = append(add, m.permissions[0].ID)
		}
		got, _ := NewGraph(m.roles, m.permissions, m.assigned).with(changed, add)
		roles := slices.Clone(m.roles)
		roles[i] = changed
		assigned := slices.Clone(m.assigned)
		for _, p := range add {
			assigned = append(assigned, Assignment{changed.ID, p})
		}
		want := NewGraph(roles, m.permissions, assigned)
		for _, r := range roles {
			if !slices.Equal(got.Effective(r.ID), want.Effective(r.ID)) || !slices.Equal(got.Chain(r.ID), want.Chain(r.ID)) {
				t.Fatalf("role %s differs", r.Name)
			}
		}
	})
}

func TestGraphOfNothing(t *testing.T) {
	t.Parallel()
	g := NewGraph(nil, nil, nil)
	if g.May(NewID(), "a:b") || g.Effective(NewID()) != nil || g.Chain(NewID()) != nil || g.complete() {
		t.Error("an empty graph held something")
	}
	if _, ok := g.RoleByName("Admin"); ok {
		t.Error("an empty graph has a role")
	}
}

func TestDepthAndCycle(t *testing.T) {
	t.Parallel()
	var roles []Role
	for i := range 16 {
		r := Role{ID: NewID(), Name: RoleName(fmt.Sprint("r", i))}
		if i > 0 {
			r.ParentID = roles[i-1].ID
		}
		roles = append(roles, r)
	}
	g := NewGraph(roles, nil, nil)
	for _, r := range roles {
		if d := g.depth(r.ID); d != 16 {
			t.Errorf("depth(%s) = %d", r.Name, d)
		}
		if err := g.cyclic(r); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	if got := g.Chain(roles[2].ID); !slices.Equal(got, []RoleName{"r2", "r1", "r0"}) {
		t.Errorf("Chain = %v", got)
	}
	top := roles[0]
	top.ParentID = roles[15].ID
	if after, _ := g.with(top, nil); after.cyclic(top) == nil {
		t.Error("a cycle of 16 is not seen")
	}
	top.ParentID = top.ID
	if after, _ := g.with(top, nil); after.cyclic(top) == nil {
		t.Error("a role that is its own parent is not seen")
	}
}

func BenchmarkMay(b *testing.B) {
	g, roles, permissions := graphOf(10_000, 20_000)
	role, p := roles[9].ID, permissions[5].Name
	b.ReportAllocs()
	for b.Loop() {
		if !g.May(role, p) {
			b.Fatal("not held")
		}
	}
}

func BenchmarkNewGraph(b *testing.B) {
	g, _, _ := graphOf(10_000, 20_000)
	roles, permissions, assigned := g.parts()
	b.ReportAllocs()
	for b.Loop() {
		NewGraph(roles, permissions, assigned)
	}
}
