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
	"strings"
)

// Inspect lists the steps of the schema of the database that url names, the oldest first, and which of them it
// has had. Unlike Open, it changes nothing: the file of an SQLite database that does not exist is not made,
// and all steps are pending; one that exists keeps its journal mode.
//
// Errors are those of CheckURL and of Store.Migrations. None shows the url.
func Inspect(ctx context.Context, url string) ([]Migration, error) {
	s, err := openToInspect(ctx, url)
	if errors.Is(err, fs.ErrNotExist) {
		return embeddedMigrations(&sqlite{})
	}
	if err != nil {
		return nil, err
	}
	list, err := s.Migrations(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	return list, nil
}

// openToInspect returns fs.ErrNotExist for an SQLite database that does not exist.
func openToInspect(ctx context.Context, url string) (*Store, error) {
	name, is := strings.CutPrefix(url, sqliteScheme)
	if !is {
		return Open(ctx, url)
	}
	path, err := existingPath(name)
	if err != nil {
		return nil, err
	}
	db, err := existingFile(path)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	file := newOpenedFile(path)
	statements := newPrepared(db, file)
	return newStore(&sqlite{
		file: file, db: db, prepared: statements,
		loose: statements, looseDB: db, // nothing is written
		watch: watch{name: uri(path, looking), file: file},
	}), nil
}

// OpenToRead opens a database to look into it. Unlike Open, it makes nothing and changes nothing. ErrMissing, with
// the path, ErrOlderSchema, ErrNewerSchema, and the errors of CheckURL. None shows the url.
func OpenToRead(ctx context.Context, url string) (*Store, error) {
	return openReady(ctx, url, openToInspect, (*Store).upToDate)
}

// OpenExisting opens a database that exists and has the schema of this program, to read and write. Unlike Open, it
// makes no file, so a mistyped path is an error and no new, empty database. ErrMissing, with the path,
// ErrOlderSchema, ErrNewerSchema, and the errors of CheckURL. None shows the url.
func OpenExisting(ctx context.Context, url string) (*Store, error) {
	return openReady(ctx, url, openToWrite, (*Store).Ready)
}

// openReady opens a database, and closes it again if check has something against it.
func openReady(ctx context.Context, url string, open func(context.Context, string) (*Store, error), check func(*Store, context.Context) error) (*Store, error) {
	s, err := open(ctx, url)
	if errors.Is(err, fs.ErrNotExist) {
		path, _ := sqlitePath(strings.TrimPrefix(url, sqliteScheme))
		return nil, fmt.Errorf("%w: there is no file %s", ErrMissing, path)
	}
	if err != nil {
		return nil, err
	}
	if err := check(s, ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// existingPath returns the absolute path of a file that is there, else fs.ErrNotExist.
func existingPath(name string) (string, error) {
	path, err := sqlitePath(name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	return path, nil
}

// upToDate returns nil if the schema is the one of this program, whatever the user of the database may do.
func (s *Store) upToDate(ctx context.Context) error {
	list, err := s.Migrations(ctx)
	if err != nil {
		return err
	}
	return requireCurrent(list)
}

// openToWrite returns fs.ErrNotExist for an SQLite database that does not exist.
func openToWrite(ctx context.Context, url string) (*Store, error) {
	name, is := strings.CutPrefix(url, sqliteScheme)
	if !is {
		return Open(ctx, url)
	}
	path, err := existingPath(name)
	if err != nil {
		return nil, err
	}
	existing := maps.Clone(settings)
	existing.Set("mode", "rw") // so that SQLite makes no file either, if this one goes away now
	e, err := useFile(ctx, path, func() (*sql.DB, error) { return sql.Open("sqlite", uri(path, existing)) }, existing)
	if err != nil {
		return nil, err
	}
	return newStore(e), nil
}

// looking are the settings of a connection that only looks.
var looking = url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}, "_time_integer_format": {"unix_micro"}}

// existingFile opens a file without the settings that are kept in it. It isn't opened read-only: the last
// connection to a WAL database takes away the files beside it, which such a one could make, but not remove.
func existingFile(path string) (*sql.DB, error) {
	return sql.Open("sqlite", uri(path, looking))
}
