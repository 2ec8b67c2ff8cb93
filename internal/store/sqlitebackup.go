package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/svc-users/svc-users/internal/outfile"
)

// ErrNotFile is the error of Backup and Restore for PostgreSQL, which has programs of its own for both.
var ErrNotFile = errors.New("the database is not a file")

// ErrDamaged is the error for a file that is no whole database of this service.
var ErrDamaged = errors.New("is no whole database of svc-users")

// Backup copies the SQLite database that databaseURL names to a new file, as it is at one moment, while other processes read
// and write it. The copy has its name only once it has been checked and is on the disk, has mode 0600, and is a database by
// itself, without files beside it. The database may be of an older or a newer schema than this program's.
//
// ErrNotFile, ErrMissing, outfile.ErrExists, ErrDamaged. No error shows the URL.
func Backup(ctx context.Context, databaseURL, file string) error {
	path, err := filePath(databaseURL)
	if err != nil {
		return err
	}
	if file, err = filepath.Abs(file); err != nil { // SQLite is given URIs, which name no working directory
		return err
	}
	out, err := outfile.Create(file)
	if err != nil {
		return err
	}
	err = vacuumInto(ctx, path, out.Name())
	if err == nil {
		err = checkCopy(ctx, out.Name(), file)
	}
	if err != nil {
		return errors.Join(err, out.Discard())
	}
	return out.Commit()
}

// CheckFileURL is ErrNotFile for a URL of PostgreSQL, and else the error of CheckURL.
func CheckFileURL(databaseURL string) error {
	if err := CheckURL(databaseURL); err != nil {
		return err
	}
	if !strings.HasPrefix(databaseURL, sqliteScheme) {
		return ErrNotFile
	}
	return nil
}

// filePath returns the absolute path of a database that is a file and exists. ErrNotFile, ErrMissing.
func filePath(databaseURL string) (string, error) {
	name, is := strings.CutPrefix(databaseURL, sqliteScheme)
	if !is {
		return "", ErrNotFile
	}
	path, err := existingPath(name)
	if errors.Is(err, os.ErrNotExist) {
		path, _ = sqlitePath(name)
		return "", fmt.Errorf("%w: there is no file %s", ErrMissing, path)
	}
	return path, err
}

// vacuumInto writes a database into an empty file. It is one reading transaction on the database, which keeps no other
// from writing.
func vacuumInto(ctx context.Context, path, into string) error {
	reading := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "temp_store(MEMORY)"}}
	return withFile(ctx, path, reading, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, `VACUUM INTO $1`, into); err != nil {
			return fmt.Errorf("copy the database: %w", err)
		}
		return nil
	})
}

// withFile runs fn on the one connection to a file.
func withFile(ctx context.Context, path string, settings url.Values, fn func(*sql.Conn) error) error {
	db, err := sql.Open("sqlite", uri(path, settings))
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(fn(conn), conn.Close(), db.Close())
}

// checkCopy is ErrDamaged unless a file, which errors call by another name, is a whole database that migrations of this
// service have made.
func checkCopy(ctx context.Context, path, name string) error {
	settings := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "temp_store(MEMORY)", "journal_mode(DELETE)"}}
	err := withFile(ctx, path, settings, func(conn *sql.Conn) error {
		var made int
		if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE lower(name) = '`+versionTable+`'`).Scan(&made); err != nil {
			return err
		}
		if made == 0 {
			return fmt.Errorf("it lacks the table %s", versionTable)
		}
		var found string
		if err := conn.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return errors.New(found)
		}
		return checkReferences(ctx, conn)
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s %w: %w", name, ErrDamaged, err)
	}
	return err
}

// checkReferences looks for rows that refer to none, which the check of the file does not.
func checkReferences(ctx context.Context, conn *sql.Conn) error {
	var table, parent string
	var row, key any
	err := conn.QueryRowContext(ctx, `PRAGMA foreign_key_check`).Scan(&table, &row, &parent, &key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("a row of %s refers to a row of %s that is not there", table, parent)
}
