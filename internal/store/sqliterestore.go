package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/svc-users/svc-users/internal/outfile"
)

const (
	// restoringSuffix names the copy of a backup beside the database while it is checked.
	restoringSuffix = "-restoring"
	// replacedInfix is between the name of a database and the time at which another was put in its place.
	replacedInfix = ".replaced-"
)

// Restore puts a backup in the place of the SQLite database that databaseURL names. The backup is copied and checked first,
// and check, which may be nil, is called with the copy, opened to be read; the database is replaced in one step, and only
// after all of that. It returns where the database that was there is kept, or an empty text if there was none.
//
// A process that has the database open keeps it from being replaced: ErrInUse, at once; while Restore is at work no process
// can open it. What a process that was killed has left beside the database is taken in first, so that what is kept is whole.
// Restore may itself be killed at any moment: the database is then the one or the other, and Restore can be called again.
//
// ErrNotFile, ErrInUse, ErrDamaged and ErrNewerSchema, with the path of the backup, and the error of check.
func Restore(ctx context.Context, databaseURL, backup string, check func(*Store) error) (kept string, err error) {
	name, is := strings.CutPrefix(databaseURL, sqliteScheme)
	if !is {
		return "", ErrNotFile
	}
	path, err := sqlitePath(name)
	if err != nil {
		return "", err
	}
	if err := checkBackup(backup, path); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	alone, err := lockAlone(ctx, path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, alone.release()) }()

	fresh := path + restoringSuffix
	err = errors.Join(removeSet(fresh), dropAliases(path))
	if err == nil {
		err = copyFile(backup, fresh)
	}
	if err == nil {
		err = checkRestored(ctx, fresh, backup, check)
	}
	if err == nil {
		kept, err = replaceDatabase(ctx, path, fresh)
	}
	if err != nil {
		return "", errors.Join(err, removeSet(fresh))
	}
	return kept, nil
}

// checkBackup refuses what is no backup at the first look.
func checkBackup(backup, path string) error {
	info, err := os.Stat(backup)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", backup)
	}
	if current, err := os.Stat(path); err == nil && os.SameFile(current, info) {
		return fmt.Errorf("%s is the database itself", backup)
	}
	if log, err := os.Stat(backup + walSuffix); err == nil && log.Size() > 0 {
		return fmt.Errorf("%s has a write-ahead log beside it (%s): it is a database that is in use or was not stopped, and no backup; svc-users backup makes one of it", backup, backup+walSuffix)
	}
	return nil
}

// copyFile copies a backup to a new file with mode 0600, and waits for the disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// checkRestored checks the copy of a backup, and names the backup in its errors.
func checkRestored(ctx context.Context, fresh, backup string, check func(*Store) error) error {
	if err := checkCopy(ctx, fresh, backup); err != nil {
		return err
	}
	s, err := openToInspect(ctx, sqliteScheme+fresh)
	if err != nil {
		return err
	}
	_, err = s.Migrations(ctx)
	if err != nil {
		err = fmt.Errorf("%s: %w", backup, err)
	} else if check != nil {
		err = check(s)
	}
	return errors.Join(err, s.Close())
}

// replaceDatabase gives a checked file the name of the database, and the database that was there another.
func replaceDatabase(ctx context.Context, path, fresh string) (kept string, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		// Without their database, what is beside it belongs to none, and would be taken for the new one's.
		if err := removeSet(path); err != nil {
			return "", err
		}
		return "", renameSynced(fresh, path)
	}
	settled, whole, err := settleFile(ctx, path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, settled.release()) }()
	kept, err = setAside(path, whole)
	if err != nil {
		return "", err
	}
	return kept, renameSynced(fresh, path)
}

// settleFile has SQLite take the write-ahead log into a database, and keeps every other connection out until release: it
// needs the exclusive lock of the file, which is not given while any program has the file open. whole is false for a file
// that is no database, or a damaged one.
func settleFile(ctx context.Context, path string) (lock *useLock, whole bool, err error) {
	db, err := sql.Open("sqlite", uri(path, url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(0)", "locking_mode(EXCLUSIVE)"}}))
	if err != nil {
		return nil, false, err
	}
	lock = &useLock{db: db}
	var mode string
	if lock.conn, err = db.Conn(ctx); err == nil {
		err = lock.conn.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode)
	}
	if err == nil {
		_, err = lock.conn.ExecContext(ctx, `BEGIN EXCLUSIVE`)
	}
	switch {
	case err == nil && mode == "delete":
		return lock, true, nil
	case err == nil || isBusy(err):
		return nil, false, errors.Join(fmt.Errorf("%w by another program", ErrInUse), lock.release())
	case ctx.Err() != nil:
		return nil, false, errors.Join(ctx.Err(), lock.release())
	}
	return nil, false, lock.release() // what is wrong with it is why a backup is restored
}

// setAside gives the database that is to be replaced a second name, such as svc-users.db.replaced-20261128T052501Z. It keeps
// its first one until the new database takes it, so that there is a database at each moment. Of a damaged one the files
// beside it go along; one that is whole has none.
func setAside(path string, whole bool) (string, error) {
	aside := path + replacedInfix + time.Now().UTC().Format("20060102T150405.000Z")
	err := os.Link(path, aside)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = copyFile(path, aside) // a file system without hard links
	}
	if err != nil || whole {
		return aside, err
	}
	for _, suffix := range []string{walSuffix, shmSuffix, journalSuffix} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

// dropAliases removes second names of the database, which a Restore that was killed between two steps has left: SQLite must
// not be given one file under two names.
func dropAliases(path string) error {
	current, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	folder, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, entry := range folder {
		if !strings.HasPrefix(entry.Name(), filepath.Base(path)+replacedInfix) {
			continue
		}
		name := filepath.Join(filepath.Dir(path), entry.Name())
		if other, err := os.Stat(name); err == nil && os.SameFile(current, other) {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func renameSynced(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return outfile.SyncFolder(filepath.Dir(to))
}

// removeSet removes a file and those that SQLite keeps beside it, if they are there.
func removeSet(path string) error {
	return errors.Join(removeFile(path), removeFile(path+walSuffix), removeFile(path+shmSuffix), removeFile(path+journalSuffix))
}

func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
