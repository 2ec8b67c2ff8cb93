package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
)

// migrator is what the migrations of an engine need.
type migrator interface {
	// gooseDialect is what the migrations are written in.
	gooseDialect() goose.Dialect
	// migrationDB is the handle on which they run.
	migrationDB() *sql.DB
	// lockMigrations waits until no other process migrates this database. The lock ends with release, or with the
	// process.
	lockMigrations(ctx context.Context) (release func(), err error)
}

// ownTables are all tables that migrations make.
var ownTables = []string{
	"accounts", "roles", "permissions", "role_permissions", "authorization_stamp", "service_secrets",
	"account_counts", "accounts_search", "accounts_replaced", "account_changes", "transaction_lock",
	"rights_changes", "change_marks", "email_changes", "job_leases", "account_sessions", "ended_sessions",
	"signing_keys", "signing_key_names", "service_accounts", "api_keys", "audiences",
	"client_secrets", "client_keys", "client_trusts", "used_assertions", "throttles", "imported_factors",
}

// Migrate brings the schema up to date. Any number of processes may call it at once: one migrates, the others wait. A
// process that is killed meanwhile leaves the schema at one of its versions, and does not block the others.
//
// It returns ErrForeignTables, which names the tables, if the database is not the service's and has tables of the same
// names; ErrNewerSchema if the schema is of a later program; ErrUnavailable. With the first two nothing was changed.
func (s *Store) Migrate(ctx context.Context) error {
	list, err := s.Migrations(ctx)
	if err != nil {
		return err
	}
	if requireCurrent(list) == nil {
		return nil // as at nearly every start, which then does not wait
	}
	if err := s.refuseForeign(ctx); err != nil {
		return err // before the lock, which makes a table
	}
	release, err := s.migrator.lockMigrations(ctx)
	if errors.Is(err, errForeignLock) {
		return err
	}
	if err != nil {
		return translate(ctx, newFailure(ctx, s.classifier, "wait for the migrations of others", err))
	}
	defer release()
	return s.migrateAlone(ctx)
}

// refuseForeign returns ErrForeignTables, unless the database is ours or empty.
func (s *Store) refuseForeign(ctx context.Context) error {
	foreign, err := retry(ctx, s, s.readLimit, func(ctx context.Context) ([]string, error) { return s.tablesOf(ctx, ownTables...) })
	if err != nil || len(foreign) == 0 {
		return err
	}
	// Looked at afterwards: another process may just have made them.
	list, err := s.Migrations(ctx)
	if err != nil || slices.ContainsFunc(list, func(m Migration) bool { return m.Applied }) {
		return err
	}
	return fmt.Errorf("%w: %s; use a database or schema of its own for this service", ErrForeignTables, strings.Join(foreign, ", "))
}

// migrateAlone runs under the lock. What was seen before it has to be looked at again.
func (s *Store) migrateAlone(ctx context.Context) error {
	if err := s.refuseForeign(ctx); err != nil {
		return err
	}
	files, err := migrationFiles(s.migrator)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(s.migrator.gooseDialect(), s.migrator.migrationDB(), files,
		goose.WithTableName(versionTable), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("store: read the migrations: %w", err)
	}
	_, err = provider.Up(ctx)
	if err == nil {
		return nil
	}
	f := newFailure(ctx, s.classifier, "migrate the schema", err)
	if f.class == defect {
		// Migrations bind no values, so the operator may see everything.
		return fmt.Errorf("store: migrate the schema: %w", err)
	}
	return translate(ctx, f)
}
