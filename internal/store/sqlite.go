package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/svc-users/svc-users"
)

// sqliteConns is eight readers and the one writer that SQLite allows.
const sqliteConns = 9

// settings of every connection:
//
//   - WAL lets readers and the writer of all processes go on beside one another; synchronous=FULL makes a
//     commit wait for the disk, without which WAL may lose acknowledged ones when the power fails.
//   - _txlock=immediate has a writing transaction wait for its turn when it begins. Deferred, two that have
//     read would both want to write, and one must fail. The driver begins reading transactions deferred.
//   - times are bound as microseconds, see the migrations.
//   - temp_store=MEMORY keeps the journals of large statements and the sorting for new indexes in memory. Else SQLite
//     wants a folder for temporary files, and a container with a read-only root has none.
var settings = url.Values{
	"_pragma":              {"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)"},
	"_txlock":              {"immediate"},
	"_time_integer_format": {"unix_micro"},
	"_dqs":                 {"0"},
}

type sqlite struct {
	file     *openedFile
	use      *useLock // nil where the database is only looked at
	db       *sql.DB
	prepared *prepared
	// loose writes over one connection whose commits do not wait for the disk. What it writes is there after a crash of the
	// process, and after one of the machine as far as a commit of another connection has followed.
	loose   *prepared
	looseDB *sql.DB
	watch   watch
}

// sqlitePath returns the absolute path of the file that a URL names.
func sqlitePath(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("the database URL names no file: it must look like sqlite://relative/path or sqlite:///absolute/path")
	case name == ":memory:":
		return "", errors.New("the database URL names a database in memory, which would keep nothing: it must name a file")
	case strings.ContainsRune(name, 0):
		return "", errors.New("the database URL names a file with a NUL in its name")
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	return path, nil
}

// openSQLite opens a file, made if it is missing.
func openSQLite(ctx context.Context, name string) (engine, error) {
	path, err := sqlitePath(name)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return useFile(ctx, path, func() (*sql.DB, error) { return openFile(path, settings) }, settings)
}

// useFile is the engine of a file that open opens once the file is known not to be restored meanwhile.
func useFile(ctx context.Context, path string, open func() (*sql.DB, error), settings url.Values) (engine, error) {
	use, err := lockUse(ctx, path)
	if errors.Is(err, ErrInUse) {
		return nil, errors.New("the database is being restored: wait until svc-users restore has ended")
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db, err := open()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), use.release())
	}
	s, err := newSQLite(ctx, path, db, settings)
	if err != nil {
		return nil, errors.Join(err, use.release())
	}
	s.use = use
	return s, nil
}

// newSQLite is the engine of a file that was opened with some settings, once a connection to it is made.
func newSQLite(ctx context.Context, path string, db *sql.DB, settings url.Values) (*sqlite, error) {
	db.SetMaxOpenConns(sqliteConns)
	db.SetMaxIdleConns(sqliteConns)
	file := newOpenedFile(path)
	loose, err := sql.Open("sqlite", uri(path, withoutSync(settings)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), db.Close())
	}
	loose.SetMaxOpenConns(1)
	s := &sqlite{
		file: file, db: db, prepared: newPrepared(db, file), looseDB: loose, loose: newPrepared(loose, file),
		watch: watch{name: uri(path, settings), file: file},
	}
	err = s.settle(ctx)
	if err == nil {
		err = file.check()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), loose.Close(), db.Close())
	}
	return s, nil
}

// withoutSync returns settings with which a commit does not wait for the disk. In WAL mode the database stays whole.
func withoutSync(settings url.Values) url.Values {
	loose := maps.Clone(settings)
	loose["_pragma"] = append(slices.Clone(settings["_pragma"]), "synchronous(NORMAL)")
	return loose
}

// openFile makes the file with mode 0600 before SQLite can make it with another; the files that SQLite keeps
// beside it get the same mode. One that exists is left as its owner wants it, and is not even opened here: to
// close it would drop the locks that this process holds on it through SQLite (POSIX advisory locks).
func openFile(path string, settings url.Values) (*sql.DB, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return sql.Open("sqlite", uri(path, settings))
}

// uri names a file to SQLite as a URI, so that whatever is special in the name is escaped.
func uri(path string, settings url.Values) string {
	name := filepath.ToSlash(path)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	u := url.URL{Scheme: "file", Path: name, RawQuery: settings.Encode()}
	return u.String()
}

