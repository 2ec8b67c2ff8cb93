package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
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
		return known(&sqlite{})
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
	name, is := strings.CutPrefix(url, "sqlite://")
	if !is {
		return Open(ctx, url)
	}
	path, err := sqlitePath(name)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db, err := existingFile(path)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return newStore(&sqlite{path: path, db: db, prepared: newPrepared(db), watch: watch{name: uri(path, looking)}}), nil
}

// OpenToRead opens a database to look into it. Unlike Open, it makes nothing and changes nothing. ErrMissing,
// ErrOlderSchema, ErrNewerSchema, and the errors of CheckURL. None shows the url.
func OpenToRead(ctx context.Context, url string) (*Store, error) {
	s, err := openToInspect(ctx, url)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, err
	}
	if err := s.Ready(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// looking are the settings of a connection that only looks.
var looking = url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}, "_time_integer_format": {"unix_micro"}}

// existingFile opens a file without the settings that are kept in it. It isn't opened read-only: the last
// connection to a WAL database takes away the files beside it, which such a one could make, but not remove.
func existingFile(path string) (*sql.DB, error) {
	return sql.Open("sqlite", uri(path, looking))
}
