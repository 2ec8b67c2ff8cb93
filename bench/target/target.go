// Package target starts the built binary as an operator would, with documented settings only, and uses nothing but its
// process and its port.
package target

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/machine"
)

const (
	// startTimeout is far above the goal for a start: a slow one is measured, not cut off.
	startTimeout = 60 * time.Second
	// stopTimeout is more than a server without requests in flight needs.
	stopTimeout = 10 * time.Second
	// logShown is how much of the log an error shows, in bytes.
	logShown = 2000
)

// Settings are those of one installation.
type Settings struct {
	Binary      string // the built svc-users
	Dir         string // working and data folder, with the log
	DatabaseURL string // empty: SQLite in Dir
	BcryptCost  int
	RateLimits  bool // attempts are counted
	// Keys are settings with the key that tokens are signed by; none: the service makes one in Dir. Replicas of one
	// installation share theirs.
	Keys []string
}

// SQLite is the URL of the embedded database in Dir.
func (s Settings) SQLite() string { return "sqlite://" + filepath.Join(s.Dir, "svc-users.db") }

// environment is all that the process gets: what is set where the benchmark runs must not reach it.
func (s Settings) environment() []string {
	url := s.DatabaseURL
	if url == "" {
		url = s.SQLite()
	}
	limits := "off"
	if s.RateLimits {
		limits = "on"
	}
	return append([]string{
		"HOME=" + s.Dir, "TMPDIR=" + os.TempDir(),
		"DATA_DIR=" + s.Dir, "DATABASE_URL=" + url, "HOST=127.0.0.1", "PORT=0",
		"RATE_LIMITS=" + limits, "BCRYPT_COST=" + strconv.Itoa(s.BcryptCost),
	}, s.Keys...)
}

// Service is a running service.
type Service struct {
	cmd    *exec.Cmd
	log    *os.File
	addr   string
	exited chan error
}

// Start starts a service and returns once it has printed the address of its API. It is an error when it ends before or
// takes longer than startTimeout; the error holds the last lines of the log.
func Start(ctx context.Context, s Settings) (*Service, error) {
	// A file, for that is about what a record costs in production too; a pipe would be read at our expense.
	log, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, s.Binary, "serve") //nolint:gosec // the binary under test is the caller's choice
	cmd.Dir, cmd.Env, cmd.Stderr = s.Dir, s.environment(), log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	if err := machine.Start(cmd); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	t := &Service{cmd: cmd, log: log, exited: make(chan error, 1)}
	announced := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if addr, ok := address(lines.Text()); ok {
				announced <- addr
			}
		}
		t.exited <- cmd.Wait()
	}()
	select {
	case t.addr = <-announced:
		return t, nil
	case err := <-t.exited:
		t.exited <- err
		return nil, errors.Join(fmt.Errorf("svc-users ended while starting: %w\n%s", err, t.lastWords()), t.Stop())
	case <-time.After(startTimeout):
		return nil, errors.Join(fmt.Errorf("svc-users has not started within %s\n%s", startTimeout, t.lastWords()), t.Stop())
	}
}

// address finds host:port in the line in which the service says where its API is.
func address(line string) (string, bool) {
	name, url, _ := strings.Cut(line, " ")
	if name != "API" {
		return "", false
	}
	addr, ok := strings.CutPrefix(strings.TrimSpace(url), "http://")
	addr, _, path := strings.Cut(addr, "/")
	return addr, ok && path
}

// lastWords returns the last lines of the log, for an error.
func (t *Service) lastWords() string {
	if info, err := t.log.Stat(); err == nil {
		if text, err := io.ReadAll(io.NewSectionReader(t.log, max(0, info.Size()-logShown), logShown)); err == nil {
			return string(text)
		}
	}
	return "(its log cannot be read)"
}

// Addr is host:port.
func (t *Service) Addr() string { return t.addr }

// PID is the id of the process.
func (t *Service) PID() int { return t.cmd.Process.Pid }

// Stop asks the service to end, and ends it if it does not. A service that did not end by itself with success is
// an error.
func (t *Service) Stop() error {
	defer t.log.Close()
	if err := t.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-t.exited:
		if err != nil {
			return fmt.Errorf("svc-users: %w\n%s", err, t.lastWords())
		}
		return nil
	case <-time.After(stopTimeout):
	}
	return errors.Join(fmt.Errorf("svc-users did not stop within %s", stopTimeout), t.cmd.Process.Kill(), <-t.exited)
}

// Login is a request that logs in with an e-mail address and a password.
func Login(email, password string) load.Request {
	// Neither holds anything that JSON would have to escape.
	return load.Send(http.MethodPost, "/api/v1/auth/login", "", fmt.Sprintf(`{"email":"%s","password":"%s"}`, email, password))
}

// Token logs in and returns the bearer token.
func (t *Service) Token(ctx context.Context, email, password string) (string, error) {
	conn, err := load.Dial(ctx, t.addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	answer, err := conn.Do(Login(email, password))
	if err == nil {
		err = answer.Expect(http.StatusOK)
	}
	if err != nil {
		return "", fmt.Errorf("logging in: %w", err)
	}
	var body struct{ Data struct{ Token string } }
	return body.Data.Token, errors.Join(json.Unmarshal(answer.Body, &body), nonEmpty(body.Data.Token))
}

func nonEmpty(token string) error {
	if token == "" {
		return errors.New("the answer to a login has no token")
	}
	return nil
}
