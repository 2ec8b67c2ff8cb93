package system

import (
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

// stopWithin is how long a server without faulty clients may take to stop, by the machine's clock. A client with an open
// connection on which it has sent nothing yet is given five seconds by net/http.
const stopWithin = 10 * time.Second

// On SIGTERM a server takes no new connections, finishes the requests it has begun and ends with status 0.
func TestSignalsFinishWhatIsInFlight(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, database string) {
				stopDuringLogin(t, database, signal)
			})
		})
	}
}

func stopDuringLogin(t *testing.T, database string, signal os.Signal) {
	serve(t, database, "--demo").kill()
	// Dearer hashes keep the login in flight for long enough: the stored one is topped up to them, and replaced.
	s := serveWith(t, []string{"DATABASE_URL=" + database, "BCRYPT_COST=13", "LOGIN_MAX_WAIT=10s"})
	s.want(http.StatusOK, http.MethodGet, "/readyz", "", nil) // leaves a connection that is kept alive
	silent := s.dial(t)                                       // and this one has never said anything
	defer silent.Close()

	login := s.loginInFlight()
	s.signal(signal)
	s.refusesNew(t)
	a := <-login
	if !a.is(http.StatusOK) || a.text("token") == "" {
		t.Errorf("the login in flight is answered %d %q %v", a.status, a.Message, a.err)
	}
	if status := s.wait(stopWithin); status != 0 {
		t.Errorf("the server ended with status %d", status)
	}
	// What was promised in that login holds at the next server.
	if next := serve(t, database); !next.me(a.text("token")).is(http.StatusOK) {
		t.Error("the token that was issued last does not count")
	}
}

// loginInFlight begins a login that the server has received, and that is most likely not over when this returns. The
// channel gives its answer.
func (s *server) loginInFlight() <-chan answer {
	s.t.Helper()
	for range 20 {
		login := make(chan answer, 1)
		go func() {
			login <- s.send(http.MethodPost, "/api/v1/auth/login", "", credentials("admin@example.com", "admin123"))
		}()
		time.Sleep(200 * time.Millisecond) // in which it arrives
		select {
		case a := <-login: // this process was kept from running for longer than a login takes
			if !a.is(http.StatusOK) {
				s.t.Fatalf("the login before the signal is answered %d %q %v", a.status, a.Message, a.err)
			}
		default:
			return login
		}
	}
	s.t.Fatal("every login is over before a signal can be sent")
	return nil
}

// dial opens a connection to a server.
func (s *server) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.host, patience)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// refusesNew waits until new connections are refused.
func (s *server) refusesNew(t *testing.T) {
	t.Helper()
	for began := machineTime(); machineSince(began) < backWithin; time.Sleep(5 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", s.host, patience)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Error("a server that was told to stop still takes connections")
}
