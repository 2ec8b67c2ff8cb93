package system

import (
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// A port that is taken ends the start before anything is done to the database.
func TestPortTakenLeavesTheDatabaseAlone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		p := command(t, []string{"DATABASE_URL=" + database, "PORT=" + strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)}, "serve", "--demo")
		if status := p.wait(patience); status != 1 || !strings.Contains(p.stderr.tail(), "HOST, PORT: ") {
			t.Errorf("status %d: %s", status, p.stderr.tail())
		}
		if path, is := strings.CutPrefix(database, "sqlite://"); is {
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("the file of the database was made (%v)", err)
			}
			return
		}
		if n := one(t, byHand(t, database), `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); n != "0" {
			t.Errorf("the database has %s tables", n)
		}
	})
}

// A server that is started before its PostgreSQL answers by its port that it is starting, and serves once PostgreSQL is
// there. Commands wait too. Told to stop meanwhile, it does.
func TestPostgresComesUpLater(t *testing.T) {
	t.Parallel()
	postgres := pgtest.Start(t)
	database := withPassword(t, postgres.Database(t))
	missing := command(t, []string{"DATABASE_URL=" + database + "&dbname=none", "DATABASE_WAIT=10m"}, "migrate", "up")
	if status := missing.wait(patience); status != 1 || strings.Contains(missing.stderr.tail(), "waiting") || !strings.Contains(missing.stderr.tail(), "3D000") {
		t.Errorf("without such a database: status %d: %s", status, missing.stderr.tail())
	}
	postgres.Stop(t)

	settings := []string{"DATABASE_URL=" + database, "DATABASE_WAIT=10m"}
	port := freePort(t)
	early := begin(t, append(settings, "PORT="+port))
	early.host = "127.0.0.1:" + port
	stopped := begin(t, settings)
	migration := command(t, settings, "migrate", "up")
	const waiting = "waiting for the database"
	until(t, "all wait", func() bool {
		return early.stderr.last(waiting) > 0 && stopped.stderr.last(waiting) > 0 && strings.Contains(migration.stderr.tail(), "(DATABASE_WAIT) for the database")
	})
	for path, status := range map[string]int{"/livez": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/api/v1/auth/me": http.StatusServiceUnavailable} {
		if a := early.send(http.MethodGet, path, "", nil); !a.is(status) {
			t.Errorf("%s while starting: %d %v", path, a.status, a.err)
		}
	}
	stopped.signal(syscall.SIGTERM)
	if status := stopped.wait(patience); status != 0 {
		t.Errorf("told to stop while it waits: status %d: %s", status, stopped.stderr.tail())
	}
	postgres.Start(t)
	early.listening()
	early.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
	if status := migration.wait(patience); status != 0 {
		t.Errorf("migrate up: status %d: %s", status, migration.stderr.tail())
	}
}

// freePort returns a port that nothing listens at. It is none of those that the system hands out by itself (from 32768
// on under Linux): of these, another test could be given the same one before the server has it.
func freePort(t *testing.T) string {
	t.Helper()
	for {
		port := strconv.Itoa(20_000 + rand.N(12_000))
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
}
