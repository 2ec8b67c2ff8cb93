package manifest

import (
	"slices"
	"strconv"

	users "github.com/svc-users/svc-users"
)

// refer notes the references that lead to nothing, or to what prune is about to take away.
func (p *planner) refer(f *users.Faults) {
	for _, role := range p.roles {
		if key := role.parent.Key(); role.parent != "" && !p.declares.role[key] {
			n := p.byKey[key]
			addReference(f, role.path+".parent", "role", n != nil, p.prune && n != nil && n.Owner == p.owner)
		}
		for i, name := range role.permissions {
			if name == "" || p.declares.permission[name] {
				continue
			}
			if len(*f) >= maxDeclarationFaults {
				return
			}
			held, exists := p.graph.PermissionByName(name)
			addReference(f, role.path+".permissions."+strconv.Itoa(i), "permission", exists, p.prune && exists && held.Owner == p.owner)
		}
	}
}

// addReference notes a reference to what does not exist, or to what prune deletes.
func addReference(f *users.Faults, at, what string, exists, pruned bool) {
	switch {
	case !exists:
		f.Add(at, "is not the name of a "+what+" that exists or is declared here")
	case pruned:
		f.Add(at, "is the name of a "+what+" of this service that is not declared here, which prune would delete")
	}
}

// ownership refuses what is another's or the system's.
func (p *planner) ownership() error {
	if p.audience != (users.Audience{}) {
		if err := p.skeleton.CheckAudience(p.audience, p.existingAudience()); err != nil {
			return named(err, KindAudience, string(p.audience.Name))
		}
	}
	for _, d := range p.permissions {
		if d.name.System() {
			return conflict("The permission " + string(d.name) + " is a system permission; no service can declare it.")
		}
		if err := p.skeleton.CheckPermissionName(p.graph, d.name); err != nil {
			return named(err, KindPermission, string(d.name))
		}
		if held, _ := p.graph.PermissionByName(d.name); held.Owner != "" && held.Owner != p.owner {
			return p.ownedByAnother(KindPermission, string(d.name), held.Owner)
		}
	}
	for _, d := range p.roles {
		n := p.byKey[d.name.Key()]
		if d.name.Key() == users.AdminRole.Key() || n != nil && n.System {
			return conflict("The role Admin is the system role; no service can declare it.")
		}
		if n != nil && n.Owner != "" && n.Owner != p.owner {
			return p.ownedByAnother(KindRole, string(d.name), n.Owner)
		}
	}
	return nil
}

// lookalikes refuses new names of roles that look like others: what the ordinary methods would refuse one by one.
func (p *planner) lookalikes() error {
	var seen *users.RoleLooks
	for _, d := range p.roles {
		n := p.byKey[d.name.Key()]
		if n != nil && n.Name == d.name {
			continue
		}
		if seen == nil {
			seen = p.looks()
		}
		if err := seen.Check(d.name); err != nil {
			return named(err, KindRole, string(d.name))
		}
	}
	return nil
}

// looks has the names of all roles there are and of those declared, by how they look.
func (p *planner) looks() *users.RoleLooks {
	seen := p.skeleton.RoleLooks(p.graph, len(p.roles))
	for _, d := range p.roles {
		seen.Add(d.name)
	}
	return seen
}

func (p *planner) ownedByAnother(kind Kind, name string, owner users.ServiceName) error {
	return conflict("The " + string(kind) + " " + name + " belongs to the service " + string(owner) + "; the service " +
		string(p.owner) + " can't declare it.")
}

// hierarchy works out the roles as they will be, which shows whether they may be so, and sorts the declared
// ones so that parents come before their heirs.
func (p *planner) hierarchy() error {
	future := map[string]users.Role{}
	var order []string
	for n := range p.graph.Roles() {
		key := n.Name.Key()
		if p.prune && p.orphaned(n) {
			continue
		}
		future[key] = n
		order = append(order, key)
	}
	for i, d := range p.roles {
		key := d.name.Key()
		if _, exists := future[key]; !exists {
			// This id is not shown: the role gets its own when it is made.
			future[key] = users.Role{ID: users.ID{0xff, byte(i >> 8), byte(i)}, Name: d.name}
			order = append(order, key)
		}
	}
	for _, d := range p.roles {
		role := future[d.name.Key()]
		role.ParentID = future[d.parent.Key()].ID
		future[d.name.Key()] = role
	}
	roles := make([]users.Role, len(order))
	for i, key := range order {
		roles[i] = future[key]
	}
	after := users.NewGraph(roles, nil, nil)
	for _, d := range p.roles {
		if err := after.CheckParent(future[d.name.Key()]); err != nil {
			return named(err, KindRole, string(d.name))
		}
	}
	var faults users.Faults
	for _, d := range p.roles {
		if err := after.CheckDepth(future[d.name.Key()].ID); err != nil {
			faults.Add(d.path+".parent", err.Error())
		}
	}
	above := func(d declaredRole) int { return len(after.Chain(future[d.name.Key()].ID)) }
	slices.SortStableFunc(p.roles, func(a, b declaredRole) int { return above(a) - above(b) })
	return faults.Err()
}

// orphaned reports whether a role is the service's own and no longer declared.
func (p *planner) orphaned(r users.Role) bool {
	return r.Owner == p.owner && !r.System && !p.declares.role[r.Name.Key()]
}
