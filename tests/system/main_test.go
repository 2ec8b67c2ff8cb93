package system

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// binary is the svc-users that this run has built.
var binary string

// signingKey is JWT_PRIVATE_KEY of all servers of this run: making a key takes longer than starting a server,
// and replicas need the same.
var signingKey string

func TestMain(m *testing.M) {
	flag.Parse()
	if err := moreAtOnce(); err != nil {
		fail(err)
	}
	dir, err := os.MkdirTemp("", "svc-users-system-")
	if err != nil {
		fail(err)
	}
	status := 1
	if err := prepare(dir); err == nil {
		status = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		fail(err)
	}
	os.Exit(status)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// moreAtOnce lets more tests run beside one another than there are processors, unless the command line says how
// many: most of what happens here is waiting, for timeouts and for other processes.
func moreAtOnce() error {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return nil
	}
	return flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
}

// prepare builds the binary, static as it ships, and has it make the key.
func prepare(dir string) error {
	binary = filepath.Join(dir, "svc-users")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/svc-users")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building svc-users: %w\n%s", err, out)
	}
	keys, err := exec.Command(binary, "keys", "generate").Output()
	if err != nil {
		return fmt.Errorf("svc-users keys generate: %w", err)
	}
	for line := range strings.Lines(string(keys)) {
		if value, ok := strings.CutPrefix(line, "JWT_PRIVATE_KEY="); ok {
			signingKey = strings.TrimSpace(value)
		}
	}
	if signingKey == "" {
		return errors.New("svc-users keys generate printed no JWT_PRIVATE_KEY")
	}
	return noteKey(signingKey)
}

// rounds is how often a test does its thing: n times SYSTEM_ROUNDS.
func rounds(t *testing.T, n int) int {
	t.Helper()
	return n * number(t, "SYSTEM_ROUNDS", 1)
}

// number reads a variable of the environment that says how much is to be done.
func number(t *testing.T, name string, standard int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s must be a whole number from 1", name)
	}
	return n
}
