package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users/internal/pgtest"
)

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	a, b := connect(t, pgtest.URL(t)), connect(t, pgtest.URL(t))
	mustExec(t, a, "CREATE TABLE thing (n integer)")
	// Would fail, were it the same database.
	mustExec(t, b, "CREATE TABLE thing (n integer)")
}

func TestRestartKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	conn := connect(t, url)
	mustExec(t, conn, "CREATE TABLE thing (n integer)")
	server.Restart(t)
	if _, err := conn.Exec(context.Background(), "SELECT 1"); err == nil {
		t.Error("a connection outlived the server it was made to")
	}
	mustExec(t, connect(t, url), "INSERT INTO thing VALUES (1)")
}

func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	url := primary.Database(t)
	standby := primary.Standby(t)
	mustExec(t, connect(t, url), "CREATE TABLE thing (n integer)")
	primary.Stop(t)
	conn := connect(t, standby.Same(t, url))
	if _, err := conn.Exec(context.Background(), "CREATE TABLE other (n integer)"); err == nil {
		t.Error("a standby took a write")
	}
	standby.Promote(t)
	mustExec(t, conn, "CREATE TABLE other (n integer)")
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}
