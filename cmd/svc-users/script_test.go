package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/svc-users/svc-users/internal/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"svc-users": main})
}

// Every terminal session in testdata/script runs on both databases.
func TestScriptsOnSQLite(t *testing.T) {
	t.Parallel()
	runScripts(t, false, func(*testscript.Env) string { return "" })
}

func TestScriptsOnPostgres(t *testing.T) {
	t.Parallel()
	runScripts(t, true, func(*testscript.Env) string { return pgtest.URL(t) })
}

func runScripts(t *testing.T, onPostgres bool, database func(*testscript.Env) string) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			port, err := freePort()
			if err != nil {
				return err
			}
			env.Setenv("DATABASE_URL", database(env))
			// For production, which wants its database named.
			env.Setenv("NAMED_DATABASE", cmp.Or(env.Getenv("DATABASE_URL"), "sqlite://data/svc-users.db"))
			env.Setenv("PORT", strconv.Itoa(port))
			env.Setenv("BCRYPT_COST", "10")
			env.Values[keptConnection{}] = &keptConn{}
			// A program with the race detector in it sleeps for a second before it exits, unless it is told not to.
			env.Setenv("GORACE", "atexit_sleep_ms=10")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"ready":   ready,
			"http":    httpStatus,
			"login":   login,
			"valid":   valid,
			"mode":    mode,
			"sigterm": sigterm,
			"tls":     overTLS,
			"oneline": oneLineOf,
			"sql":     byHand,
			"chown":   chown,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "postgres":
				return onPostgres, nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
	})
}

// freePort returns a port that nothing listens at. It is none of those that the system hands out by itself (from 32768
// on under Linux): of these, another test could be given the same one before the server has it.
func freePort() (int, error) {
	for {
		port := 20_000 + rand.N(12_000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return 0, err
		}
	}
}

// exits STATUS COMMAND…: the command ends with that very status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		status = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("status %d, want %s", status, args[0])
	}
}

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// ready waits until the server of this script answers that it is.
func ready(ts *testscript.TestScript, neg bool, _ []string) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if status, _ := get(ts, "/readyz"); status == http.StatusOK {
			return
		}
		for _, cmd := range ts.BackgroundCmds() {
			if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
				ts.Fatalf("the server has ended: %v", err)
			}
		}
	}
	ts.Fatalf("the server is not ready")
}

// http PATH STATUS [TEXT…]: a GET has that status, and the texts in its body.
func httpStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: http PATH STATUS [TEXT…]")
	}
	status, body := get(ts, args[0])
	if strconv.Itoa(status) != args[1] {
		ts.Fatalf("GET %s: %d, want %s: %s", args[0], status, args[1], body)
	}
	for _, text := range args[2:] {
		if !strings.Contains(body, text) {
			ts.Fatalf("GET %s lacks %q: %s", args[0], text, body)
		}
	}
}

// login EMAIL PASSWORD: they are good for a token, which becomes $TOKEN.
func login(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: login EMAIL PASSWORD")
	}
	client := http.Client{Timeout: patience}
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, args[0], args[1])
	response, err := client.Post("http://127.0.0.1:"+ts.Getenv("PORT")+"/api/v1/auth/login", "application/json", strings.NewReader(body))
	ts.Check(err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("the login answers %d", response.StatusCode)
	}
	var answer struct{ Data struct{ Token string } }
	ts.Check(json.NewDecoder(response.Body).Decode(&answer))
	ts.Setenv("TOKEN", answer.Data.Token)
}

// valid: the server accepts $TOKEN. With ! it comes to refuse it.
func valid(ts *testscript.TestScript, neg bool, _ []string) {
	want := http.StatusOK
	if neg {
		want = http.StatusUnauthorized
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+ts.Getenv("PORT")+"/api/v1/auth/me", nil)
		ts.Check(err)
		request.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
		response, err := http.DefaultClient.Do(request)
		ts.Check(err)
		response.Body.Close()
		if response.StatusCode == want {
			return
		}
		if !neg || time.Now().After(deadline) {
			ts.Fatalf("the server answers %d, want %d", response.StatusCode, want)
		}
	}
}

func get(ts *testscript.TestScript, path string) (int, string) {
	client := http.Client{Timeout: patience}
	response, err := client.Get("http://127.0.0.1:" + ts.Getenv("PORT") + path)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	return response.StatusCode, string(body)
}

// sigterm asks all background processes to end, as an orchestrator does.
func sigterm(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

// sql STATEMENT: runs it on the database of NAMED_DATABASE, past the program.
func byHand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sql STATEMENT")
	}
	driver, name := "pgx", ts.Getenv("NAMED_DATABASE")
	if file, is := strings.CutPrefix(name, "sqlite://"); is {
		driver, name = "sqlite", ts.MkAbs(file)
	}
	db, err := sql.Open(driver, name)
	ts.Check(err)
	defer db.Close()
	_, err = db.ExecContext(context.Background(), args[0])
	ts.Check(err)
}

// chown UID FILE: the file belongs to that user.
func chown(ts *testscript.TestScript, _ bool, args []string) {
	uid, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.Chown(ts.MkAbs(args[1]), uid, -1))
}

// mode PERMISSIONS FILE: the file has exactly these.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); (got == args[0]) == neg {
		ts.Fatalf("%s has mode %s", args[1], got)
	}
}

// oneline FILE: it holds exactly one line.
func oneLineOf(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[0])
	if one := strings.Count(text, "\n") == 1 && strings.HasSuffix(text, "\n"); one == neg {
		ts.Fatalf("%s: %q", args[0], text)
	}
}
