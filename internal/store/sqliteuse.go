package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// ErrInUse is the error of Restore for a database that a process has open.
var ErrInUse = errors.New("the database is in use")

// useSuffix names an empty SQLite database beside the database. Each process that opens the database to write holds a
// shared lock of it until it ends, and Restore an exclusive one. They are locks of the system, so a process that is killed
// leaves none behind. The file stays; removed, it could be locked twice.
const useSuffix = "-use"

// useWait is how many milliseconds a process that opens a database waits for a restore to end.
const useWait = 5000

// useLock is a lock that is held. A nil one holds nothing.
type useLock struct {
	db   *sql.DB
	conn *sql.Conn
}

// lockUse takes the shared lock of a database, for as long as it is in use. ErrInUse while it is restored.
func lockUse(ctx context.Context, path string) (*useLock, error) {
	// Reading takes the shared lock, and the transaction keeps it.
	return takeUseLock(ctx, path, useWait, `BEGIN`, `SELECT count(*) FROM sqlite_schema`)
}

// lockAlone takes the exclusive lock of a database: ErrInUse at once if a process has opened it.
func lockAlone(ctx context.Context, path string) (*useLock, error) {
	return takeUseLock(ctx, path, 0, `BEGIN EXCLUSIVE`)
}

func takeUseLock(ctx context.Context, path string, wait int, statements ...string) (*useLock, error) {
	db, err := openFile(path+useSuffix, url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", wait)}})
	if err != nil {
		return nil, err
	}
	lock := &useLock{db: db}
	// Not by BeginTx, which would end the lock with ctx.
	lock.conn, err = db.Conn(ctx)
	for _, statement := range statements {
		if err == nil {
			_, err = lock.conn.ExecContext(ctx, statement)
		}
	}
	if err == nil {
		return lock, nil
	}
	if isBusy(err) {
		err = ErrInUse
	}
	return nil, errors.Join(err, lock.release())
}

// release may be called on nil.
func (l *useLock) release() error {
	if l == nil {
		return nil
	}
	var err error
	if l.conn != nil {
		err = l.conn.Close()
	}
	return errors.Join(err, l.db.Close())
}

// isBusy reports whether a lock of another connection was in the way.
func isBusy(err error) bool {
	var failure *driver.Error
	if !errors.As(err, &failure) {
		return false
	}
	code := failure.Code() & 0xff
	return code == codes.SQLITE_BUSY || code == codes.SQLITE_LOCKED
}
