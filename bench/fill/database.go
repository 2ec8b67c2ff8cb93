package fill

import (
	"context"
	"fmt"
	"strings"
)

// Database inserts rows over its own connection, while no service runs on the database.
type Database interface {
	// Roles makes the roles, and lets Readers read accounts.
	Roles(ctx context.Context) error
	// Accounts inserts those accounts of a plan that chosen says true to, in one transaction.
	Accounts(ctx context.Context, p Plan, chosen func(i int) bool) error
	// Rights makes the given numbers of roles, in chains of ten, and of permissions. Each role holds assignedToEach.
	Rights(ctx context.Context, roles, permissions int) error
	// Settle does what the database's background work would have done a minute later, such as autovacuum.
	Settle(ctx context.Context) error
	Close() error
}

// Open opens the database of a DATABASE_URL whose schema the service has made.
func Open(ctx context.Context, url string) (Database, error) {
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		return openSQLite(ctx, path)
	}
	if strings.HasPrefix(url, "postgres") {
		return openPostgres(ctx, url)
	}
	return nil, fmt.Errorf("%q is of no known database", url)
}

// The same text on both databases.
const (
	insertRole  = "INSERT INTO roles (id, name, name_key, description, parent_id, is_system, created_at, updated_at) VALUES ($1, $2, $3, NULL, $4, $5, $6, $7)"
	allowReader = "INSERT INTO role_permissions (role_id, permission_id) SELECT $1, id FROM permissions WHERE name = 'accounts:read'"
)

var columns = []string{"id", "email", "email_key", "password_hash", "role_id", "is_active", "token_version", "created_at", "updated_at"}
