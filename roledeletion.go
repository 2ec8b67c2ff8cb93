package users

import (
	"context"
	"fmt"
	"strings"
)

// DeleteRole needs roles:delete. ErrNotFound, ErrForbidden, ErrConflict for Admin and for a role that accounts
// hold or that roles inherit from.
func (s *Service) DeleteRole(ctx context.Context, c Caller, id string) error {
	return s.Change(ctx, c, RolesDelete, func(tx *Change) error {
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
		holders, err := tx.CountAccounts(ctx, AccountFilter{RoleID: role.ID}, 0)
		if err != nil {
			return err
		}
		if heirs := len(c.graph.children(c.graph.node(role.ID))); holders > 0 || heirs > 0 {
			return conflict(inUse(holders, heirs))
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

func inUse(accounts, roles int) string {
	var parts []string
	if accounts > 0 {
		parts = append(parts, count(accounts, "account holds it", "accounts hold it"))
	}
	if roles > 0 {
		parts = append(parts, count(roles, "role inherits from it", "roles inherit from it"))
	}
	return "The role can't be deleted: " + strings.Join(parts, " and ") + "."
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
