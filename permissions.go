package users

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

const permissionTaken = "A permission with this name already exists."

// Permission needs permissions:read. ErrNotFound for an id that is unknown or none.
func (s *Service) Permission(ctx context.Context, c Caller, id string) (Permission, error) {
	c, err := s.AuthorizeRead(ctx, c, PermissionsRead)
	if err != nil {
		return Permission{}, err
	}
	return c.graph.findPermission(id)
}

func (g *Graph) findPermission(text string) (Permission, error) {
	id, _ := ParseID(text)
	p, ok := g.Permission(id)
	if !ok {
		return Permission{}, notFound("Permission")
	}
	return p, nil
}

// Permissions needs permissions:read. The query finds parts of names without regard to case.
func (s *Service) Permissions(ctx context.Context, c Caller, query string, p Paging) (Page[Permission], error) {
	c, err := s.AuthorizeRead(ctx, c, PermissionsRead)
	if err != nil {
		return Page[Permission]{}, err
	}
	query = PermissionQuery(query)
	var found []Permission
	for _, permission := range c.graph.permissions {
		if matches(strings.ToLower(string(permission.Name)), query) {
			found = append(found, permission.Permission)
		}
	}
	return paginate(p, found, query != "", func(p Permission) Position {
		return Position{Time: p.CreatedAt, Text: string(p.Name), ID: p.ID}
	}), nil
}

// CreatePermission needs permissions:create. ErrInvalid, ErrConflict for a name that is taken or reserved and for too
// many.
func (s *Service) CreatePermission(ctx context.Context, c Caller, in NewPermission) (Permission, error) {
	var permission Permission
	err := s.Change(ctx, c, PermissionsCreate, func(tx *Change) error {
		c, now := tx.Caller, tx.Now
		faults, kept := slices.Clone(in.Found), in.Kept.orNew(s, now)
		permission = Permission{
			ID: kept.ID, Name: faults.PermissionName("name", in.Name),
			Description: faults.Description("description", in.Description), Owner: in.Owner,
			CreatedAt: kept.CreatedAt, UpdatedAt: kept.UpdatedAt,
		}
		if err := faults.Err(); err != nil {
			return err
		}
		if err := s.Skeleton.CheckPermissionName(c.graph, permission.Name); err != nil {
			return err
		}
		if err := s.Limits.MayMake(c.graph.Made(), Limits{Permissions: 1}); err != nil {
			return err
		}
		if err := tx.InsertPermission(ctx, permission); err != nil {
			return taken(err, permissionTaken)
		}
		tx.Record(permissionCreated(permission))
		return nil
	})
	return permission, err
}

// UpdatePermission needs permissions:update. Renaming a permission that a role other than Admin holds is
// granting a new one, which only an account with Admin can. ErrInvalid, ErrNotFound, ErrForbidden, ErrConflict
// for a name that is taken or reserved and for a system permission's name.
func (s *Service) UpdatePermission(ctx context.Context, c Caller, id string, in PermissionPatch) (Permission, error) {
	var after Permission
	err := s.Change(ctx, c, PermissionsUpdate, func(tx *Change) error {
		c, now := tx.Caller, tx.Now
		before, missing := c.graph.findPermission(id)
		faults := slices.Clone(in.Found)
		after = before
		if in.Name != nil {
			after.Name = faults.PermissionName("name", *in.Name)
		}
		if in.Description.Set {
			after.Description = faults.Description("description", in.Description.To)
		}
		after.Owner = cmp.Or(in.Owner, before.Owner)
		if err := faults.Err(); err != nil {
			return err
		}
		if missing != nil {
			return missing
		}
		if in.Owner != "" && in.Owner != before.Owner && !c.May(before.Name) {
			return forbidden("You can't take over a permission that you do not hold: " + string(before.Name))
		}
		if after.Name != before.Name {
			if len(c.graph.holders(before.ID)) > 0 && !c.admin() {
				return forbidden("Renaming a permission that roles hold grants them another: only an account with the role Admin can.")
			}
			if before.Name.System() {
				return conflict("A system permission can't be renamed.")
			}
			if err := s.Skeleton.CheckPermissionName(c.graph, after.Name); err != nil {
				return err
			}
		}
		if after.Name == before.Name && sameText(after.Description, before.Description) && after.Owner == before.Owner {
			return nil
		}
		after.UpdatedAt = now
		if err := tx.UpdatePermission(ctx, after); err != nil {
			return taken(err, permissionTaken)
		}
		tx.Record(permissionUpdated(before, after))
		return nil
	})
	return after, err
}

// DeletePermission needs permissions:delete and the permission itself. ErrNotFound; ErrForbidden also when a
// role that it is taken from holds more than the caller; ErrConflict for a system permission.
func (s *Service) DeletePermission(ctx context.Context, c Caller, id string) error {
	return s.reduce(ctx, c, PermissionsDelete, func(tx *Change) error {
		c := tx.Caller
		p, err := c.graph.findPermission(id)
		if err != nil {
			return err
		}
		if !c.May(p.Name) {
			return forbidden("You can't delete a permission that you do not hold.")
		}
		holders := c.graph.holders(p.ID)
		for _, role := range holders {
			if err := c.mayChangeRole(role); err != nil {
				return err
			}
		}
		if p.Name.System() {
			return conflict("A system permission can't be deleted.")
		}
		if err := tx.DeletePermission(ctx, p.ID); err != nil {
			return err
		}
		if tx.Recording() {
			tx.Record(permissionDeleted(c.graph, p, holders))
		}
		return nil
	})
}

// holders lists the roles that a permission is assigned to, Admin apart.
func (g *Graph) holders(permission ID) []ID {
	slot, exists := g.slot(permission)
	var roles []ID
	for _, n := range g.roles {
		if exists && n != g.admin && n.own.has(slot) {
			roles = append(roles, n.ID)
		}
	}
	return roles
}
