package users

import (
	"slices"
	"strconv"
)

// refer notes the references that lead to nothing, or to what prune is about to take away.
func (p *planner) refer(f *Faults) {
	for _, role := range p.roles {
		if key := role.parent.Key(); role.parent != "" && !p.declares.role[key] {
			n := p.byKey[key]
			f.reference(role.path+".parent", "role", n != nil, p.prune && n != nil && n.Owner == p.owner)
		}
		for i, name := range role.permissions {
			if name == "" || p.declares.permission[name] {
				continue
			}
			if len(*f) >= maxDeclarationFaults {
				return
			}
			held, exists := p.graph.PermissionByName(name)
			f.reference(role.path+".permissions."+strconv.Itoa(i), "permission", exists, p.prune && exists && held.Owner == p.owner)
		}
	}
}

func (f *Faults) reference(at, what string, exists, pruned bool) {
	switch {
	case !exists:
		f.Add(at, "is not the name of a "+what+" that exists or is declared here")
	case pruned:
		f.Add(at, "is the name of a "+what+" of this service that is not declared here, which prune would delete")
	}
}

// ownership refuses what is another's or the system's.
func (p *planner) ownership() error {
	for _, d := range p.permissions {
		if d.name.System() {
			return conflict("The permission " + string(d.name) + " is a system permission; no service can declare it.")
		}
		if err := p.skeleton.freePermissionName(p.graph, d.name); err != nil {
			return named(err, KindPermission, string(d.name))
		}
		if held, _ := p.graph.PermissionByName(d.name); held.Owner != "" && held.Owner != p.owner {
			return p.anothers(KindPermission, string(d.name), held.Owner)
		}
	}
	for _, d := range p.roles {
		n := p.byKey[d.name.Key()]
		if d.name.Key() == AdminRole.Key() || n != nil && n.System {
			return conflict("The role Admin is the system role; no service can declare it.")
		}
		if n != nil && n.Owner != "" && n.Owner != p.owner {
			return p.anothers(KindRole, string(d.name), n.Owner)
		}
	}
	return nil
}

// lookalikes refuses new names of roles that look like others: what the ordinary methods would refuse one by one.
func (p *planner) lookalikes() error {
	var seen map[look]RoleName
	for _, d := range p.roles {
		n := p.byKey[d.name.Key()]
		if n != nil && n.Name == d.name {
			continue
		}
		if seen == nil {
			seen = p.looks()
		}
		if err := p.skeleton.freeAmong(seen, d.name); err != nil {
			return named(err, KindRole, string(d.name))
		}
	}
	return nil
}

// looks has the names of all roles there are and of those declared, by how they look.
func (p *planner) looks() map[look]RoleName {
	seen := make(map[look]RoleName, 2*(len(p.graph.roles)+len(p.roles)))
	for _, n := range p.graph.roles {
		p.skeleton.see(seen, n.Name, p.skeleton.looksOf(n))
	}
	for _, d := range p.roles {
		p.skeleton.see(seen, d.name, p.skeleton.looks(d.name))
	}
	return seen
}

func (p *planner) anothers(kind Kind, name string, owner ServiceName) error {
	return conflict("The " + string(kind) + " " + name + " belongs to the service " + string(owner) + "; the service " +
		string(p.owner) + " can't declare it.")
}

// hierarchy works out the roles as they will be, which shows whether they may be so, and sorts the declared
// ones so that parents come before their heirs.
func (p *planner) hierarchy() error {
	future := map[string]Role{}
	var order []string
	for _, n := range p.graph.roles {
		key := n.Name.Key()
		if p.prune && p.orphaned(n) {
			continue
		}
		future[key] = n.Role
		order = append(order, key)
	}
	for i, d := range p.roles {
		key := d.name.Key()
		if _, exists := future[key]; !exists {
			// This id is not shown: the role gets its own when it is made.
			future[key] = Role{ID: ID{0xff, byte(i >> 8), byte(i)}, Name: d.name}
			order = append(order, key)
		}
	}
	for _, d := range p.roles {
		role := future[d.name.Key()]
		role.ParentID = future[d.parent.Key()].ID
		future[d.name.Key()] = role
	}
	roles := make([]Role, len(order))
	for i, key := range order {
		roles[i] = future[key]
	}
	after := NewGraph(roles, nil, nil)
	for _, d := range p.roles {
		if err := after.cycleOrAdmin(future[d.name.Key()]); err != nil {
			return named(err, KindRole, string(d.name))
		}
	}
	var faults Faults
	for _, d := range p.roles {
		if after.depth(future[d.name.Key()].ID) > maxChain {
			faults.Add(d.path+".parent", chainTooLong)
		}
	}
	above := func(d declaredRole) int { return len(after.chain(after.node(future[d.name.Key()].ID))) }
	slices.SortStableFunc(p.roles, func(a, b declaredRole) int { return above(a) - above(b) })
	return faults.Err()
}

// orphaned reports whether a role is the service's own and no longer declared.
func (p *planner) orphaned(n *node) bool {
	return n.Owner == p.owner && !n.System && !p.declares.role[n.Name.Key()]
}
