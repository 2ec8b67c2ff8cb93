package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/svc-users/svc-users"
)

// engine is what PostgreSQL and SQLite do each in their own way.
type engine interface {
	// reads is where a statement outside a transaction goes.
	reads() conn
	// known returns the stamps as of now where the engine can tell, without asking for them, that they are what
	// they were.
	known() (users.Revision, bool)
	// listen begins to hear of changes, where the engine can.
	listen(url string, to audience) error
	// heard returns the stamps as of at most a second ago, if the engine hears of changes.
	heard() (users.Revision, bool)
	// unchanged reports whether it has heard that an account is still what it was under a stamp of the accounts.
	unchanged(id users.ID, stamp string) bool
	// wrote is called when this process has committed something, or may have.
	wrote()
	// moment returns the stamps as of now, which ask reads from the database.
	moment(ask func() (users.Revision, error)) (users.Revision, error)
	// pause is how long to wait between two looks at the moment for those who wait for another.
	pause() time.Duration
	// begin begins a transaction that no other of any process overlaps.
	begin(ctx context.Context) (*sql.Tx, error)
	// committed is called after each commit. Its error says that the database may not have what was committed.
	committed() error
	// snapshot begins a transaction that only reads, all of it at one moment.
	snapshot(ctx context.Context) (*sql.Tx, error)
	// undone reports whether a commit that failed with err has certainly changed nothing.
	undone(err error) bool
	// canWrite is a query with a row, unless the database would not take a transaction.
	canWrite() string
	// creators is a query for the names of those users of the database who may define functions that ours could be
	// taken for, or empty.
	creators() string
	// fault says what an error of the driver means.
	fault(err error) fault
	// describe says for a log what an error of the driver is, without any value that was bound.
	describe(err error) string
	// heal is called when a connection turned out to be broken: others of the pool may be too.
	heal()
	// standby is an expression that is true where the database is a copy which may lag behind: nothing is let in by it.
	standby() string
	// hex is an expression of the bytes in a column, as hexadecimal digits of either case.
	hex(column string) string
	// clock is an expression of the time by the clock of the database, as the triggers date changes with it.
	clock() string
	// position names the function of (text, part) that returns where part begins in text, from 1, or 0.
	position() string
	// candidates are the accounts whose addresses have all of the trigrams.
	candidates(v *values, trigrams []string) candidates
	// short returns a query that does the same as one which is to be cut to at most shortCut rows.
	short(query string) string
	// tables is a table expression with a column name: the tables that a plain CREATE TABLE could clash with.
	tables() string
	// dialect is what the migrations are written in.
	dialect() goose.Dialect
	// migrating is the handle on which migrations run.
	migrating() *sql.DB
	// lockMigrations waits until no other process migrates this database. The lock ends with release, or with
	// the process.
	lockMigrations(ctx context.Context) (release func(), err error)
	close() error
}

// conn runs statements: a pool, or a transaction.
type conn interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
}

// audience is told what an engine hears.
type audience struct {
	forget  func()                      // what was kept until now may not be trusted any more
	changed func()                      // something has changed
	report  func(hears bool, why error) // it begins to hear, or hears no more, and why
}
