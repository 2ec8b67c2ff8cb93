package system

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// unprivileged is the user of the container image.
const unprivileged = 65532

// readOnlyRoot is a root file system with nothing in it but the binary and one folder that can be written, as in a
// container with a read-only root: no folder for temporary files.
type readOnlyRoot struct {
	t    *testing.T
	path string
}

func newReadOnlyRoot(t *testing.T) readOnlyRoot {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can change the root of a process")
	}
	r := readOnlyRoot{t, t.TempDir()}
	if err := os.Chmod(r.path, 0o755); err != nil {
		t.Fatal(err)
	}
	r.copyIn(binary, "svc-users", 0o755)
	if err := os.Mkdir(r.data(), 0o700); err != nil {
		t.Fatal(err)
	}
	r.give(r.data())
	return r
}

func (r readOnlyRoot) data() string { return filepath.Join(r.path, "data") }

func (r readOnlyRoot) give(path string) {
	r.t.Helper()
	if err := os.Chown(path, unprivileged, unprivileged); err != nil {
		r.t.Fatal(err)
	}
}

func (r readOnlyRoot) copyIn(from, name string, mode os.FileMode) {
	r.t.Helper()
	in, err := os.Open(from)
	if err != nil {
		r.t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(r.path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		r.t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		r.t.Fatal(err)
	}
}

// launch starts the binary there.
func (r readOnlyRoot) launch(stderr *output, args ...string) *process {
	r.t.Helper()
	cmd := exec.Command("/svc-users", args...)
	cmd.Dir, cmd.Env = "/", environment("/", []string{"DATABASE_URL=sqlite:///data/a.db"})
	cmd.SysProcAttr = pdeathsig()
	cmd.SysProcAttr.Chroot = r.path
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
	return start(r.t, cmd, stderr)
}

// TestReadOnlyRoot: what needs room beside the database, the journals of large statements and the sorting for new
// indexes, needs no folder for temporary files.
func TestReadOnlyRoot(t *testing.T) {
	t.Parallel()
	r := newReadOnlyRoot(t)
	// A database of the first version, with accounts: bringing it up to date builds indexes over all of them.
	database := "sqlite://" + filepath.Join(r.data(), "a.db")
	first, err := filepath.Glob("../../internal/store/migrations/sqlite/00001_*.sql")
	if err != nil || len(first) != 1 {
		t.Fatalf("the first migration: %v (%v)", first, err)
	}
	schema, err := os.ReadFile(first[0])
	if err != nil {
		t.Fatal(err)
	}
	accounts := 120_000
	db := byHand(t, database)
	run(t, db, string(schema),
		`CREATE TABLE svc_users_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		`INSERT INTO svc_users_migrations (version_id, is_applied) VALUES (0, 1), (1, 1)`,
		`INSERT INTO roles VALUES ('00000000-0000-7000-8000-000000000001', 'Staff', 'staff', NULL, NULL, 0, 0, 0)`,
		fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO accounts SELECT printf('00000000-0000-7000-9000-%%012x', i), printf('person%%d@team%%d.example.com', i, i %% 100),
			printf('person%%d@team%%d.example.com', i, i %% 100), '', '00000000-0000-7000-8000-000000000001', 1, 1, i, i FROM n`, accounts),
		`PRAGMA journal_mode = DELETE`)
	r.give(filepath.Join(r.data(), "a.db"))

	migration := r.launch(&output{}, "migrate", "up")
	if status := migration.wait(patience); status != 0 {
		t.Fatalf("migrate up: status %d: %s", status, migration.stderr.tail())
	}
	s := &server{process: r.launch(&output{record: jsonRecord}, "serve", "--demo"), client: newClient()}
	t.Cleanup(s.client.CloseIdleConnections)
	s.listening()
	token := s.login("admin@example.com", "admin123")
	s.want(http.StatusOK, http.MethodPatch, "/api/v1/roles/00000000-0000-7000-8000-000000000001", token, map[string]any{"name": "Personnel"})
	s.want(http.StatusOK, http.MethodDelete, fmt.Sprintf("/api/v1/accounts/00000000-0000-7000-9000-%012x", accounts/2), token, nil)
	s.want(http.StatusOK, http.MethodGet, "/api/v1/accounts?q=person77&sort=-email", token, nil)
	s.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
	s.signal(syscall.SIGTERM)
	if status := s.wait(patience); status != 0 {
		t.Errorf("status %d after SIGTERM", status)
	}
	entries, err := os.ReadDir(r.data())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "-wal") || strings.HasSuffix(e.Name(), "-shm") {
			t.Errorf("%s is left after SIGTERM", e.Name())
		}
	}
}
