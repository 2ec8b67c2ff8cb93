package manifest

import (
	"context"

	users "github.com/svc-users/svc-users"
)

// roleDeletion is a role that prune deletes, how many roles inherit from it by then, and how many service accounts have lost
// it.
type roleDeletion struct {
	id    users.ID
	name  users.RoleName
	heirs int
	left  int
}

// heirsLeft counts, by parent, the roles that inherit from one, once the service's own that are not declared are gone.
// Those that are declared are moved away before: a declared role can't have a parent that prune deletes.
func (p *planner) heirsLeft() map[users.ID]int {
	left := map[users.ID]int{}
	for heir := range p.graph.Roles() {
		if !p.orphaned(heir) && !p.declares.role[heir.Name.Key()] {
			left[heir.ParentID]++
		}
	}
	return left
}

// predictRefusal returns what Apply would refuse for reasons that are in neither the declaration nor the rights of
// the caller: users.ErrConflict for a role that is in use, and for what would be more than users.Limits allow.
func (m *Manifest) predictRefusal(ctx context.Context, g *users.Graph, plan Plan) error {
	made := g.Made()
	for _, step := range plan.steps {
		if err := m.service.Limits.MayMake(made, step.makes); err != nil {
			return named(err, step.about.Kind, step.about.Name)
		}
		made.Roles += step.makes.Roles
		made.Permissions += step.makes.Permissions
		made.Assignments += step.makes.Assignments
	}
	for _, role := range plan.deletions {
		holders, err := m.service.Store.CountRoleHolders(ctx, role.id, false)
		if err != nil {
			return err
		}
		if err := users.CheckRoleUnused(holders-role.left, role.heirs); err != nil {
			return named(err, KindRole, string(role.name))
		}
	}
	return nil
}

// makes counts what changes make anew.
func makes(changes []PlannedChange) (made users.Limits) {
	for _, c := range changes {
		switch {
		case c.Kind == KindAssignment && c.Action == ActionAssign:
			made.Assignments++
		case c.Kind == KindRole && c.Action == ActionCreate:
			made.Roles++
		case c.Kind == KindPermission && c.Action == ActionCreate:
			made.Permissions++
		}
	}
	return made
}
