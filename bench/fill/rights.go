package fill

import (
	"context"
	"fmt"
)

// assignedToEach is how many permissions each filled role holds by itself.
const assignedToEach = 5

// rights returns the statements that make permissions, make roles in chains of ten, and assign permissions to each role.
// Its arguments are SQL: a query for the numbers i from 0 to below a count, an id made of a prefix and i, and the time
// of the rows.
func rights(roles, permissions int, numbers func(count int) string, id func(prefix, i string) string, now string) []string {
	const permission, role = "01941f29-7c00-7000-8001-", "01941f29-7c00-7000-8002-"
	return []string{
		fmt.Sprintf(`INSERT INTO permissions (id, name, created_at, updated_at) SELECT %s, 'filled:' || i, %s, %[2]s FROM %[3]s`,
			id(permission, "i"), now, numbers(permissions)),
		fmt.Sprintf(`INSERT INTO roles (id, name, name_key, parent_id, is_system, created_at, updated_at)
			SELECT %s, 'Filled ' || i, 'filled ' || i, CASE WHEN i %% 10 > 0 THEN %s END, '0', %s, %[3]s FROM %[4]s`,
			id(role, "i"), id(role, "i - 1"), now, numbers(roles)),
		fmt.Sprintf(`INSERT INTO role_permissions (role_id, permission_id) SELECT %s, %s FROM %s`,
			id(role, fmt.Sprint("i / ", assignedToEach)), id(permission, fmt.Sprint("i % ", permissions)), numbers(roles*assignedToEach)),
	}
}

func (s sqlite) Rights(ctx context.Context, roles, permissions int) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, statement := range rights(roles, permissions, func(count int) string {
		return fmt.Sprintf(`(WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d) SELECT i FROM n)`, count)
	}, func(prefix, i string) string { return fmt.Sprintf(`printf('%s%%012x', %s)`, prefix, i) }, fmt.Sprint(epoch.UnixMicro())) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			_ = tx.Rollback() // the statement has failed already
			return err
		}
	}
	return tx.Commit()
}

func (p postgres) Rights(ctx context.Context, roles, permissions int) error {
	for _, statement := range rights(roles, permissions, func(count int) string {
		return fmt.Sprintf(`generate_series(0, %d) AS n (i)`, count-1)
	}, func(prefix, i string) string {
		return fmt.Sprintf(`CAST('%s' || lpad(to_hex(%s), 12, '0') AS uuid)`, prefix, i)
	}, "now()") {
		if _, err := p.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
