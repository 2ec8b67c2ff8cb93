package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/svc-users/svc-users"
)

//go:embed migrations
var embedded embed.FS

// versionTable is where goose keeps which migrations a database has had. The name is ours, so that another
// service that migrates with goose can live beside this one.
const versionTable = "svc_users_migrations"

// What stands against a schema. Errors of Migrate, Migrations and Ready match them with errors.Is.
var (
	ErrForeignTables = errors.New("the database has tables of another program")
	ErrNewerSchema   = errors.New("the schema of the database is newer than this program")
	ErrMissing       = errors.New("the database does not exist")
	ErrNotWritable   = errors.New("the user of the database may not lock the table transaction_lock")
	ErrOlderSchema   = errors.New("the schema of the database is older than this program")
)

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string // of its file, without the number
	Applied   bool
	AppliedAt time.Time // zero unless Applied
}

// migrationFiles is where the migrations of an engine are.
func migrationFiles(m migrator) (fs.FS, error) {
	name := "postgres"
	if m.gooseDialect() == goose.DialectSQLite3 {
		name = "sqlite"
	}
	return fs.Sub(embedded, path.Join("migrations", name))
}

// embeddedMigrations lists the migrations in this program, the oldest first.
func embeddedMigrations(m migrator) ([]Migration, error) {
	files, err := migrationFiles(m)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var list []Migration
	for _, name := range names { // in the order of their numbers, which have leading zeros
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		_, rest, _ := strings.Cut(strings.TrimSuffix(name, ".sql"), "_")
		list = append(list, Migration{Version: version, Name: rest})
	}
	return list, nil
}

// Migrations lists the steps of the schema, the oldest first, and which of them the database has had. It
// changes nothing. ErrNewerSchema, ErrUnavailable.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	return retry(ctx, s, s.readLimit, s.migrations)
}

func (s *Store) migrations(ctx context.Context) ([]Migration, error) {
	list, err := embeddedMigrations(s.migrator)
	if err != nil {
		return nil, err
	}
	made, err := s.tablesOf(ctx, versionTable)
	if err != nil || len(made) == 0 {
		return list, err
	}
	applied, err := rows(ctx, s.reads(), "read the version of the schema", scanMigration,
		`SELECT version_id, tstamp FROM `+versionTable+` WHERE version_id > 0 ORDER BY id`)
	if err != nil {
		return nil, err
	}
	for _, a := range applied {
		i := slices.IndexFunc(list, func(m Migration) bool { return m.Version == a.Version })
		if i < 0 {
			return nil, fmt.Errorf("%w: it is at version %d, the program at %d; run a program at least as new", ErrNewerSchema, a.Version, list[len(list)-1].Version)
		}
		list[i].Applied, list[i].AppliedAt = true, a.AppliedAt
	}
	return list, nil
}

func scanMigration(r *sql.Rows) (m Migration, err error) {
	return m, r.Scan(&m.Version, (*timeColumn)(&m.AppliedAt))
}

// tablesOf returns those of the names that are taken in the database.
func (s *Store) tablesOf(ctx context.Context, names ...string) ([]string, error) {
	return rows(ctx, s.reads(), "look for tables", scanText,
		`SELECT name FROM `+s.traits.tables+` WHERE name IN ('`+strings.Join(names, `', '`)+`') ORDER BY name`)
}

// Ready returns nil if the database answers within two seconds, its schema is exactly the one this program
// was written for, and it would take a transaction; else ErrUnavailable, ErrOlderSchema, ErrNewerSchema or ErrNotWritable.
func (s *Store) Ready(ctx context.Context) error {
	_, err := retry(ctx, s, s.probeLimit, func(ctx context.Context) (users.Revision, error) {
		list, err := s.migrations(ctx)
		if err == nil {
			err = requireCurrent(list)
		}
		if err != nil {
			return users.Revision{}, err
		}
		if _, err := row(ctx, s.reads(), "look whether there can be a transaction", scanInt, s.traits.canWrite); err != nil {
			return users.Revision{}, err
		}
		return s.reads().readRevision(ctx)
	})
	if errors.Is(err, users.ErrNotFound) {
		return ErrNotWritable
	}
	return err
}

// Creators returns the names of other users of the database, PUBLIC for all of them, who may create functions and
// operators where the service looks for its own. The service is safe from those, by tests; a database or schema
// to which only the service has a right is so by itself. SQLite has none. ErrUnavailable.
func (s *Store) Creators(ctx context.Context) ([]string, error) {
	query := s.traits.creators
	if query == "" {
		return nil, nil
	}
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]string, error) {
		return rows(ctx, s.reads(), "look who may create functions", scanText, query)
	})
}

func requireCurrent(list []Migration) error {
	for _, m := range list {
		if !m.Applied {
			return fmt.Errorf("%w: migration %d (%s) has not been applied", ErrOlderSchema, m.Version, m.Name)
		}
	}
	return nil
}
