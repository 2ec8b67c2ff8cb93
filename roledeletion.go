package users

import (
	"context"
	"fmt"
	"strings"
)

// DeleteRole needs roles:delete. ErrNotFound, ErrForbidden, ErrConflict for Admin and for a role that accounts
// hold or that roles inherit from.
func (s *Service) DeleteRole(ctx context.Context, c Caller, id string) error {
	return s.reduce(ctx, c, RolesDelete, func(tx *Change) error {
		c := tx.Caller
		role, err := c.graph.find(id)
		if err != nil {
			return err
		}
		if err := c.mayChangeRole(role.ID); err != nil {
			return err
		}
		if role.System {
			return conflict("The role Admin can't be deleted.")
		}
		holders, err := tx.CountRoleHolders(ctx, role.ID, false)
		if err != nil {
			return err
		}
		if err := CheckRoleUnused(holders, len(c.graph.children(c.graph.node(role.ID)))); err != nil {
			return err
		}
		if err := tx.DeleteRole(ctx, role.ID); err != nil {
			return err
		}
		if tx.Recording() {
			tx.Record(roleDeleted(c.graph, role))
		}
		return nil
	})
}

// CheckRoleUnused is ErrConflict for the deletion of a role that so many accounts hold, or from which so many roles inherit
// directly.
func CheckRoleUnused(accounts, heirs int) error {
	if accounts == 0 && heirs == 0 {
		return nil
	}
	var parts []string
	if accounts > 0 {
		parts = append(parts, count(accounts, "account holds it", "accounts hold it"))
	}
	if heirs > 0 {
		parts = append(parts, count(heirs, "role inherits from it", "roles inherit from it"))
	}
	return conflict("The role can't be deleted: " + strings.Join(parts, " and ") + ".")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
