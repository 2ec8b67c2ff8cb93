package system

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// replicaSet is three replicas on one database. Each keeps its address when it is started again.
type replicaSet struct {
	t        *testing.T
	database string
	replicas []*server
	token    string // the administrator's
}

func newReplicaSet(t *testing.T, database string) *replicaSet {
	t.Helper()
	f := &replicaSet{t: t, database: database}
	for i := range 3 {
		// Each replica has a loopback address of its own, so that no other connection of the machine can take its port
		// while it is down. Systems other than Linux have 127.0.0.1 only.
		host := "127.0.0.1"
		if runtime.GOOS == "linux" {
			host = fmt.Sprintf("127.0.0.%d", 2+i)
		}
		f.replicas = append(f.replicas, f.start(host+":0", []string{"--demo"}[:max(0, 1-i)]...))
	}
	f.token = f.replicas[0].login("admin@example.com", "admin123")
	return f
}

func (f *replicaSet) start(address string, args ...string) *server {
	f.t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		f.t.Fatal(err)
	}
	return serveWith(f.t, []string{"DATABASE_URL=" + f.database, "HOST=" + host, "PORT=" + port, "TRUSTED_PROXIES=127.0.0.1/32"}, args...)
}

// replace ends a replica by a signal and starts it again half a second later. It returns when the balancer sends
// requests to it again.
func (f *replicaSet) replace(i int, s os.Signal) {
	f.t.Helper()
	old := f.replicas[i]
	old.signal(s)
	time.Sleep(500 * time.Millisecond)
	if status := old.wait(stopWithin); s == syscall.SIGTERM && status != 0 {
		f.t.Errorf("told to stop, replica %d ends with status %d", i, status)
	}
	f.replicas[i] = f.start(old.host)
	until(f.t, "the balancer sends requests to the replica that is back", func() bool {
		return strings.Contains(f.replicas[i].stderr.tail(), `"/api/v1/auth/me"`)
	})
}

// balance runs HAProxy with the published configuration, in which only the addresses are replaced, and returns its
// address, host:port.
func (f *replicaSet) balance(haproxy string) string {
	f.t.Helper()
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	defer front.Close() // HAProxy has its own
	file, err := front.(*net.TCPListener).File()
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	published, err := os.ReadFile("../../deploy/haproxy/haproxy.cfg")
	if err != nil {
		f.t.Fatal(err)
	}
	config := string(published)
	for shown, real := range map[string]string{
		"127.0.0.1:8080": "fd@3", "127.0.0.1:8001": f.replicas[0].host, "127.0.0.1:8002": f.replicas[1].host, "127.0.0.1:8003": f.replicas[2].host,
	} {
		if n := strings.Count(config, shown); n != 1 {
			f.t.Fatalf("%s is in the example %d times", shown, n)
		}
		config = strings.Replace(config, shown, real, 1)
	}
	path := filepath.Join(f.t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		f.t.Fatal(err)
	}
	said := &output{}
	cmd := exec.Command(haproxy, "-db", "-f", path)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr, cmd.ExtraFiles = said, said, pdeathsig(), []*os.File{file}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()         // as it was killed
		if f.t.Failed() {
			f.t.Logf("last output of haproxy:\n%s", said.tail())
		}
	})
	return front.Addr().String()
}

// balanceByNginx does the same with nginx and the file for it.
func (f *replicaSet) balanceByNginx(nginx string) string {
	f.t.Helper()
	published, err := os.ReadFile("../../deploy/nginx/load_balancer.conf")
	if err != nil {
		f.t.Fatal(err)
	}
	config := strings.ReplaceAll(nginxMain, "auth_request.conf", "load_balancer.conf")
	address := quietAddress(f.t)
	balancer := strings.NewReplacer("127.0.0.1:8080", address, "127.0.0.1:8001", f.replicas[0].host, "127.0.0.1:8002", f.replicas[1].host, "127.0.0.1:8003", f.replicas[2].host).Replace(string(published))
	dir := f.t.TempDir()
	for name, text := range map[string]string{"nginx.conf": config, "load_balancer.conf": balancer} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	g := &gateway{t: f.t, kind: gatewayKind{name: "nginx"}, address: address}
	g.run(exec.Command(nginx, "-e", "stderr", "-p", dir, "-c", "nginx.conf"))
	return address
}

// wantClientAddress fails the test unless every replica logs the client's address for requests through the balancer,
// whatever forwarding headers the client sends.
func (f *replicaSet) wantClientAddress(address string) {
	f.t.Helper()
	c := newFrontClient(f.t, address, f.token)
	for range f.replicas {
		if status, why := c.send(http.MethodGet, "/api/v1/auth/me", nil); status != http.StatusOK {
			f.t.Fatalf("through the balancer: %d %s", status, why)
		}
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		seen := 0
		for _, s := range f.replicas {
			if tail := s.stderr.tail(); strings.Contains(tail, `"client":"`+c.host) && !strings.Contains(tail, "192.0.2.1") {
				seen++
			}
		}
		if seen == len(f.replicas) {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("%d of %d replicas know that the client was %s", seen, len(f.replicas), c.host)
		}
	}
}
