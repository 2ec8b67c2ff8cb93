package system

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// How long a client may take for a header and for a whole request before it is cut off, and what is allowed on
// top of it, by the machine's clock.
const (
	headerLimit  = 5 * time.Second
	requestLimit = 30 * time.Second
	grace        = 5 * time.Second
)

// Slow clients are cut off, and however many there are, others are served meanwhile. A drip, a byte a second,
// keeps a connection busy for ever where only idleness is bounded.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	s := c.a
	body := "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
	guarded := "POST /api/v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + c.admin.token +
		"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n"
	var wait sync.WaitGroup
	for _, slow := range []struct {
		what  string
		n     int
		send  string
		drip  string
		limit time.Duration
	}{
		{"nothing at all", 100, "", "", headerLimit},
		{"half a request line", 50, "GET /api/v1/acc", "", headerLimit},
		{"a header that drips", 100, "GET / HTTP/1.1\r\nHost: x\r\n", "X-Drip: 1\r\n", headerLimit},
		{"a body that never comes", 100, body, "", requestLimit},
		{"a body that drips", 50, body, " ", requestLimit},
		{"a chunked body that drips", 20, guarded, " ", requestLimit},
	} {
		for range slow.n {
			dialled := time.Now()
			conn := s.dial(t)
			wait.Go(func() {
				defer conn.Close()
				began := machineTime()
				answered := crawl(conn, slow.send, slow.drip)
				if took := machineSince(began); took > slow.limit+grace {
					t.Errorf("a client that sends %s is still connected after %v", slow.what, took)
				}
				// The server counts from when it took the connection, which may be long before anything is sent here.
				if took := time.Since(dialled); took < slow.limit-time.Second {
					t.Errorf("a client that sends %s is cut off after %v already: %q", slow.what, took, answered)
				}
				// Without a header there was no request, and net/http says 400 or nothing; with one, we say what is wrong.
				if answered != "" && !strings.HasPrefix(answered, "HTTP/1.1 4") || slow.limit == requestLimit && !strings.Contains(answered, `"code":408`) {
					t.Errorf("a client that sends %s is answered %.300q", slow.what, answered)
				}
			})
		}
	}
	served(t, c)
	wait.Wait()
	served(t, c)
}

// crawl sends something and then a drip every second, until the server ends the connection. It returns what the
// server said.
func crawl(conn net.Conn, send, drip string) string {
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	over := make(chan struct{})
	var dripping sync.WaitGroup
	dripping.Go(func() {
		// Errors here are the server's cutting off, which the reading side sees too.
		_, err := io.WriteString(conn, send)
		for err == nil && drip != "" {
			select {
			case <-over:
				return
			case <-time.After(time.Second):
				_, err = io.WriteString(conn, drip)
			}
		}
	})
	var answered strings.Builder
	_, _ = io.Copy(&answered, conn) // its end, however it comes, is what is waited for
	close(over)
	dripping.Wait()
	return answered.String()
}

// served fails the test unless normal clients are served as if there were no others.
func served(t *testing.T, c *cluster) {
	t.Helper()
	for range 20 {
		began := machineTime()
		if a := c.a.me(c.admin.token); !a.is(http.StatusOK) || machineSince(began) > 2*time.Second {
			t.Errorf("beside slow clients a request is answered %d %v after %v", a.status, a.err, machineSince(began))
		}
	}
	c.a.login(c.admin.email, c.admin.password)
}
