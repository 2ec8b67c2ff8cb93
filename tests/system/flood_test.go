package system

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	floodTime  = 5 * time.Second
	floodConns = 64
	// maxMemory is what a server may take at most, far above what it wants: the bench has the exact number.
	maxMemory = 160 << 20
	// slowest is how long a login may take that waits its turn. Two seconds is the aim.
	slowest = 6 * time.Second
	// slowRead is how long half of the others' requests may take meanwhile.
	slowRead = time.Second
)

// Far more logins than can be hashed arrive at once. Each is answered, or refused with Retry-After; requests with a
// token are served meanwhile, accounts can be made as well; and memory does not grow with the queue. The test is not
// parallel, since it leaves no processor to others.
func TestLoginFlood(t *testing.T) {
	s := serveWith(t, append(manyGuesses(sqliteURL(t)), "LOGIN_MAX_WAIT=1.5s"), "--demo") // so that many are refused
	token := s.login("admin@example.com", "admin123")
	role := s.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", token, nil).text("role_id")
	// The flood itself must not count as other work of the machine, so that is looked at before and after it.
	slower := slowdownOfOthers()
	flood := s.flood()
	creation := s.createAccounts(token, role)
	var reads []time.Duration
	for deadline := time.Now().Add(floodTime); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		began := time.Now()
		if a := s.me(token); !a.is(http.StatusOK) {
			t.Errorf("during the flood a valid token is answered %d %q %v", a.status, a.Message, a.err)
		}
		reads = append(reads, time.Since(began))
	}
	counts, worst := flood()
	created, refused, middle := creation()
	slower = max(slower, slowdownOfOthers())
	allowed := func(d time.Duration) time.Duration { return time.Duration(float64(d) * slower) }
	t.Logf("accounts made: %d, median %v; refused: %d", created, middle, refused)
	if created == 0 || refused > created {
		t.Errorf("during the flood %d accounts were made, %d refused: logins have shut them out", created, refused)
	}
	t.Logf("logins by status: %v, the slowest %v; %d reads, median %v; others slow the machine down %.1f times", counts, worst, len(reads), median(reads), slower)
	if counts[http.StatusOK] == 0 || counts[http.StatusUnauthorized] == 0 || counts[http.StatusServiceUnavailable] == 0 {
		t.Errorf("logins by status: %v; it was no flood, or no login succeeded", counts)
	}
	if worst > allowed(slowest) {
		t.Errorf("a login took %v", worst)
	}
	if m := median(reads); m > allowed(slowRead) {
		t.Errorf("half of the reads took more than %v", m)
	}
	if peak, ok := peakMemory(s.cmd.Process.Pid); ok {
		t.Logf("peak memory %d MiB", peak>>20)
		if peak > maxMemory {
			t.Errorf("the server took %d MiB", peak>>20)
		}
	}
	// All is well again at once.
	began := machineTime()
	s.login("admin@example.com", "admin123")
	if took := machineSince(began); took > slowest {
		t.Errorf("after the flood a login takes %v", took)
	}
}

// flood begins to log in over many connections without pause. The function it returns waits for the end.
func (s *server) flood() func() (counts map[int]int, worst time.Duration) {
	counts, worst := map[int]int{}, time.Duration(0)
	stop := make(chan struct{})
	time.AfterFunc(floodTime, func() { close(stop) })
	var mu sync.Mutex
	var wait sync.WaitGroup
	bodies := []map[string]any{credentials("admin@example.com", "admin123"), credentials("admin@example.com", newPassword()), credentials(newEmail(), newPassword())}
	for i := range floodConns {
		wait.Go(func() {
			// A short pause, since a client of the same machine that does nothing but ask takes the time it asks for.
			every(5*time.Millisecond, stop, func() {
				began := time.Now()
				a := s.send(http.MethodPost, "/api/v1/auth/login", "", bodies[i%len(bodies)])
				took := time.Since(began)
				if !a.is(http.StatusServiceUnavailable) && !a.is([]int{http.StatusOK, http.StatusUnauthorized, http.StatusUnauthorized}[i%len(bodies)]) {
					s.t.Errorf("in the flood a login is answered %d %q %v", a.status, a.Message, a.err)
				}
				mu.Lock()
				defer mu.Unlock()
				counts[a.status]++
				worst = max(worst, took)
			})
		})
	}
	return func() (map[int]int, time.Duration) {
		wait.Wait()
		return counts, worst
	}
}

// createAccounts begins to make one account after another for as long as the flood lasts. The function it returns
// waits for the end.
func (s *server) createAccounts(token, role string) func() (created, refused int, middle time.Duration) {
	var times []time.Duration
	refused := 0
	stop, done := make(chan struct{}), make(chan struct{})
	time.AfterFunc(floodTime, func() { close(stop) })
	go func() {
		defer close(done)
		every(5*time.Millisecond, stop, func() {
			began := time.Now()
			a := s.send(http.MethodPost, "/api/v1/accounts", token, newAccount(newEmail(), newPassword(), role))
			switch {
			case a.is(http.StatusCreated):
				times = append(times, time.Since(began))
			case a.is(http.StatusServiceUnavailable):
				refused++
			default:
				s.t.Errorf("in the flood the creation of an account is answered %d %q %v", a.status, a.Message, a.err)
			}
		})
	}()
	return func() (int, int, time.Duration) {
		<-done
		if len(times) == 0 {
			return 0, refused, 0
		}
		return len(times), refused, median(times)
	}
}

// peakMemory is the most memory that a process has had, in bytes; false where the system does not tell.
func peakMemory(pid int) (int, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	kib := 0
	if _, err := fmt.Sscan(rest, &kib); !found || err != nil {
		return 0, false
	}
	return kib << 10, true
}
