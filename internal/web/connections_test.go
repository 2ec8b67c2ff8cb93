package web

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// connectedServer is a server of at most so many connections. Requests to /work are worked on until release is closed.
func connectedServer(t *testing.T, most int) (server *httptest.Server, release chan struct{}) {
	t.Helper()
	release = make(chan struct{})
	server = httptest.NewUnstartedServer(nil)
	server.Config = Server("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := findConnection(r)
		conn.work()
		if r.URL.Path == "/work" {
			<-release
		}
		conn.awaitClient()
		_, _ = io.WriteString(w, "ok")
	}), slog.New(slog.DiscardHandler), Bounds{Connections: most})
	server.Start()
	t.Cleanup(server.Close)
	return server, release
}

// connect opens a connection and sends something.
func connect(t *testing.T, server *httptest.Server, send string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(conn, send); err != nil {
		t.Fatal(err)
	}
	return conn
}

func wasServed(conn net.Conn) bool {
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	return err == nil && answer.StatusCode == http.StatusOK
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

// settle waits until the server has come to know so many connections with requests that are worked on.
func settle(t *testing.T, cs *connections, working int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		n := 0
		cs.mu.Lock()
		for _, c := range cs.open {
			if c.waiting.Load() == 0 {
				n++
			}
		}
		cs.mu.Unlock()
		if n == working {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d requests are worked on, not %d", n, working)
		}
	}
}

// openOf finds what a server keeps of its connections, through one of them.
func openOf(t *testing.T, server *httptest.Server) *connections {
	t.Helper()
	c, ok := server.Config.ConnContext(t.Context(), nil).Value(connectionKey{}).(*connection)
	if !ok {
		t.Fatal("the server keeps no connections")
	}
	c.of.note(nil, http.StateClosed)
	return c.of
}

// A connection too many takes the place of the one that has waited longest for its client, in whatever state that
// is, and never that of one over which a request is worked on.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	server, release := connectedServer(t, 4)
	open := openOf(t, server)
	work := connect(t, server, get("/work"))
	settle(t, open, 1)
	kept := connect(t, server, get("/"))
	if !wasServed(kept) {
		t.Fatal("no answer")
	}
	header := connect(t, server, "GET / HTTP/1.1\r\nX-Slow: "+strings.Repeat("x", 1000))
	silent := connect(t, server, "")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		open.mu.Lock()
		n := len(open.open)
		open.mu.Unlock()
		if n == 4 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections", n)
		}
	}
	if !wasServed(connect(t, server, get("/"))) {
		t.Fatal("a connection more is not served")
	}
	if _, err := kept.Read(make([]byte, 1)); err == nil {
		t.Error("the connection that was kept alive is still open")
	}
	for range 3 {
		if !wasServed(connect(t, server, get("/"))) {
			t.Error("a connection more is not served")
		}
	}
	for name, victim := range map[string]net.Conn{"in its header": header, "that says nothing": silent} {
		if _, err := victim.Read(make([]byte, 1)); err == nil {
			t.Errorf("the connection %s is still open", name)
		}
	}
	close(release)
	if !wasServed(work) {
		t.Error("a connection over which a request was worked on has been closed")
	}
}

// Where all are worked on, it is the new one that goes; and those that end make room.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	server, release := connectedServer(t, 2)
	open := openOf(t, server)
	one, two := connect(t, server, get("/work")), connect(t, server, get("/work"))
	settle(t, open, 2)
	if wasServed(connect(t, server, get("/"))) {
		t.Error("a third connection is served")
	}
	close(release)
	if !wasServed(one) || !wasServed(two) {
		t.Error("a request that was worked on has got no answer")
	}
	_ = one.Close()
	_ = two.Close()
	for range 10 {
		if !wasServed(connect(t, server, get("/"))) {
			t.Error("a connection is not served, and there is room")
		}
	}
}
