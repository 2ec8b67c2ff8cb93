package manifest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	users "github.com/svc-users/svc-users"
)

func (p *planner) planPermissions() {
	for _, d := range p.permissions {
		held, exists := p.graph.PermissionByName(d.name)
		if !exists {
			p.add(createPermission(p.owner, d), PlannedChange{ActionCreate, KindPermission, string(d.name), quoted(d.description)})
			continue
		}
		var details []string
		if held.Owner == "" {
			details = append(details, takesOwnership)
		}
		details = differs(details, "description", quoted(held.Description), quoted(d.description), sameText(held.Description, d.description))
		if len(details) > 0 {
			p.add(changePermission(p.owner, held.ID, d), PlannedChange{ActionChange, KindPermission, string(d.name), strings.Join(details, "; ")})
		}
	}
}

const takesOwnership = "takes ownership"

func (p *planner) planRoles() {
	for _, d := range p.roles {
		n := p.byKey[d.name.Key()]
		if n == nil {
			changes := []PlannedChange{{ActionCreate, KindRole, string(d.name), createdRole(d)}}
			p.add(createRole(p.owner, d), append(changes, assignments(ActionAssign, d.name, d.permissions)...)...)
			continue
		}
		var details []string
		if n.Owner == "" {
			details = append(details, takesOwnership)
		}
		details = differs(details, "name", string(n.Name), string(d.name), n.Name == d.name)
		details = differs(details, "description", quoted(n.Description), quoted(d.description), sameText(n.Description, d.description))
		above := users.RoleName("")
		if parent, exists := p.graph.Role(n.ParentID); exists {
			above = parent.Name
		}
		details = differs(details, "parent", string(above), string(d.parent), above.Key() == d.parent.Key())
		if len(details) > 0 {
			p.add(changeRole(p.owner, n.ID, d), PlannedChange{ActionChange, KindRole, string(d.name), strings.Join(details, "; ")})
		}
		held := map[users.PermissionName]bool{}
		for _, assigned := range p.graph.Assigned(n.ID) {
			held[assigned.Name] = true
		}
		missing := slices.DeleteFunc(slices.Clone(d.permissions), func(name users.PermissionName) bool { return held[name] })
		if len(missing) > 0 {
			p.add(assign(n.ID, missing), assignments(ActionAssign, d.name, missing)...)
		}
	}
}

// planOrphans takes away what is owned and not declared, or only names it: first what roles hold beyond what is
// declared, then roles, heirs before their parents, then permissions and audiences.
func (p *planner) planOrphans() {
	for _, d := range p.roles {
		n := p.byKey[d.name.Key()]
		if n == nil {
			continue
		}
		declared := map[users.PermissionName]bool{}
		for _, name := range d.permissions {
			declared[name] = true
		}
		for _, held := range p.graph.Assigned(n.ID) {
			if !declared[held.Name] {
				p.orphan(unassign(n.ID, held.ID), assignments(ActionUnassign, d.name, []users.PermissionName{held.Name})[0])
			}
		}
	}
	var roles []users.Role
	for r := range p.graph.Roles() {
		if p.orphaned(r) {
			roles = append(roles, r)
		}
	}
	slices.SortStableFunc(roles, func(a, b users.Role) int { return len(p.graph.Chain(b.ID)) - len(p.graph.Chain(a.ID)) })
	heirs := p.heirsLeft()
	for _, r := range roles {
		p.orphan(deleteRole(r.ID), PlannedChange{ActionDelete, KindRole, string(r.Name), ""})
		if p.prune {
			p.plan.deletions = append(p.plan.deletions, roleDeletion{r.ID, r.Name, heirs[r.ID], p.leaves[r.ID]})
		}
	}
	for held := range p.graph.Permissions() {
		if held.Owner == p.owner && !held.Name.System() && !p.declares.permission[held.Name] {
			p.orphan(deletePermission(held.ID), PlannedChange{ActionDelete, KindPermission, string(held.Name), ""})
		}
	}
	p.planOrphanedAudiences()
}

func (p *planner) orphan(do stepFunc, change PlannedChange) {
	if p.prune {
		p.add(do, change)
		return
	}
	p.plan.Orphaned = append(p.plan.Orphaned, Orphan{change.Kind, change.Name, change.Details})
}

// add adds a step, and the changes it makes.
func (p *planner) add(do stepFunc, changes ...PlannedChange) {
	p.plan.steps = append(p.plan.steps, step{do, changes[0], makes(changes)})
	p.plan.Changes = append(p.plan.Changes, changes...)
}

func assignments(action Action, role users.RoleName, permissions []users.PermissionName) []PlannedChange {
	list := make([]PlannedChange, len(permissions))
	for i, name := range permissions {
		list[i] = PlannedChange{action, KindAssignment, string(role), string(name)}
	}
	return list
}

func createdRole(d declaredRole) string {
	var details []string
	if d.parent != "" {
		details = append(details, "parent "+string(d.parent))
	}
	if d.description != nil {
		details = append(details, quoted(d.description))
	}
	return strings.Join(details, "; ")
}

// differs adds what a field is and will be, unless that is the same.
func differs(details []string, field, before, after string, same bool) []string {
	if same {
		return details
	}
	return append(details, field+" "+cmp.Or(before, "none")+" → "+cmp.Or(after, "none"))
}

// quoted is a description in quotes, which shows one that is empty, and keeps one of several lines in one.
func quoted(s *string) string {
	if s == nil {
		return ""
	}
	return strconv.Quote(*s)
}

func sameText(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}
