package store_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
)

// TestPostgresSocketAsHost: the folder of a socket may be the host, percent-encoded, as for libpq.
func TestPostgresSocketAsHost(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal("the URL of the test's server is malformed")
	}
	if !filepath.IsAbs(config.Host) {
		t.Skip("the server of the tests is not reached by a socket")
	}
	migrated(t, "postgresql://"+config.User+"@"+url.PathEscape(config.Host)+"/"+config.Database)
}

// TestPostgresGrants: a role with the grants of docs/operations.md can serve, and receives change notifications.
func TestPostgresGrants(t *testing.T) {
	t.Parallel()
	u := pgtest.Start(t).Database(t)
	migrated(t, u)
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, grants, found := strings.Cut(string(text), "-- the serving role\n")
	grants, _, ended := strings.Cut(grants, "```")
	if !found || !ended {
		t.Fatal("docs/operations.md does not list the grants")
	}
	config, err := pgx.ParseConfig(u)
	if err != nil {
		t.Fatal("the URL of the test's server is malformed")
	}
	admin(t, u, `CREATE ROLE svc_users LOGIN`, `REVOKE ALL ON DATABASE `+config.Database+` FROM PUBLIC`,
		strings.ReplaceAll(grants, "DATABASE svc_users", "DATABASE "+config.Database))
	s, a := withAccount(t, with(u, "user=svc_users"))
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.CursorKey(t.Context()); err != nil {
		t.Error(err)
	}
	listening(t, s, "")
	warm(t, s, a.ID)
	if err := s.InTx(t.Context(), func(tx users.Tx) error { return tx.UpdateAccount(t.Context(), a) }); err != nil {
		t.Error(err)
	}
}
