package users

import (
	"cmp"
	"slices"
)

// Graph is all roles, permissions and assignments at one moment, with the effective permissions of every role
// worked out. It never changes, so it may be shared.
type Graph struct {
	permissions []Permission // sorted by name; the index of one is its bit
	bits        map[PermissionName]int
	permission  map[ID]int
	roles       []*node // sorted by creation
	role        map[ID]*node
	admin       *node // nil in a database without one
	assigned    []Assignment
}

type node struct {
	Role
	chain     []*node // the role itself, then those it inherits from, nearest first
	children  []*node
	own       set // assigned to this very role; everything for Admin
	effective set
}

// NewGraph builds the graph. It trusts the database no further than it must: a cycle, which only hand-made SQL
// could leave, ends the chain where it would close, and an assignment of something unknown is passed over.
func NewGraph(roles []Role, permissions []Permission, assigned []Assignment) *Graph {
	g := &Graph{
		permissions: slices.SortedFunc(slices.Values(permissions), func(a, b Permission) int { return cmp.Compare(a.Name, b.Name) }),
		bits:        make(map[PermissionName]int, len(permissions)),
		permission:  make(map[ID]int, len(permissions)),
		role:        make(map[ID]*node, len(roles)),
		assigned:    assigned,
	}
	for i, p := range g.permissions {
		g.bits[p.Name] = i
		g.permission[p.ID] = i
	}
	for _, r := range roles {
		n := &node{Role: r, own: newSet(len(permissions))}
		if r.System {
			g.admin = n
			n.own.fill(len(permissions))
		}
		g.roles = append(g.roles, n)
		g.role[r.ID] = n
	}
	slices.SortFunc(g.roles, func(a, b *node) int { return Order{}.compare(rolePosition(a.Role), rolePosition(b.Role)) })
	for _, a := range assigned {
		n, bit := g.role[a.RoleID], g.permission[a.PermissionID]
		if _, known := g.permission[a.PermissionID]; n != nil && known {
			n.own.add(bit)
		}
	}
	for _, n := range g.roles {
		n.effective = n.own.clone()
		for r := n; r != nil && !slices.Contains(n.chain, r); r = g.role[r.ParentID] {
			n.chain = append(n.chain, r)
			n.effective.union(r.own)
		}
		if parent := g.role[n.ParentID]; parent != nil {
			parent.children = append(parent.children, n)
		}
	}
	return g
}

// Role returns a role by its id.
func (g *Graph) Role(id ID) (Role, bool) {
	n, ok := g.role[id]
	if !ok {
		return Role{}, false
	}
	return n.Role, true
}

// RoleByName finds a role by its name in any case.
func (g *Graph) RoleByName(name RoleName) (Role, bool) {
	key := name.Key()
	for _, n := range g.roles {
		if n.Name.Key() == key {
			return n.Role, true
		}
	}
	return Role{}, false
}

// Permission returns a permission by its id.
func (g *Graph) Permission(id ID) (Permission, bool) {
	bit, ok := g.permission[id]
	if !ok {
		return Permission{}, false
	}
	return g.permissions[bit], true
}

// PermissionByName finds a permission by its exact name.
func (g *Graph) PermissionByName(name PermissionName) (Permission, bool) {
	bit, ok := g.bits[name]
	if !ok {
		return Permission{}, false
	}
	return g.permissions[bit], true
}

// May reports whether a role holds a permission, by assignment or inheritance. What does not exist is held by
// nobody.
func (g *Graph) May(role ID, p PermissionName) bool {
	n, bit := g.role[role], 0
	if n == nil {
		return false
	}
	bit, ok := g.bits[p]
	return ok && n.effective.has(bit)
}

// Chain names the role and those it inherits from, nearest first.
func (g *Graph) Chain(role ID) []RoleName {
	n := g.role[role]
	if n == nil {
		return nil
	}
	names := make([]RoleName, len(n.chain))
	for i, r := range n.chain {
		names[i] = r.Name
	}
	return names
}

// Effective lists the names of all permissions a role holds, sorted.
func (g *Graph) Effective(role ID) []PermissionName {
	n := g.role[role]
	if n == nil {
		return nil
	}
	return g.names(n.effective)
}

// Assigned lists the permissions assigned to this very role, sorted by name; for Admin, all that exist.
func (g *Graph) Assigned(role ID) []Permission {
	var list []Permission
	if n := g.role[role]; n != nil {
		for bit := range n.own.all() {
			list = append(list, g.permissions[bit])
		}
	}
	return list
}

// Grant is a permission that a role holds, and where from.
type Grant struct {
	Name          PermissionName
	InheritedFrom RoleName // empty when assigned to the role itself
}

// Grants lists all permissions a role holds, sorted by name, each with the nearest role it comes from.
func (g *Graph) Grants(role ID) []Grant {
	n := g.role[role]
	if n == nil {
		return nil
	}
	var list []Grant
	for bit := range n.effective.all() {
		grant := Grant{Name: g.permissions[bit].Name}
		for i, r := range n.chain {
			if r.own.has(bit) {
				if i > 0 {
					grant.InheritedFrom = r.Name
				}
				break
			}
		}
		list = append(list, grant)
	}
	return list
}

func (g *Graph) names(s set) []PermissionName {
	names := make([]PermissionName, 0, s.len())
	for bit := range s.all() {
		names = append(names, g.permissions[bit].Name)
	}
	return names
}

func rolePosition(r Role) Position {
	return Position{Time: r.CreatedAt, Text: r.Name.Key(), ID: r.ID}
}

// with returns the graph as it would be with role added, or put in the place of the one with its id, and the
// permissions assigned to it.
func (g *Graph) with(role Role, permissions []ID) *Graph {
	roles := make([]Role, 0, len(g.roles)+1)
	for _, n := range g.roles {
		if n.ID != role.ID {
			roles = append(roles, n.Role)
		}
	}
	assigned := slices.Clone(g.assigned)
	for _, p := range permissions {
		assigned = append(assigned, Assignment{role.ID, p})
	}
	return NewGraph(append(roles, role), g.permissions, assigned)
}

// cyclic is ErrConflict if role, as it is in this graph, inherits from itself.
func (g *Graph) cyclic(role Role) error {
	for _, r := range g.role[role.ID].chain {
		if r.ParentID == role.ID {
			return conflict("A role can't inherit from itself, however far up.")
		}
	}
	return nil
}

// depth is the length of the longest chain that a role is part of, which begins at one of those that inherit
// from it.
func (g *Graph) depth(role ID) int {
	n := g.role[role]
	longest := len(n.chain)
	for _, child := range n.children {
		longest = max(longest, g.depth(child.ID))
	}
	return longest
}
