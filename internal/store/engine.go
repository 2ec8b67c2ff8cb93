package store

import (
	"context"
	"database/sql"
	"time"
)

// engine is PostgreSQL or SQLite: what each does in its own way. Each of its parts is declared beside the code that uses
// it, and a Store keeps them apart.
type engine interface {
	database   // below: connections and transactions
	classifier // error.go: what errors of the driver mean
	revisions  // revision.go: whether cached entries are still valid
	dialect    // clause.go: SQL
	migrator   // migrate.go: the schema
	transfers  // transfer.go: copies to other engines
	traits() *traits
}

// traits are the constants of an engine. The texts are SQL.
type traits struct {
	// standby is an expression that is true where the database is a copy that may lag behind, which must not be used to
	// authenticate.
	standby string
	// clock is an expression of the time by the clock of the database, as the triggers date changes with it.
	clock string
	// preciseClock is clock with microseconds.
	preciseClock string
	// joinSessions is an aggregate of the column session_id: the ids with commas between them, or NULL for no rows.
	joinSessions string
	// position names the function of (text, part) that returns where part begins in text, from 1, or 0.
	position string
	// tables is a table expression with a column name: the tables that a plain CREATE TABLE could clash with.
	tables string
	// columns is a query for the names of the columns of a table, %s, and their types, empty where an engine has few.
	columns string
	// canWrite is a query with a row, unless the database would not take a transaction.
	canWrite string
	// creators is a query for the names of those users of the database who may define functions that ours could be
	// taken for, or empty.
	creators string
	// skipLocked ends a query that is to pass over rows which others have locked.
	skipLocked string
	// diagnosis is a query for the columns of a Diagnosis: version, encoding, user, whether it is a superuser, whether the connection is
	// encrypted, whether tables may be made, whether it is a standby, and the time.
	diagnosis string
	// missingGrants is a query for rights that the user lacks on tables, whose names with commas between them are %s, or empty where
	// there are no users.
	missingGrants string
	// oneWriter says that only one transaction can write at a time, whatever its mode.
	oneWriter bool
	// pollInterval is how often the revision is read for subscribers.
	pollInterval time.Duration
}

// database is where statements run.
type database interface {
	// reads is where a statement outside a transaction goes.
	reads() conn
	// tallies is where statements go that are written with each login, and whose loss in a power failure does no harm: a
	// commit need not wait for the disk.
	tallies() conn
	// begin begins a transaction.
	begin(ctx context.Context, mode txMode) (*sql.Tx, error)
	// verifyCommit is called after each commit. Its error says that the database may not have what was committed.
	verifyCommit() error
	// resetPool is called when a connection turned out to be broken: others of the pool may be too.
	resetPool()
	close() error
}

// conn runs statements: a pool, or a transaction.
type conn interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
}

// txMode is a kind of transaction.
type txMode int

const (
	exclusive txMode = iota // no other of this mode overlaps it, in any process
	rowLocks                // locks the rows that it writes
	snapshot                // reads only, all of it at one revision
)
