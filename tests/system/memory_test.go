package system

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// shippedMemory is the limit of the compose files and the Kubernetes manifests.
const shippedMemory = 256 << 20

// memoryGroup is a control group of the kernel that holds what is in it to an amount of memory.
type memoryGroup struct{ dir string }

// newMemoryGroup makes one that the test removes. Without the right to do so the test is skipped: CI has it.
func newMemoryGroup(t *testing.T, limit int) memoryGroup {
	t.Helper()
	var failed []error
	// Where version 1 is mounted, and version 2.
	for _, top := range []struct{ dir, limit, swap, noSwap string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", strconv.Itoa(limit)},
		{"/sys/fs/cgroup", "memory.max", "memory.swap.max", "0"},
	} {
		g := memoryGroup{filepath.Join(top.dir, fmt.Sprintf("svc-users-test-%d", os.Getpid()))}
		err := os.Mkdir(g.dir, 0o755)
		if err == nil {
			t.Cleanup(func() {
				if err := os.Remove(g.dir); err != nil {
					t.Error(err)
				}
			})
			err = g.set(top.limit, strconv.Itoa(limit))
		}
		if err == nil {
			if err := g.set(top.swap, top.noSwap); err != nil && !errors.Is(err, fs.ErrNotExist) { // there is none
				t.Error(err)
			}
			return g
		}
		failed = append(failed, err)
	}
	t.Skipf("NOT TESTED: whether uploads can kill the process. No memory control group can be made: %v", errors.Join(failed...))
	return memoryGroup{}
}

// set writes a file of the group, which is there already.
func (g memoryGroup) set(name, value string) error {
	file, err := os.OpenFile(filepath.Join(g.dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}

// peak is the most memory that the group has taken, caches of files among it; 0 where the kernel does not say.
func (g memoryGroup) peak() int {
	for _, name := range []string{"memory.max_usage_in_bytes", "memory.peak"} {
		if text, err := os.ReadFile(filepath.Join(g.dir, name)); err == nil {
			n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			return n
		}
	}
	return 0
}

// serveIn starts a server inside a group.
func serveIn(t *testing.T, g memoryGroup, settings []string, args ...string) *server {
	t.Helper()
	const enter = `echo $$ > "$0" && exec "$@"`
	p := launchProgram(t, "/bin/sh", settings, &output{record: jsonRecord},
		append([]string{"-c", enter, filepath.Join(g.dir, "cgroup.procs"), binary, "serve"}, args...))
	s := &server{process: p, client: newClient()}
	t.Cleanup(s.client.CloseIdleConnections)
	s.listening()
	return s
}

// hold opens connections side by side, sends the same over each, and keeps them open until the test ends. It returns
// how many were answered at once, by status; those that a busy server closes count as 0.
func (s *server) hold(t *testing.T, n int, sent string, await bool) map[string]int {
	t.Helper()
	var mu sync.Mutex
	answers := map[string]int{}
	var wait sync.WaitGroup
	at := make(chan struct{}, 64)
	var failed atomic.Int64
	for range n {
		wait.Go(func() {
			at <- struct{}{}
			defer func() { <-at }()
			conn, err := net.Dial("tcp", s.host)
			if err != nil {
				failed.Add(1)
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			_ = conn.SetDeadline(time.Now().Add(patience))
			_, err = conn.Write([]byte(sent))
			if err != nil || !await {
				return // it was closed, which is an answer too
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			mu.Lock()
			defer mu.Unlock()
			answers[strings.TrimSpace(line)]++
		})
	}
	wait.Wait()
	if failed.Load() > 0 {
		t.Fatalf("%d of %d connections could not be opened", failed.Load(), n)
	}
	return answers
}

// socketMemory is what all TCP sockets of the machine take in the kernel, which version 1 of control groups does not
// count; 0 where the system does not tell.
func socketMemory() int {
	text, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "TCP: ")
	_, rest, _ = strings.Cut(rest, " mem ")
	pages := 0
	_, _ = fmt.Sscan(rest, &pages)
	return pages * os.Getpagesize()
}

// Whatever clients send and then leave unfinished, with a token or without: the process lives within the memory it is
// shipped with, reads are answered and a login works.
func TestUploadsInAMemoryGroup(t *testing.T) {
	group := newMemoryGroup(t, shippedMemory)
	s := serveIn(t, group, []string{"DATABASE_URL=" + sqliteURL(t)}, "--demo")
	token := s.login("admin@example.com", "admin123")
	post := func(path string, length int) string {
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, token, length)
		return head + strings.Repeat(" ", length-1)
	}
	for _, attack := range []struct {
		what  string
		n     int
		sent  string
		await bool
	}{
		{"all but the last byte of 1 MiB for a login", 400, post("/api/v1/auth/login", 1<<20), true},
		{"all but the last byte of 8 KiB for a login", 600, post("/api/v1/auth/login", 8<<10), false},
		{"all but the last byte of a declaration of 1 MiB", 300, post("/api/v1/declarations/plan", 1<<20), false},
		{"all but the last byte of a check of 128 KiB", 300, post("/api/v1/auth/check", 128<<10), false},
		{"31 KiB of a header that does not end", 2500, "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", 31), false},
		{"a page that is not read", 300, strings.Repeat("GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n", 8), false},
	} {
		answers := s.hold(t, attack.n, attack.sent, attack.await)
		select {
		case <-s.exited:
			t.Fatalf("%s, %d times, has ended the process: %v", attack.what, attack.n, s.cmd.ProcessState)
		default:
		}
		t.Logf("%s, %d times: %v; peak memory %d MiB; of sockets on this machine %d MiB", attack.what, attack.n, answers, group.peak()>>20, socketMemory()>>20)
		if attack.await && answers["HTTP/1.1 413 Request Entity Too Large"] < attack.n*9/10 {
			t.Errorf("%s: answered %v", attack.what, answers)
		}
		s.client.CloseIdleConnections() // it may be the one that has waited longest
		began := time.Now()
		if a := s.me(token); !a.is(http.StatusOK) {
			t.Errorf("beside %s a read is answered %d %v after %v", attack.what, a.status, a.err, time.Since(began))
		}
		s.login("user@example.com", "user123")
		if took := time.Since(began); took > slowest {
			t.Errorf("beside %s a read and a login took %v", attack.what, took)
		}
	}
	if peak, ok := peakMemory(s.cmd.Process.Pid); ok && peak > shippedMemory*9/10 {
		t.Errorf("the server took %d MiB of %d", peak>>20, shippedMemory>>20)
	} else if ok {
		t.Logf("peak memory of the process %d MiB", peak>>20)
	}
}
