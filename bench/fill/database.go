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
	// APIKeys makes as many API keys, of a customer that Accounts has inserted, whose texts are known to no client.
	APIKeys(ctx context.Context, count int) error
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

// insertAPIKeys is the same but for how ids and digests are drawn at random.
const insertAPIKeys = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)
	INSERT INTO api_keys (id, account_id, digest, name, last_four, scope, created_at)
	SELECT %s, (SELECT id FROM accounts WHERE role_id = $2 ORDER BY id LIMIT 1), %s, 'Key', 'last', 'accounts:read', $1 FROM numbers`

var columns = []string{"id", "email", "email_key", "password_hash", "role_id", "is_active", "token_version", "created_at", "updated_at"}
