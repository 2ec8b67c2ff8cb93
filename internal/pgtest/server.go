package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "postgres"
	// patience only ends what hangs: a machine that runs all tests at once is slow, and waiting costs nothing when it
	// is not.
	patience = 10 * time.Minute
)

// Server is a throw-away PostgreSQL cluster. Its methods must not be called at the same time.
type Server struct {
	bin    string // where initdb and postgres are
	dir    string // data, socket and log; owned by the one the server runs as
	owner  *syscall.Credential
	alive  io.Closer // a pipe: the janitor cleans up when it is closed
	cmd    *exec.Cmd // nil while stopped
	exited chan struct{}
}

// Start starts a server of its own for a test that wants to stop or restart it; it is removed when the test
// ends. A test that merely needs a database calls URL, which is cheaper.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := newServer()
	return s.untilEnd(t, err)
}

// untilEnd removes a server that was started, or was not, when the test ends.
func (s *Server) untilEnd(t testing.TB, err error) *Server {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop(t)
		if err := s.alive.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newServer makes a cluster and starts it.
func newServer() (*Server, error) { return startNew((*Server).initdb) }

// startNew starts a server on the data that fill makes.
func startNew(fill func(*Server) error) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	who, err := Owner()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "svc-users-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, owner: who}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	if err := s.janitor(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := fill(s); err != nil {
		return nil, err
	}
	return s, s.start()
}

// initdb makes the cluster. Its default collation is one that sorts as people do, wherever that can be had, so
// that a query which relies on the order of bytes without saying so is found out.
func (s *Server) initdb() error {
	common := []string{"-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions", "--locale=C"}
	out, err := s.command("initdb", append(common, "--locale-provider=icu", "--icu-locale=en-US")...).CombinedOutput()
	if err != nil {
		out, err = s.command("initdb", common...).CombinedOutput()
	}
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// Start starts the server again after Stop, on the same data, and returns when it takes connections.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop stops the server at once, as a crash would: connections break, nothing is written out.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-s.exited
	s.cmd = nil
}

// Restart is Stop and Start.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	s.Start(t)
}

func (s *Server) start() error {
	// Nothing here has to survive a crash of the machine, so nothing waits for the disk. A crash of the server
	// must lose nothing, since that is what tests look at: synchronous_commit stays on.
	cmd := s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=200",
		"-c", "fsync=off", "-c", "full_page_writes=off")
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own copy
	// The test's own output must not be inherited: go test waits until all processes have closed it.
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // the log says why it ended
	}()
	s.cmd, s.exited = cmd, exited
	return s.await()
}

// await waits until the server takes connections.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url(superuser))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.exited:
			log, _ := os.ReadFile(s.log()) // what can be had of it
			return fmt.Errorf("PostgreSQL ended while starting:\n%s", log)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not take connections: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// command prepares a program of PostgreSQL, run by the owner, in a process group of its own, so that an
// interrupt from the keyboard reaches the test alone.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setpgid: true}
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "log") }

// url names a database of the server.
func (s *Server) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.dir}, "user": {superuser}}.Encode()
}
