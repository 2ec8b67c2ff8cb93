package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The README's session is what a newcomer sees. It is run here as it stands, in one shell, against a server
// started as the README says, and every answer must be the one that is printed there.
func TestReadmeSession(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	base := startDemo(t)
	steps := session(string(readme))
	if len(steps) < 10 {
		t.Fatalf("the README's session has %d steps; is it still marked as ```console?", len(steps))
	}
	var script strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&script, "%s\necho '--%d--'\n", strings.ReplaceAll(s.command, "http://127.0.0.1:8001", base), i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script.String())
	printed, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	rest := string(printed)
	for i, s := range steps {
		var answer string
		answer, rest, _ = strings.Cut(rest, fmt.Sprintf("--%d--\n", i))
		if !s.matches(answer) {
			t.Errorf("$ %s\nprints  %s\nREADME: %s", s.command, answer, s.answer)
		}
	}
}

type step struct{ command, answer string }

// session collects the commands of all console blocks, each with what it is said to print.
func session(readme string) []step {
	var steps []step
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: strings.TrimSpace(command)})
			} else {
				steps[len(steps)-1].answer += line
			}
		}
	}
	return steps
}

// matches takes … for anything at all.
func (s step) matches(answer string) bool {
	var parts []string
	for part := range strings.SplitSeq(s.answer, "…") {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(answer)
}

// startDemo runs `serve --demo` in an empty folder and returns where it answers.
func startDemo(t *testing.T) string {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary is the program itself when it is called by the program's name (testscript.Main).
	dir := t.TempDir()
	program := filepath.Join(dir, "svc-users")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	server := exec.Command(program, "serve", "--demo")
	server.Dir = dir
	server.Env = append(os.Environ(), fmt.Sprintf("PORT=%d", port), "DATABASE_URL=", "BCRYPT_COST=10", "LOGIN_MAX_WAIT=10s")
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- server.Wait() }()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM) // it may have ended by itself, which is seen next
		if err := <-exited; err != nil {
			t.Errorf("the server ended with %v:\n%s", err, log.String())
		}
	})
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if response, err := http.Get(base + "/readyz"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return base
			}
		}
		if len(exited) > 0 {
			break
		}
	}
	t.Fatal("the server is not ready")
	return ""
}
