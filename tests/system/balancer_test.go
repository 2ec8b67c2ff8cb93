package system

import (
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Replicas behind HAProxy with the configuration of deploy/haproxy are killed, and told to stop, one after the other,
// and started again, while clients read and write. Reads that are retried once all succeed.
func TestReplicasBehindHAProxy(t *testing.T) {
	t.Parallel()
	haproxy := program(t, "haproxy", "haproxy")
	f := newReplicaSet(t, withPassword(t, pgtest.URL(t)))
	address := f.balance(haproxy)
	f.wantClientAddress(address)

	reads, writes := &tally{}, &tally{}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i := range 6 {
		client := newFrontClient(t, address, f.token)
		paths := []string{"/api/v1/auth/me", "/api/v1/accounts?page_size=5", "/api/v1/roles", "/api/v1/auth/jwks"}
		wait.Go(func() {
			n := i
			every(3*time.Millisecond, stop, func() {
				n++
				reads.read(client, paths[n%len(paths)])
			})
		})
	}
	writer := newFrontClient(t, address, f.token)
	wait.Go(func() { every(20*time.Millisecond, stop, func() { writes.write(writer) }) })

	for i := range f.replicas {
		f.replace(i, []os.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGKILL}[i])
	}
	close(stop)
	wait.Wait()
	t.Logf("reads: %v", reads)
	t.Logf("writes, which are not retried: %v", writes)
	if reads.sent.Load() < 500 {
		t.Errorf("only %d reads were sent, which shows little", reads.sent.Load())
	}
	if n := reads.lost.Load(); n > 0 {
		t.Errorf("%d reads failed, and failed again: %v", n, reads.why())
	}
	if done, failed := writes.sent.Load()-writes.first.Load(), writes.first.Load(); done < 10*failed || done == 0 {
		t.Errorf("%d writes succeeded, %d failed: %v", done, failed, writes.why())
	}
}

// Behind either balancer a replica knows the client's address, whatever forwarding headers the client sends.
func TestBalancersTellWhoAsks(t *testing.T) {
	t.Parallel()
	haproxy, nginx := program(t, "haproxy", "haproxy"), program(t, "nginx", "nginx-light")
	for name, balance := range map[string]func(*replicaSet) string{
		"haproxy": func(f *replicaSet) string { return f.balance(haproxy) },
		"nginx":   func(f *replicaSet) string { return f.balanceByNginx(nginx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newReplicaSet(t, sqliteURL(t))
			f.wantClientAddress(balance(f))
		})
	}
}
