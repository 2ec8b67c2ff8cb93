package users

import "slices"

// GraphChange is what has changed of a graph: each permission and role that did, once, as it is now.
type GraphChange struct {
	Permissions []PermissionState
	Roles       []RoleState
}

// PermissionState is what became of a permission.
type PermissionState struct {
	ID         ID
	Permission *Permission // nil: it is gone
}

// RoleState is what became of a role.
type RoleState struct {
	ID       ID
	Role     *Role // nil: it is gone
	Assigned []ID  // all permissions that are assigned to it now
}

// Changed returns the graph as it is after a change. It costs what the change concerns: the roles in it, those that
// inherit from them, and of a permission that is gone the roles that it was assigned to; beside that, a copy of the lists of
// pointers to all roles and permissions.
func (g *Graph) Changed(c GraphChange) *Graph {
	after, _ := g.change(c)
	if len(after.slots) > 2*len(after.permissions)+pageBits {
		return NewGraph(after.parts())
	}
	return after
}

// with returns the graph as it would be with role added, or put in the place of the one with its id, and the
// permissions assigned to it; and the roles whose effective permissions may differ from those in g. Slots are those of g.
func (g *Graph) with(role Role, permissions []ID) (*Graph, []ID) {
	assigned := slices.Clone(permissions)
	if n := g.node(role.ID); n != nil {
		assigned = append(assigned, n.missing...)
		for slot := range n.own.all() {
			assigned = append(assigned, g.slots[slot].ID)
		}
	}
	return g.change(GraphChange{Roles: []RoleState{{ID: role.ID, Role: &role, Assigned: assigned}}})
}

// parts are what NewGraph makes the same graph of.
func (g *Graph) parts() (roles []Role, permissions []Permission, assigned []Assignment) {
	for _, p := range g.permissions {
		permissions = append(permissions, p.Permission)
	}
	for _, n := range g.roles {
		roles = append(roles, n.Role)
		for _, id := range n.missing {
			assigned = append(assigned, Assignment{n.ID, id})
		}
		if n.System {
			continue
		}
		for slot := range n.own.all() {
			assigned = append(assigned, Assignment{n.ID, g.slots[slot].ID})
		}
	}
	return roles, permissions, assigned
}
