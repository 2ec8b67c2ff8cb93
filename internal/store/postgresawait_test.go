package store_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// never is told of a wait that must not be.
func never(t *testing.T) func(string) {
	return func(why string) { t.Errorf("waited for what does not come: %s", why) }
}

// TestAwaitPostgres has a server that is down at first. A database that is missing is not waited for.
func TestAwaitPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := with(server.Database(t), "password=hunter2")
	if err := store.Await(t.Context(), url, patience, never(t)); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"dbname=none", "user=none", "search_path=public&work_mem=hunter2"} {
		if err := store.Await(t.Context(), with(url, wrong), patience, never(t)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	server.Stop(t)
	if err := store.Await(t.Context(), url, 0, never(t)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("without a wait: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := store.Await(ctx, url, patience, func(string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	waited := 0
	if err := store.Await(t.Context(), url, patience, func(why string) {
		if waited++; waited == 1 {
			server.Start(t)
		}
		if strings.Contains(why, "hunter2") || strings.Contains(why, "\n") {
			t.Errorf("it says %q", why)
		}
	}); err != nil || waited == 0 {
		t.Errorf("a server that comes up: %v, waited %d times", err, waited)
	}
}

func TestAwaitSQLite(t *testing.T) {
	t.Parallel()
	if err := store.Await(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "none.db"), patience, never(t)); err != nil {
		t.Error(err)
	}
}

// TestAwaitPostgresRefusals: which answers of a server are final, alone and beside a server that is down.
func TestAwaitPostgresRefusals(t *testing.T) {
	t.Parallel()
	down, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := down.Addr().String()
	_ = down.Close()
	for code, final := range map[string][2]bool{ // alone, beside another
		"28P01": {true, true},   // wrong password
		"3D000": {true, true},   // no such database
		"42501": {true, true},   // no right to connect
		"28000": {true, false},  // no entry in pg_hba.conf
		"22023": {true, false},  // a setting that it does not take
		"57P03": {false, false}, // starting up
		"53300": {false, false}, // too many connections
		"08P01": {false, false}, // what PgBouncer says of many things
	} {
		for i, hosts := range []string{refusing(t, code), closed + "," + refusing(t, code)} {
			t.Run(code+" "+[]string{"alone", "beside another"}[i], func(t *testing.T) {
				t.Parallel()
				waited := false
				err := store.Await(t.Context(), "postgresql://u:hunter2@"+hosts+"/db?sslmode=disable", time.Second, func(string) { waited = true })
				if err == nil || !strings.Contains(err.Error(), code) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%v", err)
				}
				if waited == final[i] {
					t.Errorf("waited: %v", waited)
				}
			})
		}
	}
}

// refusing returns the address of a server that refuses each connection with a SQLSTATE.
func refusing(t *testing.T, code string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			backend := pgproto3.NewBackend(conn, conn)
			if _, err := backend.ReceiveStartupMessage(); err == nil {
				backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: "refused"})
				_ = backend.Flush()
			}
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}
