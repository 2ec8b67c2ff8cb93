package users

import (
	"slices"
	"strings"
)

// Effective lists the names of all permissions a role holds, sorted.
func (g *Graph) Effective(role ID) []PermissionName {
	n := g.node(role)
	if n == nil {
		return nil
	}
	return g.names(n.effective)
}

// Assigned lists the permissions assigned to this very role, sorted by name; for Admin, all that exist.
func (g *Graph) Assigned(role ID) []Permission {
	var list []Permission
	if n := g.node(role); n != nil {
		for slot := range n.own.all() {
			list = append(list, g.slots[slot].Permission)
		}
	}
	slices.SortFunc(list, func(a, b Permission) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return list
}

// HeldPermission is a permission that a role holds, and where from.
type HeldPermission struct {
	Name          PermissionName
	InheritedFrom RoleName // empty when assigned to the role itself
}

// HeldPermissions lists all permissions a role holds, sorted by name, each with the nearest role it comes from.
func (g *Graph) HeldPermissions(role ID) []HeldPermission {
	n := g.node(role)
	if n == nil {
		return nil
	}
	var list []HeldPermission
	chain := g.chain(n)
	for slot := range n.effective.all() {
		held := HeldPermission{Name: g.slots[slot].Name}
		for i, r := range chain {
			if r.own.has(slot) {
				if i > 0 {
					held.InheritedFrom = r.Name
				}
				break
			}
		}
		list = append(list, held)
	}
	slices.SortFunc(list, func(a, b HeldPermission) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return list
}

// names returns the names of a set's permissions, sorted.
func (g *Graph) names(s set) []PermissionName {
	names := make([]PermissionName, 0, s.len())
	for slot := range s.all() {
		names = append(names, g.slots[slot].Name)
	}
	slices.Sort(names)
	return names
}
