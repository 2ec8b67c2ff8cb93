package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

const (
	// connectTimeout is how long connecting may take without connect_timeout in the URL: as long as a read.
	connectTimeout = 5 * time.Second
	// maxConns bounds the pool without pool_max_conns in the URL. More than a few statements at once gain
	// nothing on one server, and eight replicas of ten stay below the 100 connections it takes by default.
	maxConns = 10
)

// The locks of this service are those of empty tables, which exist to be locked: an advisory lock can be taken by every
// user of the database, the lock of a table only by a user who may write to it. The mode keeps out only itself and
// changes of rows, so that it and a backup or an analysis, which read all tables, do not wait for one another.
const (
	txLock        = `LOCK TABLE transaction_lock IN EXCLUSIVE MODE`
	migrationLock = `LOCK TABLE svc_users_migration_lock IN EXCLUSIVE MODE NOWAIT`
	// It is there before the first migration.
	makeMigrationLock = `CREATE TABLE IF NOT EXISTS svc_users_migration_lock ()`
	// ownsMigrationLock: where others may make tables, one of them may have been first.
	ownsMigrationLock = `SELECT pg_catalog.pg_has_role(relowner, CAST('USAGE' AS text)) FROM pg_catalog.pg_class
		WHERE oid = CAST(CAST('svc_users_migration_lock' AS regclass) AS oid)`
	canLock = `SELECT 1 WHERE pg_catalog.has_table_privilege(CAST(CAST('transaction_lock' AS regclass) AS oid), CAST('UPDATE, DELETE, TRUNCATE' AS text))`
)

type postgres struct {
	config   *pgxpool.Config
	pool     *pgxpool.Pool
	db       *sql.DB
	listener *listener // nil without listen
}

// openPostgres prepares a pool. Nothing is connected yet.
func openPostgres(ctx context.Context, url string) (engine, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	var pool *pgxpool.Pool
	leaveStandbys(config, func() { pool.Reset() })
	// The pool outlives the context of the call that opens it.
	pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, errors.New("the database URL is malformed: its pool settings contradict one another")
	}
	return &postgres{config: config, pool: pool, db: stdlib.OpenDBFromPool(pool)}, nil
}

func (p *postgres) reads() conn                 { return p.db }
func (p *postgres) tallies() conn               { return p.db }
func (p *postgres) migrationDB() *sql.DB        { return p.db }
func (p *postgres) gooseDialect() goose.Dialect { return goose.DialectPostgres }
func (p *postgres) resetPool()                  { p.pool.Reset() }
func (p *postgres) hex(c string) string         { return "pg_catalog.encode(" + c + ", CAST('hex' AS text))" }

// cachedRevision is none: a lease is for a revision that may be up to a second old.
func (p *postgres) cachedRevision() (users.Revision, bool) { return users.Revision{}, false }

func (p *postgres) currentRevision(ask func() (users.Revision, error)) (users.Revision, error) {
	return ask()
}

func (p *postgres) traits() *traits {
	return &traits{
		standby:      inRecovery,
		clock:        "pg_catalog.clock_timestamp()",
		preciseClock: "pg_catalog.clock_timestamp()",
		joinSessions: "pg_catalog.string_agg(CAST(session_id AS text), CAST(',' AS text))",
		position:     "pg_catalog.strpos",
		tables: `(SELECT CAST(relname AS text) AS name FROM pg_catalog.pg_class
			WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())) AS tables`,
		canWrite:   canLock,
		skipLocked: " FOR UPDATE SKIP LOCKED",
		creators:   findCreators,
		columns: `SELECT CAST(attname AS text), pg_catalog.format_type(atttypid, CAST(NULL AS integer)) FROM pg_catalog.pg_attribute
			WHERE attrelid = (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
				WHERE n.nspname = current_schema() AND c.relname = CAST('%s' AS text)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
		diagnosis: `SELECT pg_catalog.current_setting(CAST('server_version' AS text)), pg_catalog.current_setting(CAST('server_encoding' AS text)),
			CAST(current_user AS text), r.rolsuper,
			coalesce((SELECT s.ssl FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_catalog.pg_backend_pid()), false),
			coalesce(pg_catalog.has_schema_privilege(CAST(pg_catalog.current_schema() AS text), CAST('CREATE' AS text)), false),
			` + inRecovery + `, pg_catalog.clock_timestamp()
			FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
		missingGrants: `SELECT p.name || CAST(' on ' AS text) || CAST(c.relname AS text) FROM pg_catalog.pg_class c
			CROSS JOIN (VALUES (CAST('SELECT' AS text)), (CAST('INSERT' AS text)), (CAST('UPDATE' AS text)), (CAST('DELETE' AS text))) AS p (name)
			WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = pg_catalog.current_schema())
			AND c.relname = ANY (CAST('{%s}' AS name[])) AND NOT pg_catalog.has_table_privilege(c.oid, p.name) ORDER BY 1`,
		pollInterval: 100 * time.Millisecond,
	}
}

// listen takes another URL than that of the pool where that one leads through a pooler.
func (p *postgres) listen(url string, to hooks) error {
	config := p.config
	if url != "" {
		var err error
		if config, err = postgresConfig(url); err != nil {
			return err
		}
	}
	p.listener = &listener{
		lease: lease.New(time.Now, to.forget), hooks: to, config: config.ConnConfig, pool: p.pool, wake: make(chan struct{}, 1),
	}
	p.listener.start()
	return nil
}

func (p *postgres) leasedRevision() (users.Revision, bool) {
	if p.listener == nil {
		return users.Revision{}, false
	}
	return p.listener.lease.Revision()
}

func (p *postgres) unchanged(id users.ID, accounts, leased string) bool {
	return p.listener.lease.Unchanged(id, accounts, leased)
}

func (p *postgres) committed() {
	if p.listener != nil {
		p.listener.committed()
	}
}

func (p *postgres) close() error {
	if p.listener != nil {
		p.listener.close()
	}
	err := p.db.Close()
	p.pool.Close()
	return err
}

func (p *postgres) begin(ctx context.Context, mode txMode) (*sql.Tx, error) {
	if mode == snapshot {
		return p.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	}
	tx, err := p.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil || mode == rowLocks {
		return tx, err
	}
	// An exclusive one takes a lock that only transactions of this service take. In READ COMMITTED each statement sees
	// what was committed before it: a snapshot of the whole transaction would be taken before the lock is had, and show
	// what was there before the transaction that held the lock last.
	if _, err := tx.ExecContext(ctx, txLock); err != nil {
		_ = tx.Rollback() // which fails if the connection is broken, and then there is nothing to roll back
		return nil, err
	}
	return tx, nil
}

func (p *postgres) verifyCommit() error { return nil }
