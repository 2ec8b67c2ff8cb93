package system

import (
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Replicas behind the balancer that deploy/haproxy shows are killed, and told to stop, one after the other, and
// started again, while clients read and write. Who reads, and asks once more where the first answer was none, sees
// nothing of it.
func TestReplicasBehindHAProxy(t *testing.T) {
	t.Parallel()
	haproxy := program(t, "haproxy", "haproxy")
	f := newFleet(t, withPassword(t, pgtest.URL(t)))
	address := f.balance(haproxy)
	f.known(address)

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
	t.Logf("writes, which nobody asks twice: %v", writes)
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

// Replicas learn from either balancer whose request it is, whatever the client says of itself.
func TestBalancersTellWhoAsks(t *testing.T) {
	t.Parallel()
	haproxy, nginx := program(t, "haproxy", "haproxy"), program(t, "nginx", "nginx-light")
	for name, balance := range map[string]func(*fleet) string{
		"haproxy": func(f *fleet) string { return f.balance(haproxy) },
		"nginx":   func(f *fleet) string { return f.balanceByNginx(nginx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, sqliteURL(t))
			f.known(balance(f))
		})
	}
}
