package system

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// newPgBouncer puts a PgBouncer in transaction mode before a database, and returns the URL through it, with which
// no statement is prepared. It has fewer connections than two replicas want.
func newPgBouncer(t *testing.T, database string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no pgbouncer in PATH (Debian and Ubuntu: apt-get install pgbouncer)")
		}
		t.Skip("no pgbouncer in PATH (Debian and Ubuntu: apt-get install pgbouncer)")
	}
	config, err := pgconn.ParseConfig(database)
	if err != nil {
		t.Fatal("the database URL cannot be parsed")
	}
	// It refuses to run as root, as PostgreSQL does.
	owner, err := pgtest.Owner()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "svc-users-pgbouncer-") // short, as names of sockets must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	files := map[string]string{
		"users": quote(config.User) + " " + quote(config.Password) + "\n",
		"ini": fmt.Sprintf(`[databases]
%s = host=%s port=%d
[pgbouncer]
listen_port = 6432
unix_socket_dir = %s
auth_type = trust
auth_file = %s/users
pool_mode = transaction
default_pool_size = 4
max_client_conn = 100
`, config.Database, config.Host, config.Port, dir, dir),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	attributes := pdeathsig()
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
		attributes.Credential = owner
	}
	log := &output{}
	cmd := exec.Command(program, filepath.Join(dir, "ini"))
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = dir, attributes, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error("pgbouncer has ended before the test:", err)
		}
		err := cmd.Wait()
		if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGKILL {
			t.Error("pgbouncer has ended before the test:", err)
		}
		if t.Failed() {
			t.Logf("last output of pgbouncer:\n%s", log.tail())
		}
	})
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, ".s.PGSQL.6432")); err == nil {
			break
		}
		if time.Since(began) > patience {
			t.Fatalf("pgbouncer does not listen:\n%s", log.tail())
		}
	}
	query := url.Values{"host": {dir}, "port": {"6432"}, "user": {config.User}, "password": {config.Password}, "default_query_exec_mode": {"exec"}}
	return "postgres:///" + config.Database + "?" + query.Encode()
}
