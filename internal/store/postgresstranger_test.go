package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// stranger connects as another user of the database, with the rights of PUBLIC only.
func stranger(t *testing.T, url string) (*pgx.Conn, string) {
	t.Helper()
	name := "svc_users_stranger_" + strings.ToLower(rand.Text())
	admin(t, url, `CREATE ROLE `+name, `GRANT `+name+` TO CURRENT_USER`)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_, err = conn.Exec(ctx, `SET ROLE `+name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close(ctx)
		admin(t, url, `DROP OWNED BY `+name+` CASCADE`, `DROP ROLE `+name)
	})
	return conn, name
}

// do runs statements on a connection.
func do(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// value returns the result of a query by a superuser.
func value(t *testing.T, url, query string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := conn.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}

// TestPostgresChannelIsSecret: who has no right to the tables learns neither the name of the channel nor anything that
// is told over it, and no text of a statement shows the name to those who can read them all.
func TestPostgresChannelIsSecret(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, a := withAccount(t, url)
	listening(t, s, "")
	warm(t, s, a.ID)
	other, _ := stranger(t, url)
	for _, query := range []string{`SELECT channel FROM authorization_stamp`, `SELECT * FROM authorization_stamp`, `SELECT listen_on(change_channel(channel, tableoid, '')) FROM authorization_stamp`} {
		var denied *pgconn.PgError
		if _, err := other.Exec(t.Context(), query); !errors.As(err, &denied) || denied.Code != "42501" {
			t.Errorf("%s: %v", query, err)
		}
	}
	channel := value(t, url, `SELECT change_channel(channel, tableoid, '') FROM authorization_stamp`)
	number := value(t, url, `SELECT CAST(CAST(CAST('authorization_stamp' AS regclass) AS oid) AS text)`)
	if !strings.HasPrefix(channel, "svc_users_") || len(channel) < 40 || strings.Contains(channel, number) {
		t.Errorf("the channel is %s", channel)
	}
	do(t, other, `LISTEN svc_users_`+number, `LISTEN svc_users_`+number+`_`)
	for range 20 {
		if shown := value(t, url, `SELECT coalesce(string_agg(query, '; '), '') FROM pg_stat_activity WHERE pid <> pg_backend_pid()`); strings.Contains(shown, channel[:20]) {
			t.Fatalf("a statement shows the channel: %s", shown)
		}
		admin(t, url, `UPDATE accounts SET token_version = token_version + 1`)
	}
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if n, err := other.WaitForNotification(soon); err == nil {
		t.Errorf("a user without a right is notified of %+v", n)
	}
	// It is another for each listener, and after it was changed, which listeners follow.
	if own := value(t, url, `SELECT change_channel(channel, tableoid, 'x') FROM authorization_stamp`); own == channel {
		t.Error("heartbeats are sent where changes are")
	}
	warm(t, s, a.ID)
	admin(t, url, `UPDATE authorization_stamp SET channel = gen_random_uuid()::text`)
	if changed := value(t, url, `SELECT change_channel(channel, tableoid, '') FROM authorization_stamp`); changed == channel {
		t.Error("the channel is what it was")
	}
	soonNot(t, s, a.ID)
	warm(t, s, a.ID)
}

// soonNot waits until an account is not said from memory.
func soonNot(t *testing.T, s *store.Store, id users.ID) {
	t.Helper()
	soon(t, "to be asked for", func() bool { _, ok := s.CachedAccess(id); return !ok })
}

// TestPostgresLocksOfStrangers: whatever locks a user takes who may not write to the tables, the service works.
func TestPostgresLocksOfStrangers(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, a := withAccount(t, url)
	other, name := stranger(t, url)
	// The numbers that this service once used, and as many others as the server has room for.
	do(t, other, `SELECT pg_advisory_lock(8319946408508745074)`, `SELECT pg_advisory_lock(8319946408373872498)`,
		`SELECT count(pg_advisory_lock(n)) FROM generate_series(1, 2000) n`)
	for _, denied := range []string{
		`LOCK TABLE transaction_lock IN ACCESS SHARE MODE`, `LOCK TABLE svc_users_migration_lock IN EXCLUSIVE MODE`, `LOCK TABLE accounts IN ACCESS SHARE MODE`,
		`SELECT * FROM transaction_lock FOR UPDATE`, `SELECT * FROM authorization_stamp FOR UPDATE`, `SELECT * FROM accounts FOR SHARE`,
	} {
		var refusal *pgconn.PgError
		do(t, other, `BEGIN`)
		_, err := other.Exec(t.Context(), denied)
		do(t, other, `ROLLBACK`)
		if !errors.As(err, &refusal) || refusal.Code != "42501" {
			t.Errorf("%s: %v", denied, err)
		}
	}
	works := func(who string) {
		t.Helper()
		began := time.Now()
		a.TokenVersion++
		if err := s.InTx(t.Context(), func(tx users.Tx) error { return tx.UpdateAccount(t.Context(), a) }); err != nil {
			t.Errorf("beside %s: %v", who, err)
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("beside %s it is not ready: %v", who, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("beside %s it took %v", who, took)
		}
	}
	works("a stranger")
	// One who may read all tables, as a backup does, for as long as they like.
	admin(t, url, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO `+name)
	do(t, other, `BEGIN ISOLATION LEVEL REPEATABLE READ`, `LOCK TABLE transaction_lock, svc_users_migration_lock IN ACCESS SHARE MODE`,
		`SELECT * FROM transaction_lock, authorization_stamp, accounts`)
	works("a reader")
	// Migrations block only other migrations. Here the last one is done again.
	admin(t, url, `DELETE FROM svc_users_migrations WHERE version_id >= 7`)
	done := make(chan error, 1)
	go func() { done <- s.Migrate(t.Context()) }()
	select {
	case err := <-done:
		if err == nil || errors.Is(err, users.ErrUnavailable) || !strings.Contains(err.Error(), "transaction_lock") {
			t.Errorf("Migrate, when all is there: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("migrations wait for a reader")
	}
}

// TestPostgresForeignMigrationLock: a table of another user is not locked, since its owner could keep it locked.
func TestPostgresForeignMigrationLock(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	other, name := stranger(t, url)
	admin(t, url, `GRANT CREATE ON SCHEMA public TO `+name)
	do(t, other, `CREATE TABLE svc_users_migration_lock ()`)
	// A superuser counts as owner of everything, so this user must not be one.
	owner, ownerName := stranger(t, url)
	_ = owner
	admin(t, url, `GRANT CREATE ON SCHEMA public TO `+ownerName)
	s, err := store.Open(t.Context(), with(url, "options=-crole%3D"+ownerName))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "svc_users_migration_lock") {
		t.Errorf("Migrate: %v", err)
	}
	do(t, other, `DROP TABLE svc_users_migration_lock`)
	if err := errors.Join(s.Migrate(t.Context()), s.Ready(t.Context())); err != nil {
		t.Errorf("as a user with no more rights than to make tables: %v", err)
	}
}

// TestPostgresNotReady: what a transaction needs is looked for before there is one.
func TestPostgresNotReady(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, _ := withAccount(t, url)
	reader, name := stranger(t, url)
	_ = reader
	admin(t, url, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO `+name)
	limited, err := store.Open(t.Context(), with(url, "options=-crole%3D"+name))
	if err != nil {
		t.Fatal(err)
	}
	defer limited.Close()
	if err := limited.Ready(t.Context()); !errors.Is(err, store.ErrNotWritable) {
		t.Errorf("for one who may only read: %v", err)
	}
	// To look into the database is another thing.
	looking, err := store.OpenToRead(t.Context(), with(url, "options=-crole%3D"+name))
	if err != nil {
		t.Fatal(err)
	}
	if err := looking.Close(); err != nil {
		t.Error(err)
	}
	admin(t, url, `DROP TABLE transaction_lock`)
	if err := s.Ready(t.Context()); !errors.Is(err, users.ErrUnavailable) {
		t.Errorf("without the table that is locked: %v", err)
	}
	if err := s.InTx(t.Context(), func(users.Tx) error { return nil }); !errors.Is(err, users.ErrUnavailable) {
		t.Errorf("InTx without the table that is locked: %v", err)
	}
}

func TestPostgresCreators(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, _ := withAccount(t, url)
	_, name := stranger(t, url)
	creators := func(want ...string) {
		t.Helper()
		got, err := s.Creators(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q may create (%v), want %q", got, err, want)
		}
	}
	creators()
	admin(t, url, `GRANT CREATE ON SCHEMA public TO PUBLIC`)
	creators("PUBLIC")
	admin(t, url, `GRANT CREATE ON SCHEMA public TO `+name, `REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
	creators(name)
	admin(t, url, `REVOKE CREATE ON SCHEMA public FROM `+name, `CREATE SCHEMA beside`, `GRANT CREATE ON SCHEMA beside TO `+name)
	creators()
}
