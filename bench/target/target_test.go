package target

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"API  http://127.0.0.1:8001/api/v1": "127.0.0.1:8001",
		"Docs http://127.0.0.1:8001/docs":   "",
		"API  https://127.0.0.1:8001/x":     "",
		"API":                               "",
		"":                                  "",
	} {
		got, ok := address(line)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// script is a program in the place of the service.
func script(t *testing.T, text string) Settings {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "svc-users")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return Settings{Binary: path, Dir: dir, BcryptCost: 10}
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	s := script(t, `
trap 'echo stopped >stopped; exit 0' TERM
env >env
echo "API  http://127.0.0.1:1234/api/v1"
while :; do sleep 0.01; done
`)
	svc, err := Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if svc.Addr() != "127.0.0.1:1234" {
		t.Errorf("it is at %q", svc.Addr())
	}
	if err := svc.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "stopped")); err != nil {
		t.Errorf("it was not asked to stop: %v", err)
	}
	env, err := os.ReadFile(filepath.Join(s.Dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(env), "\n")
	for _, want := range []string{"RATE_LIMITS=off", "BCRYPT_COST=10", "PORT=0", "DATABASE_URL=" + s.SQLite()} {
		if !slices.Contains(lines, want) {
			t.Errorf("its environment has no %s", want)
		}
	}
}

func TestStartThatFails(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), script(t, "echo PORT is taken >&2; exit 1"))
	if err == nil || !strings.Contains(err.Error(), "PORT is taken") {
		t.Errorf("the error does not say why: %v", err)
	}
}

func TestServiceEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	svc, err := Start(ctx, script(t, `echo "API  http://127.0.0.1:1/"; exec sleep 60`))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := svc.Stop(); err == nil {
		t.Error("a service that was killed is said to have ended well")
	}
}

// Commands get the settings of the installation, and what they are to read.
func TestCommands(t *testing.T) {
	t.Parallel()
	s := script(t, `
case "$1" in
keys) printf 'JWT_PRIVATE_KEY=a\nJWT_PUBLIC_KEY=b\n' ;;
admin) echo "$@" >args; cat >input; echo "$JWT_PRIVATE_KEY" >key ;;
esac
`)
	var err error
	if s.Keys, err = Keys(t.Context(), s.Binary); err != nil || !slices.Equal(s.Keys, []string{"JWT_PRIVATE_KEY=a", "JWT_PUBLIC_KEY=b"}) {
		t.Errorf("keys %q, %v", s.Keys, err)
	}
	if err := CreateAdmin(t.Context(), s, "a@example.com", "correct horse"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"args": "admin create --email a@example.com\n", "input": "correct horse\n", "key": "a\n"} {
		if got, err := os.ReadFile(filepath.Join(s.Dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestVersionAndMigrateFail(t *testing.T) {
	t.Parallel()
	s := script(t, "echo no database >&2; exit 1")
	if _, err := Version(t.Context(), s.Binary); err == nil {
		t.Error("it has a version")
	}
	if _, err := Keys(t.Context(), s.Binary); err == nil {
		t.Error("it makes keys")
	}
	if err := Migrate(t.Context(), s); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("the error does not say why: %v", err)
	}
}
