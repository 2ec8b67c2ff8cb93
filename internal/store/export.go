package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/transfer"
)

var _ transfer.ExportSource = (*Store)(nil)

// ReadExport implements transfer.ExportSource.
func (s *Store) ReadExport(ctx context.Context, fn func(transfer.Exported) error) error {
	return s.readSnapshot(ctx, func(q queries) error { return fn(exported{q}) })
}

// readSnapshot calls fn with a transaction that reads everything as it is at one moment. There is no limit to how long that
// may take: a million accounts take minutes.
func (s *Store) readSnapshot(ctx context.Context, fn func(queries) error) error {
	began, err := s.db.begin(ctx, snapshot)
	if err != nil {
		return translate(ctx, newFailure(ctx, s.classifier, "begin a transaction", err))
	}
	defer func() { _ = began.Rollback() }() // nothing is written in it
	return translate(ctx, fn(s.on(began)))
}

// stream returns what a query finds, a row at a time.
func stream[T any](ctx context.Context, q queries, doing string, scan scanFunc[T], query string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stopped := errors.New("the loop has ended")
		err := each(ctx, q, query, nil, func(r *sql.Rows) error {
			item, err := scan(r)
			if err == nil && !yield(item, nil) {
				return stopped
			}
			return err
		})
		if err != nil && !errors.Is(err, stopped) {
			var none T
			yield(none, q.failure(ctx, doing, err))
		}
	}
}

// exported is a transfer.Exported.
type exported struct{ q queries }

func (e exported) Accounts(ctx context.Context, hashes bool) iter.Seq2[transfer.ExportedAccount, error] {
	hash := `''`
	if hashes {
		hash = `CASE a.password_hash WHEN '` + string(users.NoPassword) + `' THEN '' ELSE a.password_hash END`
	}
	return stream(ctx, e.q, "read the accounts", func(r *sql.Rows) (a transfer.ExportedAccount, err error) {
		return a, r.Scan(&a.ID, &a.Email, &a.Role, &a.IsActive, &a.PasswordHash, (*timeColumn)(&a.CreatedAt), (*timeColumn)(&a.UpdatedAt))
	}, `SELECT a.id, a.email, r.name, a.is_active, `+hash+`, a.created_at, a.updated_at
		FROM accounts a JOIN roles r ON r.id = a.role_id WHERE `+people+` ORDER BY a.created_at, a.id`)
}

func (e exported) ServiceAccounts(ctx context.Context) iter.Seq2[transfer.ExportedServiceAccount, error] {
	return stream(ctx, e.q, "read the service accounts", func(r *sql.Rows) (transfer.ExportedServiceAccount, error) {
		s := transfer.ExportedServiceAccount{Type: "service_account"}
		return s, r.Scan(&s.ID, &s.Name, &s.Description, &s.Role, &s.IsActive, &s.OwnerID, &s.DeclaredBy,
			(*timeColumn)(&s.CreatedAt), (*timeColumn)(&s.UpdatedAt))
	}, `SELECT a.id, a.email, s.description, r.name, a.is_active, s.owner_id, s.owner, a.created_at, a.updated_at`+
		fromServices(`accounts a`)+` WHERE `+services+` ORDER BY a.email_key`)
}

// Roles are read a row for each permission, so that no more than a role is in memory.
func (e exported) Roles(ctx context.Context) iter.Seq2[transfer.ExportedRole, error] {
	type roleRow struct {
		transfer.ExportedRole
		permission *string
	}
	list := stream(ctx, e.q, "read the roles", func(r *sql.Rows) (role roleRow, err error) {
		role.Type, role.Permissions = "role", []string{}
		return role, r.Scan(&role.ID, &role.Name, &role.Description, &role.Parent, &role.IsSystem, &role.DeclaredBy,
			(*timeColumn)(&role.CreatedAt), (*timeColumn)(&role.UpdatedAt), &role.permission)
	}, `WITH RECURSIVE tree (id, depth) AS (
			SELECT id, 0 FROM roles WHERE parent_id IS NULL
			UNION ALL SELECT r.id, t.depth + 1 FROM roles r JOIN tree t ON r.parent_id = t.id)
		SELECT r.id, r.name, r.description, parent.name, r.is_system, r.owner, r.created_at, r.updated_at, p.name
		FROM tree t JOIN roles r ON r.id = t.id LEFT JOIN roles parent ON parent.id = r.parent_id
		LEFT JOIN role_permissions a ON a.role_id = r.id LEFT JOIN permissions p ON p.id = a.permission_id
		ORDER BY t.depth, r.name_key, r.id, p.name`)
	return func(yield func(transfer.ExportedRole, error) bool) {
		var role transfer.ExportedRole
		for row, err := range list {
			if err != nil {
				yield(role, err)
				return
			}
			if row.ID != role.ID {
				if role.ID != "" && !yield(role, nil) {
					return
				}
				role = row.ExportedRole
			}
			if row.permission != nil {
				role.Permissions = append(role.Permissions, *row.permission)
			}
		}
		if role.ID != "" {
			yield(role, nil)
		}
	}
}

func (e exported) Permissions(ctx context.Context) iter.Seq2[transfer.ExportedPermission, error] {
	return stream(ctx, e.q, "read the permissions", func(r *sql.Rows) (transfer.ExportedPermission, error) {
		p := transfer.ExportedPermission{Type: "permission"}
		return p, r.Scan(&p.ID, &p.Name, &p.Description, &p.IsSystem, &p.DeclaredBy, (*timeColumn)(&p.CreatedAt), (*timeColumn)(&p.UpdatedAt))
	}, `SELECT id, name, description, is_system, owner, created_at, updated_at FROM permissions ORDER BY name`)
}
