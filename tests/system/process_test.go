package system

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// process is one run of the binary.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *output
	stderr *output
	exited chan struct{}
}

// environment is what every process of these tests gets; settings come last and win. Nothing is inherited, so
// that what happens to be set where the tests run changes nothing, and PORT is 0, so that tests never want the
// same one; and a login waits as long as it may, on a busy machine too.
func environment(dir string, settings []string) []string {
	return append([]string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "DATA_DIR=" + filepath.Join(dir, "data"), "PORT=0",
		"BCRYPT_COST=10", "LOGIN_MAX_WAIT=10s", "LOG_FORMAT=json", "LOG_LEVEL=debug", "JWT_PRIVATE_KEY=" + signingKey,
	}, settings...)
}

// command starts a command that speaks to people: what it writes is words.
func command(t *testing.T, settings []string, args ...string) *process {
	t.Helper()
	return launch(t, settings, &output{}, args)
}

// launch starts the binary in a folder of its own. However the test ends, the process is gone with it, and what
// it wrote has been looked at.
func launch(t *testing.T, settings []string, stderr *output, args []string) *process {
	t.Helper()
	return launchProgram(t, binary, settings, stderr, args)
}

// launchProgram starts another than the binary in the same way.
func launchProgram(t *testing.T, program string, settings []string, stderr *output, args []string) *process {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, environment(dir, settings), pdeathsig()
	return start(t, cmd, stderr)
}

// start starts a command that is complete but for its output.
func start(t *testing.T, cmd *exec.Cmd, stderr *output) *process {
	t.Helper()
	p := &process{
		t: t, cmd: cmd, exited: make(chan struct{}),
		stdout: &output{seen: make(chan string, 16)}, stderr: stderr,
	}
	program, args := cmd.Path, cmd.Args[1:]
	p.cmd.Stdout = p.stdout
	if p.cmd.Stderr == nil {
		p.cmd.Stderr = p.stderr
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the status is in ProcessState
	}()
	t.Cleanup(func() {
		p.kill()
		for _, problem := range append(p.stdout.end(), p.stderr.end()...) {
			t.Errorf("output of %s %s: %s", filepath.Base(program), strings.Join(args, " "), problem)
		}
		if t.Failed() {
			t.Logf("last output of %s %s:\n%s\n%s", filepath.Base(program), strings.Join(args, " "), p.stdout.tail(), p.stderr.tail())
		}
	})
	return p
}

// signal sends a signal. One to a process that has ended is no mistake of the test.
func (p *process) signal(s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("signal %v: %v", s, err)
	}
}

// kill is kill -9. It returns when the process is no more.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// wait returns the exit status of a process that ends by itself, within a time of the machine's clock.
func (p *process) wait(within time.Duration) int {
	p.t.Helper()
	for began := machineTime(); machineSince(began) <= within; {
		select {
		case <-p.exited:
			return p.cmd.ProcessState.ExitCode()
		case <-time.After(sampleEvery):
		}
	}
	p.t.Fatalf("the process has not ended after %v:\n%s", within, p.stderr.tail())
	return 0
}

// server is a process that serves.
type server struct {
	*process
	host   string // host:port
	client *http.Client
}

// serve starts a server on a database and returns when it listens.
func serve(t *testing.T, database string, args ...string) *server {
	t.Helper()
	return serveWith(t, []string{"DATABASE_URL=" + database}, args...)
}

func serveWith(t *testing.T, settings []string, args ...string) *server {
	t.Helper()
	s := begin(t, settings, args...)
	s.listening()
	return s
}

// begin starts a server, whose log must be a record a line, and does not wait for it.
func begin(t *testing.T, settings []string, args ...string) *server {
	t.Helper()
	record := jsonRecord
	if slices.Contains(settings, "LOG_FORMAT=text") {
		record = textRecord
	}
	p := launch(t, settings, &output{record: record}, append([]string{"serve"}, args...))
	s := &server{process: p, client: newClient()}
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

// listening waits until the server says where it is.
func (s *server) listening() {
	s.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line := <-s.stdout.seen:
			if at, ok := strings.CutPrefix(line, "API  http://"); ok {
				s.host = strings.TrimSuffix(at, "/api/v1")
				return
			}
		case <-s.exited:
			s.t.Fatalf("the server ended with status %d:\n%s", s.cmd.ProcessState.ExitCode(), s.stderr.tail())
		case <-timeout:
			s.t.Fatalf("the server does not listen after %v:\n%s", patience, s.stderr.tail())
		}
	}
}
