package users

import (
	"cmp"
	"iter"
	"slices"
	"sync/atomic"
)

// Graph is all roles, permissions and assignments at one moment, with the effective permissions of every role
// worked out. It never changes, so it may be shared. A graph that was made of another by Changed shares with it
// what is the same in both.
//
// The database is trusted no further than it must be: a cycle, which only SQL by hand could leave, ends the chain where it
// would close, and an assignment of a permission that does not exist counts for nothing until it does.
type Graph struct {
	slots       []*permission // by slot; nil where a permission is gone
	permissions []*permission // sorted by name
	byName      layered[PermissionName, *permission]
	byID        layered[ID, *permission]
	everything  set     // all permissions
	roles       []*node // sorted by creation
	role        layered[ID, *node]
	heirs       layered[ID, []ID] // by the role that they inherit from, whether or not there is one of that id
	systems     []ID              // the roles with Role.System
	incomplete  []ID              // the roles with node.missing
	assignments int               // to roles that exist, but for system roles
	admin       *node             // nil in a database without one
}

// permission has a slot, which is its bit in all sets of this graph and of those made of it. A slot is never given to
// another permission.
type permission struct {
	Permission
	slot int
}

// node is a role. It never changes; where a change concerns the role, the graph after it has another node.
type node struct {
	Role
	own       set  // assigned to this very role; everything for Admin
	effective set  // own, and what is inherited
	assigned  int  // rows that assign permissions to it; none counts for Admin
	missing   []ID // of those, the permissions that do not exist
	// looks is how its name looks, once that was asked.
	looks *atomic.Pointer[[2]look]
}

// NewGraph builds the graph of all that there is.
func NewGraph(roles []Role, permissions []Permission, assigned []Assignment) *Graph {
	to := make(map[ID][]ID, len(roles))
	for _, a := range assigned {
		to[a.RoleID] = append(to[a.RoleID], a.PermissionID)
	}
	all := GraphChange{Permissions: make([]PermissionState, len(permissions)), Roles: make([]RoleState, len(roles))}
	for i, p := range slices.SortedFunc(slices.Values(permissions), func(a, b Permission) int { return cmp.Compare(a.Name, b.Name) }) {
		all.Permissions[i] = PermissionState{ID: p.ID, Permission: &p}
	}
	for i, r := range roles {
		all.Roles[i] = RoleState{ID: r.ID, Role: &r, Assigned: to[r.ID]}
	}
	return new(Graph).Changed(all)
}

// node returns a role by its id, or nil.
func (g *Graph) node(id ID) *node {
	n, _ := g.role.get(id)
	return n
}

// slot returns the slot of a permission, by its id.
func (g *Graph) slot(id ID) (int, bool) {
	p, ok := g.byID.get(id)
	if !ok {
		return 0, false
	}
	return p.slot, true
}

// chain returns the role itself, then those it inherits from, nearest first.
func (g *Graph) chain(n *node) []*node {
	chain := make([]*node, 0, maxChain)
	for r := n; r != nil && !slices.Contains(chain, r); r = g.node(r.ParentID) {
		chain = append(chain, r)
	}
	return chain
}

// children returns the roles that inherit from one directly, in the order of their creation.
func (g *Graph) children(n *node) []*node {
	ids, _ := g.heirs.get(n.ID)
	list := make([]*node, 0, len(ids))
	for _, id := range ids {
		list = append(list, g.node(id))
	}
	slices.SortFunc(list, compareCreation)
	return list
}

func compareCreation(a, b *node) int {
	return Order{}.compare(rolePosition(a.Role), rolePosition(b.Role))
}

// Role returns a role by its id.
func (g *Graph) Role(id ID) (Role, bool) {
	n := g.node(id)
	if n == nil {
		return Role{}, false
	}
	return n.Role, true
}

// Roles are all roles, in the order of their creation.
func (g *Graph) Roles() iter.Seq[Role] {
	return func(yield func(Role) bool) {
		for _, n := range g.roles {
			if !yield(n.Role) {
				return
			}
		}
	}
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
	p, ok := g.byID.get(id)
	if !ok {
		return Permission{}, false
	}
	return p.Permission, true
}

// Permissions are all permissions, sorted by name.
func (g *Graph) Permissions() iter.Seq[Permission] {
	return func(yield func(Permission) bool) {
		for _, p := range g.permissions {
			if !yield(p.Permission) {
				return
			}
		}
	}
}

// PermissionByName finds a permission by its exact name.
func (g *Graph) PermissionByName(name PermissionName) (Permission, bool) {
	p, ok := g.byName.get(name)
	if !ok {
		return Permission{}, false
	}
	return p.Permission, true
}

// May reports whether a role holds a permission, by assignment or inheritance. What does not exist is held by
// no role.
func (g *Graph) May(role ID, p PermissionName) bool {
	n := g.node(role)
	if n == nil {
		return false
	}
	held, ok := g.byName.get(p)
	return ok && n.effective.has(held.slot)
}

// Chain names the role and those it inherits from, nearest first.
func (g *Graph) Chain(role ID) []RoleName {
	n := g.node(role)
	if n == nil {
		return nil
	}
	chain := g.chain(n)
	names := make([]RoleName, len(chain))
	for i, r := range chain {
		names[i] = r.Name
	}
	return names
}

func rolePosition(r Role) Position {
	return Position{Time: r.CreatedAt, Text: r.Name.Key(), ID: r.ID}
}

// cyclic is ErrConflict if role, as it is in this graph, inherits from itself.
func (g *Graph) cyclic(role Role) error {
	for _, r := range g.chain(g.node(role.ID)) {
		if r.ParentID == role.ID {
			return conflict("A role can't inherit from itself, however far up.")
		}
	}
	return nil
}

// depth is the length of the longest chain that a role is part of, which begins at one of those that inherit
// from it.
func (g *Graph) depth(role ID) int {
	n := g.node(role)
	longest := len(g.chain(n))
	for _, child := range g.children(n) {
		longest = max(longest, g.depth(child.ID))
	}
	return longest
}
