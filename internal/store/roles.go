package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/svc-users/svc-users"
)

const roleColumns = `id, name, description, parent_id, is_system, owner, created_at, updated_at`

// roleFields is where the columns of a role go.
func roleFields(r *users.Role) []any {
	return []any{
		(*idColumn)(&r.ID), (*string)(&r.Name), &r.Description, (*idColumn)(&r.ParentID), &r.System, (*ownerColumn)(&r.Owner),
		(*timeColumn)(&r.CreatedAt), (*timeColumn)(&r.UpdatedAt),
	}
}

func scanRole(rows *sql.Rows) (r users.Role, err error) {
	return r, rows.Scan(roleFields(&r)...)
}

func scanAssignment(rows *sql.Rows) (a users.Assignment, err error) {
	return a, rows.Scan((*idColumn)(&a.RoleID), (*idColumn)(&a.PermissionID))
}

// InsertRole implements users.RoleWriter.
func (q queries) InsertRole(ctx context.Context, r users.Role) error {
	return q.change(ctx, "insert a role", users.ErrBadReference,
		`INSERT INTO roles (id, name, name_key, description, parent_id, is_system, owner, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID.String(), string(r.Name), r.Name.Key(), r.Description, optional(r.ParentID), r.System, owned(r.Owner),
		instant(r.CreatedAt), instant(r.UpdatedAt))
}

// UpdateRole implements users.RoleWriter.
func (q queries) UpdateRole(ctx context.Context, r users.Role) error {
	return q.change(ctx, "update a role", users.ErrBadReference,
		`UPDATE roles SET name = $2, name_key = $3, description = $4, parent_id = $5, owner = $6, updated_at = $7 WHERE id = $1`,
		r.ID.String(), string(r.Name), r.Name.Key(), r.Description, optional(r.ParentID), owned(r.Owner), instant(r.UpdatedAt))
}

// DeleteRole implements users.RoleWriter.
func (q queries) DeleteRole(ctx context.Context, id users.ID) error {
	return q.change(ctx, "delete a role", users.ErrInUse, `DELETE FROM roles WHERE id = $1`, id.String())
}

// assignedAtOnce bounds the rows of one statement: far below the placeholders that either engine takes, and
// enough that a thousand permissions are a few statements.
const assignedAtOnce = 200

// Assign implements users.RoleWriter.
func (q queries) Assign(ctx context.Context, role users.ID, permissions []users.ID) error {
	for some := range slices.Chunk(permissions, assignedAtOnce) {
		args := []any{role.String()}
		values := make([]string, len(some))
		for i, p := range some {
			args = append(args, p.String())
			values[i] = `($1, $` + strconv.Itoa(len(args)) + `)`
		}
		err := q.change(ctx, "assign permissions to a role", users.ErrBadReference,
			`INSERT INTO role_permissions (role_id, permission_id) VALUES `+strings.Join(values, `, `)+` ON CONFLICT DO NOTHING`, args...)
		// That no row was touched means here that the role has them all.
		if err != nil && !errors.Is(err, users.ErrNotFound) {
			return err
		}
	}
	return nil
}

// Unassign implements users.RoleWriter.
func (q queries) Unassign(ctx context.Context, role, permission users.ID) error {
	return q.change(ctx, "take a permission from a role", users.ErrInUse,
		`DELETE FROM role_permissions WHERE role_id = $1 AND permission_id = $2`, role.String(), permission.String())
}
