package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// TestPostgresStandbyIsNotRead has one name that leads to the primary, then to a standby that lags behind it, then to
// the same server once it was promoted. The account that the primary has disabled meanwhile is active at no time.
func TestPostgresStandbyIsNotRead(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	direct := primary.Database(t)
	standby := primary.Standby(t)
	name := newName(t, direct)
	s, a := withAccount(t, name.url)
	listening(t, s, "")
	warm(t, s, a.ID)
	copied := standby.Same(t, direct)
	waitFor(t, copied, `SELECT count(*) = 1 FROM accounts WHERE is_active`)
	admin(t, copied, `SELECT pg_wal_replay_pause()`)
	waitFor(t, copied, `SELECT pg_get_wal_replay_pause_state() = 'paused'`)
	admin(t, direct, `UPDATE accounts SET is_active = false`)
	waitFor(t, copied, `SELECT pg_last_wal_receive_lsn() >= '`+value(t, direct, `SELECT CAST(pg_current_wal_lsn() AS text)`)+`'`)
	if found, err := s.Access(t.Context(), a.ID); err != nil || found.Account.Active {
		t.Fatalf("the account is active: %v", err)
	}
	if value(t, copied, `SELECT CAST(is_active AS text) FROM accounts`) != "true" {
		t.Fatal("the standby does not lag behind")
	}

	name.leadTo(t, copied)
	for range 3 {
		for what, call := range map[string]func() error{
			"Access":         func() error { _, err := s.Access(t.Context(), a.ID); return err },
			"AccountByEmail": func() error { _, _, err := s.AccountByEmail(t.Context(), a.Email); return err },
			"Ping":           func() error { return s.Ping(t.Context()) },
			"Ready":          func() error { return s.Ready(t.Context()) },
			"InTx":           func() error { return s.InTx(t.Context(), func(users.Tx) error { return nil }) },
		} {
			if err := call(); !errors.Is(err, users.ErrUnavailable) || !strings.Contains(err.Error(), "the server is a standby") {
				t.Errorf("%s on a standby: %v", what, err)
			}
		}
		if found, ok := s.CachedAccess(a.ID); ok && found.Account.Active {
			t.Error("the account is active by what is cached")
		}
	}

	primary.Stop(t)
	standby.Promote(t)
	soon(t, "served by the promoted server", func() bool {
		found, err := s.Access(t.Context(), a.ID)
		if found.Account.Active {
			t.Fatal("the account is active at the promoted server")
		}
		return err == nil && s.Ready(t.Context()) == nil
	})
	if err := s.InTx(t.Context(), func(tx users.Tx) error { return tx.UpdateAccount(t.Context(), a) }); err != nil {
		t.Errorf("writing to the promoted server: %v", err)
	}
	soon(t, "notified of changes again", func() bool {
		_, err := s.Access(t.Context(), a.ID)
		found, ok := s.CachedAccess(a.ID)
		return err == nil && ok && found.Account.Active == a.Active
	})
}

// TestPostgresSecondHostIsThePrimary has the standby as the first host of the URL.
func TestPostgresSecondHostIsThePrimary(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	direct := primary.Database(t)
	standby := primary.Standby(t)
	first, second := newName(t, standby.Same(t, direct)), newName(t, direct)
	both := strings.Replace(second.url, "@"+second.address, "@"+first.address+","+second.address, 1)
	for _, parameter := range []string{"connect_timeout=5", "target_session_attrs=any", "target_session_attrs=primary", "target_session_attrs=read-write"} {
		s := migrated(t, with(both, parameter))
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("%s: %v", parameter, err)
		}
	}
	// Alone, it is waited for until it is promoted.
	err := store.Await(t.Context(), first.url, patience, func(why string) {
		if !strings.Contains(why, "the server is a standby") {
			t.Errorf("waiting for another reason: %s", why)
		}
		primary.Stop(t)
		standby.Promote(t)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestPostgresReadOnlyPrimary: a primary in which an operator has switched writing off is read as ever, and its
// connections are kept though it answers to writes as a standby does.
func TestPostgresReadOnlyPrimary(t *testing.T) {
	t.Parallel()
	u := pgtest.URL(t)
	_, a := withAccount(t, u)
	admin(t, u, `DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$`)
	s, err := store.Open(t.Context(), with(u, "application_name=looked_at&pool_max_conns=1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	before := value(t, u, connections)
	for range 3 {
		if err := s.InTx(t.Context(), func(tx users.Tx) error { return tx.UpdateAccount(t.Context(), a) }); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("writing: %v", err)
		}
		if found, err := s.Access(t.Context(), a.ID); err != nil || !found.Account.Active {
			t.Errorf("reading: %v", err)
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if after := value(t, u, connections); before == "" || after != before {
		t.Errorf("the connections were %q and are %q", before, after)
	}
}

// TestPostgresPoolLeavesAStandby: behind a pooler a connection can lead to a standby that was made to the primary. Once
// one was refused a write, all of them are made anew. The pooler is played by a server that says of itself what a
// standby does.
func TestPostgresPoolLeavesAStandby(t *testing.T) {
	t.Parallel()
	u := pgtest.Start(t).Database(t)
	s, a := withAccount(t, with(u, "application_name=looked_at"))
	update := func(also func() error) error {
		return s.InTx(t.Context(), func(tx users.Tx) error {
			return errors.Join(tx.UpdateAccount(t.Context(), a), also())
		})
	}
	// Reading within a transaction takes a second connection.
	if err := update(func() error { _, err := s.Account(t.Context(), a.ID); return err }); err != nil {
		t.Fatal(err)
	}
	if n := len(strings.Fields(value(t, u, connections))); n < 2 {
		t.Fatalf("the pool has %d connections", n)
	}
	admin(t, u, `SET allow_system_table_mods = on; ALTER FUNCTION pg_catalog.pg_is_in_recovery() RENAME TO pg_really_is_in_recovery;
		CREATE FUNCTION pg_catalog.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
		`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE read_only_sql_transaction; END $$`,
		`CREATE TRIGGER refuse BEFORE UPDATE ON accounts EXECUTE FUNCTION refuse()`)
	if err := update(func() error { return nil }); !errors.Is(err, users.ErrUnavailable) || !strings.Contains(err.Error(), "the server is a standby") {
		t.Errorf("writing: %v", err)
	}
	soon(t, "without connections", func() bool { return value(t, u, connections) == "" })
	admin(t, u, `DROP TRIGGER refuse ON accounts`, `SET allow_system_table_mods = on; DROP FUNCTION pg_catalog.pg_is_in_recovery();
		ALTER FUNCTION pg_catalog.pg_really_is_in_recovery() RENAME TO pg_is_in_recovery`)
	if err := update(func() error { return nil }); err != nil {
		t.Error(err)
	}
}

// connections is a query for the process ids of those connections that have the name looked_at.
const connections = `SELECT coalesce(string_agg(CAST(pid AS text), ' ' ORDER BY pid), '') FROM pg_stat_activity WHERE application_name = 'looked_at'`

// waitFor waits until a query says true.
func waitFor(t *testing.T, u, query string) {
	t.Helper()
	soon(t, query, func() bool { return value(t, u, `SELECT CAST((`+query+`) AS text)`) == "true" })
}
