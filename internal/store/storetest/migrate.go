package storetest

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

func testMigrateFresh(t *testing.T, url string) {
	ctx := t.Context()
	s := open(t, url)
	if err := s.Ready(ctx); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("an empty database is ready: %v", err)
	}
	list, err := s.Migrations(ctx)
	if err != nil || len(list) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, m := range list {
		if m.Applied || !m.AppliedAt.IsZero() || m.Name == "" || m.Version == 0 {
			t.Errorf("in an empty database: %+v", m)
		}
	}
	for range 2 {
		wantError(t, "Migrate", s.Migrate(ctx), nil)
		wantError(t, "Ready", s.Ready(ctx), nil)
	}
	list, err = s.Migrations(ctx)
	wantError(t, "Migrations", err, nil)
	for _, m := range list {
		if age := time.Since(m.AppliedAt); !m.Applied || age < -time.Minute || age > time.Minute {
			t.Errorf("after Migrate: %+v", m)
		}
	}
	graph, err := s.Graph(ctx)
	if err != nil || len(graph.Effective(users.ID{})) != 0 {
		t.Errorf("the schema alone is made, nothing in it: %v", err)
	}
}

func testMigrateEightAtOnce(t *testing.T, url string) {
	var wait sync.WaitGroup
	for range 8 {
		s := open(t, url)
		wait.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func testMigrateForeignTables(t *testing.T, url string) {
	ctx := t.Context()
	byHand(t, url, `CREATE TABLE roles (anything text)`, `CREATE TABLE permissions (anything text)`,
		`CREATE TABLE unrelated (anything text)`, `INSERT INTO roles VALUES ('theirs')`)
	s := open(t, url)
	err := s.Migrate(ctx)
	if !errors.Is(err, store.ErrForeignTables) || !strings.Contains(err.Error(), ": permissions, roles;") {
		t.Errorf("Migrate: %v", err)
	}
	if err := s.Ready(ctx); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("Ready: %v", err)
	}
	// What was there is there, and nothing else: these fail where anything of ours was made.
	byHand(t, url, `DELETE FROM roles WHERE anything = 'theirs'`,
		`CREATE TABLE accounts (n integer)`, `CREATE TABLE role_permissions (n integer)`, `CREATE TABLE svc_users_migrations (n integer)`,
		`CREATE TABLE authorization_stamp (n integer)`, `CREATE TABLE service_secrets (n integer)`)
}

func testMigrateNewerSchema(t *testing.T, url string) {
	ctx := t.Context()
	s := open(t, url)
	wantError(t, "Migrate", s.Migrate(ctx), nil)
	byHand(t, url, `INSERT INTO svc_users_migrations (version_id, is_applied) VALUES (999, '1')`)
	for name, err := range map[string]error{"Migrate": s.Migrate(ctx), "Ready": s.Ready(ctx)} {
		if !errors.Is(err, store.ErrNewerSchema) || !strings.Contains(err.Error(), "999") {
			t.Errorf("%s on a newer schema: %v", name, err)
		}
	}
	if _, err := s.Migrations(ctx); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("Migrations on a newer schema: %v", err)
	}
}

// testMigrateAfterInterruption: a process may be killed when the table of versions is made and nothing else.
func testMigrateAfterInterruption(t *testing.T, url string) {
	ctx := t.Context()
	s := open(t, url)
	wantError(t, "Migrate", s.Migrate(ctx), nil)
	byHand(t, url, `DROP TABLE client_secrets`, `DROP TABLE client_keys`, `DROP TABLE client_trusts`, `DROP TABLE used_assertions`, `DROP TABLE throttles`, `DROP TABLE imported_factors`, `DROP TABLE api_keys`, `DROP TABLE account_sessions`, `DROP TABLE ended_sessions`, `DROP TABLE service_accounts`, `DROP TABLE accounts`, `DROP TABLE account_counts`, `DROP TABLE role_permissions`, `DROP TABLE permissions`, `DROP TABLE roles`,
		`DROP TABLE authorization_stamp`, `DROP TABLE account_changes`, `DROP TABLE rights_changes`, `DROP TABLE change_marks`,
		`DROP TABLE email_changes`, `DROP TABLE service_secrets`, `DROP TABLE job_leases`, `DROP TABLE signing_keys`, `DROP TABLE signing_key_names`, `DROP TABLE audiences`,
		`DELETE FROM svc_users_migrations WHERE version_id > 0`)
	if strings.HasPrefix(url, "sqlite") {
		byHand(t, url, `DROP TABLE accounts_search`, `DROP TABLE accounts_replaced`)
	} else {
		byHand(t, url, `DROP FUNCTION renew_authorization_stamp`, `DROP FUNCTION note_account_changes`, `DROP FUNCTION note_rights_changes`, `DROP FUNCTION mark_position`,
			`DROP FUNCTION change_channel`, `DROP FUNCTION listen_on`, `DROP TABLE transaction_lock`, `DROP FUNCTION count_accounts`, `DROP FUNCTION email_trigrams`,
			`DROP FUNCTION end_tokens_of_disabled`, `DROP FUNCTION note_ended_sessions`, `DROP FUNCTION place_keys`, `DROP FUNCTION renew_key_stamp`, `DROP FUNCTION keep_account_kind`, `DROP FUNCTION renew_api_keys`)
	}
	if err := s.Ready(ctx); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("Ready: %v", err)
	}
	wantError(t, "Migrate", s.Migrate(ctx), nil)
	wantError(t, "Ready", s.Ready(ctx), nil)
}

// testMigrateWhenCurrent: a start on a current schema does not wait, not even for a transaction.
func testMigrateWhenCurrent(t *testing.T, url string) {
	ctx := t.Context()
	s, other := open(t, url), open(t, url)
	wantError(t, "Migrate", s.Migrate(ctx), nil)
	err := s.InTx(ctx, func(users.Tx) error {
		wantError(t, "Migrate beside a transaction", other.Migrate(ctx), nil) // which cannot end before it has returned
		return nil
	})
	wantError(t, "InTx", err, nil)
}
