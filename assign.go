package users

import (
	"cmp"
	"context"
	"slices"
)

// AssignPermissions needs roles:update and all permissions that it adds. Those the role has are skipped.
// ErrInvalid for an unknown id, which refuses the whole; ErrNotFound, ErrForbidden, ErrConflict for too many.
func (s *Service) AssignPermissions(ctx context.Context, c Caller, id string, in PermissionAssignment) (RoleDetail, error) {
	var detail RoleDetail
	err := s.Change(ctx, c, RolesUpdate, func(tx *Change) error {
		c, now := tx.Caller, tx.Now
		faults := slices.Clone(in.Found)
		permissions := faults.permissions(c.graph, "permission_ids", in.PermissionIDs)
		if len(in.PermissionIDs) == 0 {
			faults.Add("permission_ids", "must name at least one permission")
		}
		role, missing := c.graph.find(id)
		if err := cmp.Or(faults.Err(), missing); err != nil {
			return err
		}
		if _, err := c.placeRole(role, permissions, nil); err != nil {
			return err
		}
		node := c.graph.node(role.ID)
		added := slices.DeleteFunc(permissions, func(p ID) bool { slot, _ := c.graph.slot(p); return node.own.has(slot) })
		if len(added) > 0 {
			if err := s.Limits.MayMake(c.graph.Made(), Limits{Assignments: distinct(added)}); err != nil {
				return err
			}
			if err := tx.Assign(ctx, role.ID, added); err != nil {
				return err
			}
			role.UpdatedAt = now
			if err := tx.UpdateRole(ctx, role); err != nil {
				return err
			}
			if tx.Recording() {
				tx.Record(permissionsAssigned(c.graph, role, added))
			}
		}
		var err error
		detail, err = s.detailAfter(ctx, tx, role.ID)
		return err
	})
	return detail, err
}

// RemovePermission needs roles:update. ErrNotFound also where the permission is not assigned to this very
// role; ErrForbidden; ErrConflict for Admin.
func (s *Service) RemovePermission(ctx context.Context, c Caller, id, permission string) (RoleDetail, error) {
	var detail RoleDetail
	err := s.reduce(ctx, c, RolesUpdate, func(tx *Change) error {
		c, now := tx.Caller, tx.Now
		role, err := c.graph.find(id)
		if err != nil {
			return err
		}
		pid, _ := ParseID(permission)
		slot, known := c.graph.slot(pid)
		if !known || !c.graph.node(role.ID).own.has(slot) {
			return notFound("Permission")
		}
		if err := c.mayChangeRole(role.ID); err != nil {
			return err
		}
		if role.System {
			return conflict("The role Admin holds every permission; none can be taken from it.")
		}
		if err := tx.Unassign(ctx, role.ID, pid); err != nil {
			return err
		}
		role.UpdatedAt = now
		if err := tx.UpdateRole(ctx, role); err != nil {
			return err
		}
		tx.Record(permissionRemoved(c.graph, role, pid))
		detail, err = s.detailAfter(ctx, tx, role.ID)
		return err
	})
	return detail, err
}