// settle makes the first connection. Two processes that make a file a WAL database at the same moment can be
// in each other's way, in a manner for which SQLite does not wait.
func (s *sqlite) settle(ctx context.Context) error {
	for n := 1; ; n++ {
		err := s.db.PingContext(ctx)
		if err == nil || s.classify(err) != conflict || n == 100 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *sqlite) reads() conn                 { return s.prepared }
func (s *sqlite) tallies() conn               { return s.loose }
func (s *sqlite) migrationDB() *sql.DB        { return s.db }
func (s *sqlite) gooseDialect() goose.Dialect { return goose.DialectSQLite3 }
func (s *sqlite) resetPool()                  {} // a file has no connections to break
func (s *sqlite) hex(c string) string         { return "hex(" + c + ")" }

func (s *sqlite) traits() *traits {
	return &traits{
		standby:      "false",
		clock:        "unixepoch() * 1000000",
		preciseClock: "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
		joinSessions: "group_concat(session_id, ',')",
		position:     "instr",
		// Names in lower case, since SQLite knows no other difference between them.
		tables:       `(SELECT lower(name) AS name FROM sqlite_master) AS tables`,
		columns:      `SELECT name, '' FROM pragma_table_info('%s') ORDER BY cid`,
		canWrite:     `SELECT 1`, // whether the file can be written shows when it is
		creators:     ``,         // a user who can write to the file can do anything
		diagnosis:    `SELECT sqlite_version(), (SELECT encoding FROM pragma_encoding), '', false, true, true, false, 0`,
		oneWriter:    true,
		pollInterval: 25 * time.Millisecond,
	}
}

func (s *sqlite) close() error {
	return errors.Join(s.watch.close(), s.loose.close(), s.looseDB.Close(), s.prepared.close(), s.db.Close(), s.use.release())
}

// cachedRevision leaves a failure to currentRevision, which will meet it too.
func (s *sqlite) cachedRevision() (users.Revision, bool) {
	_, kept, err := s.watch.readVersion()
	return kept, err == nil && kept != users.Revision{}
}

func (s *sqlite) currentRevision(query func() (users.Revision, error)) (users.Revision, error) {
	return s.watch.currentRevision(query)
}

// The version of a file is read before each use of the cache, so there are no notifications and no lease.

func (s *sqlite) leasedRevision() (users.Revision, bool)  { return users.Revision{}, false }
func (s *sqlite) unchanged(users.ID, string, string) bool { return false }
func (s *sqlite) committed()                              {}

func (s *sqlite) listen(url string, _ hooks) error {
	if url != "" {
		return errListenNowhere
	}
	return nil
}

func (s *sqlite) begin(ctx context.Context, mode txMode) (*sql.Tx, error) {
	if mode == snapshot {
		if err := s.file.checkSoon(); err != nil {
			return nil, err
		}
		return s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	}
	if err := s.file.check(); err != nil {
		return nil, err
	}
	return s.db.BeginTx(ctx, nil)
}

// verifyCommit is an error if what was committed went into a file that the next start will not find.
func (s *sqlite) verifyCommit() error { return s.file.check() }

// lockMigrations takes the exclusive lock of a second, empty database beside the first: a lock of the system,
// which ends with the process and works wherever SQLite does. The database itself cannot be locked, since the
// migrations take its lock one after the other. The file stays; removed, it could be locked twice.
func (s *sqlite) lockMigrations(ctx context.Context) (func(), error) {
	db, err := openFile(s.file.path+"-migrate", url.Values{"_pragma": {"busy_timeout(600000)"}})
	if err != nil {
		return nil, err
	}
	// Not by BeginTx, which would end the lock with ctx, even before the migrations that it stops have ended.
	held, err := db.Conn(ctx)
	if err == nil {
		_, err = held.ExecContext(ctx, `BEGIN EXCLUSIVE`)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return func() { _ = errors.Join(held.Close(), db.Close()) }, nil
}

func (s *sqlite) undone(err error) bool { return s.classify(err) == conflict }

// fault goes by SQLite's extended result codes.
func (s *sqlite) classify(err error) errClass {
	var failure *driver.Error
	if !errors.As(err, &failure) {
		var file *fs.PathError
		var gone *fileGone
		if errors.As(err, &file) || errors.As(err, &gone) {
			return away
		}
		return defect
	}
	switch failure.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY:
		return taken
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY, codes.SQLITE_CONSTRAINT_TRIGGER:
		// ON DELETE RESTRICT is an inner trigger, and fails as one. The triggers of ours refuse nothing.
		return reference
	}
	switch failure.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_PROTOCOL:
		return conflict
	case codes.SQLITE_IOERR, codes.SQLITE_FULL, codes.SQLITE_CANTOPEN, codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_NOMEM:
		return away
	}
	return defect
}

// describe shows SQLite's errors as they are: they name tables and columns, not values.
func (s *sqlite) describe(err error) string {
	var failure *driver.Error
	var file *fs.PathError
	var gone *fileGone
	if errors.As(err, &failure) || errors.As(err, &file) || errors.As(err, &gone) {
		return err.Error()
	}
	return fmt.Sprintf("an unexpected %T", err)
}
