package users

import "context"

// roleDeletion is a role that prune deletes, and how many roles inherit from it by then.
type roleDeletion struct {
	id    ID
	name  RoleName
	heirs int
}

// heirsLeft counts the roles that inherit from one, once the service's own that are not declared are gone. Those that
// are declared are moved away before: a declared role can't have a parent that prune deletes.
func (p *planner) heirsLeft(n *node) (left int) {
	for _, heir := range p.graph.children(n) {
		if !p.orphaned(heir) && !p.declares.role[heir.Name.Key()] {
			left++
		}
	}
	return left
}

// foretell returns what ApplyDeclaration would refuse for reasons that are in neither the declaration nor the rights of
// the caller: ErrConflict for a role that is in use, and for what would be more than Limits allow.
func (s *Service) foretell(ctx context.Context, g *Graph, plan Plan) error {
	made := g.made()
	for _, step := range plan.steps {
		if err := s.Limits.mayMake(made, step.makes); err != nil {
			return named(err, step.about.Kind, step.about.Name)
		}
		made.Roles += step.makes.Roles
		made.Permissions += step.makes.Permissions
		made.Assignments += step.makes.Assignments
	}
	for _, role := range plan.deletions {
		holders, err := s.Store.CountAccounts(ctx, AccountFilter{RoleID: role.id}, 0)
		if err != nil {
			return err
		}
		if holders > 0 || role.heirs > 0 {
			return named(conflict(inUse(holders, role.heirs)), KindRole, string(role.name))
		}
	}
	return nil
}

// makes counts what changes make anew.
func makes(changes []PlannedChange) (made Limits) {
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
