package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errForeignLock tells the operator to drop a table that is not the service's.
var errForeignLock = errors.New("the table svc_users_migration_lock belongs to another user of the database; drop it, and keep other users from making tables in the schema (REVOKE CREATE ON SCHEMA … FROM PUBLIC)")

// lockMigrations holds the lock of a table in a transaction of a connection of its own. The server ends it with
// the connection, so a process that was killed keeps no other waiting, and a PgBouncer in transaction mode,
// which takes sessions apart, keeps a transaction together. A process that does not get it asks again rather
// than waits in its transaction: behind a PgBouncer with few connections those that wait could take the very
// one that the migrations of the other need.
func (p *postgres) lockMigrations(ctx context.Context) (func(), error) {
	connection, err := pgx.ConnectConfig(ctx, p.config.ConnConfig.Copy())
	if err != nil {
		return nil, err
	}
	release := func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeLimit)
		defer cancel()
		_ = connection.Close(limited) // the lock ends either way
	}
	if err = makeLock(ctx, connection); err != nil {
		release()
		return nil, err
	}
	for {
		locked, err := tryLock(ctx, connection)
		if locked {
			return release, nil
		}
		select {
		case <-ctx.Done():
			err = errors.Join(err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
		if err != nil {
			release()
			return nil, err
		}
	}
}

// makeLock makes the table that is locked, unless there is one.
func makeLock(ctx context.Context, connection *pgx.Conn) error {
	_, err := connection.Exec(ctx, makeMigrationLock)
	var server *pgconn.PgError
	if errors.As(err, &server) && (server.Code == uniqueViolation || server.Code == duplicateTable || server.Code == duplicateObject) {
		err = nil // of several processes that make it at the same time, all but one fail
	}
	if err != nil {
		return err
	}
	var owned bool
	if err := connection.QueryRow(ctx, ownsMigrationLock, pgx.QueryExecModeExec).Scan(&owned); err != nil {
		return err
	}
	if !owned {
		return errForeignLock
	}
	return nil
}

// tryLock leaves a transaction open that holds the lock of the migrations, or none.
func tryLock(ctx context.Context, connection *pgx.Conn) (locked bool, err error) {
	if _, err := connection.Exec(ctx, `BEGIN`); err != nil {
		return false, err
	}
	// It sits idle while the migrations run.
	if _, err := connection.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return false, err
	}
	_, err = connection.Exec(ctx, migrationLock)
	var server *pgconn.PgError
	if err == nil || !errors.As(err, &server) || server.Code != lockNotAvailable {
		return err == nil, err
	}
	_, err = connection.Exec(ctx, `ROLLBACK`)
	return false, err
}

// findCreators leaves out the owners of the schemas, who could do as they like anyway.
const findCreators = `SELECT DISTINCT coalesce(CAST(r.rolname AS text), CAST('PUBLIC' AS text))
		FROM pg_catalog.pg_namespace n
		CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault(CAST('n' AS "char"), n.nspowner))) a
		LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
		WHERE n.nspname = ANY (pg_catalog.current_schemas(false)) AND a.privilege_type = CAST('CREATE' AS text)
		AND a.grantee <> n.nspowner AND r.rolsuper IS NOT TRUE AND r.rolname IS DISTINCT FROM current_user ORDER BY 1`
