package store

import (
	"context"
	"database/sql"

	"github.com/svc-users/svc-users"
)

const permissionColumns = `id, name, description, is_system, owner, created_at, updated_at`

func scanPermission(rows *sql.Rows) (p users.Permission, err error) {
	return p, rows.Scan((*idColumn)(&p.ID), (*string)(&p.Name), &p.Description, &p.System, (*ownerColumn)(&p.Owner),
		(*timeColumn)(&p.CreatedAt), (*timeColumn)(&p.UpdatedAt))
}

// InsertPermission implements users.PermissionWriter.
func (q queries) InsertPermission(ctx context.Context, p users.Permission) error {
	return q.change(ctx, "insert a permission", users.ErrBadReference,
		`INSERT INTO permissions (id, name, description, is_system, owner, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		p.ID.String(), string(p.Name), p.Description, p.System, owned(p.Owner), instant(p.CreatedAt), instant(p.UpdatedAt))
}

// UpdatePermission implements users.PermissionWriter.
func (q queries) UpdatePermission(ctx context.Context, p users.Permission) error {
	return q.change(ctx, "update a permission", users.ErrBadReference,
		`UPDATE permissions SET name = $2, description = $3, owner = $4, updated_at = $5 WHERE id = $1`,
		p.ID.String(), string(p.Name), p.Description, owned(p.Owner), instant(p.UpdatedAt))
}

// DeletePermission implements users.PermissionWriter.
func (q queries) DeletePermission(ctx context.Context, id users.ID) error {
	return q.change(ctx, "delete a permission", users.ErrInUse, `DELETE FROM permissions WHERE id = $1`, id.String())
}
