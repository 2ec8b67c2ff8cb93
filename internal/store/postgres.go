package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/svc-users/svc-users"
)

const (
	// connectTimeout is how long connecting may take without connect_timeout in the URL: as long as a read.
	connectTimeout = 5 * time.Second
	// maxConns bounds the pool without pool_max_conns in the URL. More than a few statements at once gain
	// nothing on one server, and eight replicas of ten stay below the 100 connections it takes by default.
	maxConns = 10
)

// The advisory locks of this service: any two numbers do, as long as they never change. These read "svc-user"
// and "svc-migr".
const (
	txLock        = `SELECT pg_advisory_xact_lock(8319946408508745074)`
	migrationLock = `SELECT pg_try_advisory_xact_lock(8319946408373872498)`
)

type postgres struct {
	config *pgxpool.Config
	pool   *pgxpool.Pool
	db     *sql.DB
	ears   *listener // nil without listen
}

// openPostgres prepares a pool. Nothing is connected yet.
func openPostgres(ctx context.Context, url string) (engine, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	// The pool outlives the context of the call that opens it.
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, errors.New("the database URL is malformed: its pool settings contradict one another")
	}
	return &postgres{config: config, pool: pool, db: stdlib.OpenDBFromPool(pool)}, nil
}

func (p *postgres) reads() conn            { return p.db }
func (p *postgres) migrating() *sql.DB     { return p.db }
func (p *postgres) dialect() goose.Dialect { return goose.DialectPostgres }
func (p *postgres) heal()                  { p.pool.Reset() }
func (p *postgres) position() string       { return "strpos" }
func (p *postgres) pause() time.Duration   { return 100 * time.Millisecond }

// known says no: what is heard is a moment old.
func (p *postgres) known() (users.Moment, bool) { return users.Moment{}, false }

func (p *postgres) moment(ask func() (users.Moment, error)) (users.Moment, error) { return ask() }

func (p *postgres) tables() string {
	return `(SELECT CAST(relname AS text) AS name FROM pg_catalog.pg_class
		WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())) AS tables`
}

// listen takes another URL than that of the pool where that one leads through a pooler.
func (p *postgres) listen(url string, to audience) error {
	config := p.config
	if url != "" {
		var err error
		if config, err = postgresConfig(url); err != nil {
			return err
		}
	}
	p.ears = &listener{
		hearing: newHearing(time.Now), audience: to, config: config.ConnConfig, pool: p.pool, wake: make(chan struct{}, 1),
	}
	p.ears.start()
	return nil
}

func (p *postgres) heard() (users.Moment, bool) {
	if p.ears == nil {
		return users.Moment{}, false
	}
	return p.ears.moment()
}

func (p *postgres) unchanged(id users.ID, stamp string) bool { return p.ears.unchanged(id, stamp) }

func (p *postgres) wrote() {
	if p.ears != nil {
		p.ears.wrote()
	}
}

func (p *postgres) close() error {
	if p.ears != nil {
		p.ears.close()
	}
	err := p.db.Close()
	p.pool.Close()
	return err
}

// begin takes a lock that only transactions of this service take. The isolation is READ COMMITTED, in which
// each statement sees what was committed before it: a snapshot of the whole transaction would be taken before
// the lock is had, and show what it was before the one who held it last.
func (p *postgres) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := p.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, txLock); err != nil {
		_ = tx.Rollback() // which fails if the connection is broken, and then there is nothing to roll back
		return nil, err
	}
	return tx, nil
}

func (p *postgres) committed() error { return nil }

func (p *postgres) snapshot(ctx context.Context) (*sql.Tx, error) {
	return p.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// lockMigrations holds an advisory lock in a transaction of a connection of its own. The server ends it with
// the connection, so a process that was killed keeps nobody waiting, and a PgBouncer in transaction mode,
// which takes session locks apart, keeps a transaction together. Whoever does not get it asks again rather
// than waits in its transaction: behind a PgBouncer with few connections those who wait could take the very
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

// tryLock leaves a transaction open that holds the lock of the migrations, or none.
func tryLock(ctx context.Context, connection *pgx.Conn) (locked bool, err error) {
	if _, err := connection.Exec(ctx, `BEGIN`); err != nil {
		return false, err
	}
	// It sits idle while the migrations run.
	if _, err := connection.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return false, err
	}
	if err := connection.QueryRow(ctx, migrationLock, pgx.QueryExecModeExec).Scan(&locked); err != nil || locked {
		return locked, err
	}
	_, err = connection.Exec(ctx, `ROLLBACK`)
	return false, err
}
