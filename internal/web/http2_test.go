package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// overHTTP2 is a server of at most so many connections, over which requests to /work are worked on until release is closed.
func overHTTP2(t *testing.T, most int) (server *httptest.Server, release chan struct{}) {
	t.Helper()
	release = make(chan struct{})
	server = httptest.NewUnstartedServer(nil)
	server.Config = Server("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := findConnection(r)
		defer conn.endStream(r)
		if !conn.beginStream(r) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		conn.work()
		if r.URL.Path == "/work" {
			<-release
		}
		conn.awaitClient()
		_, _ = io.WriteString(w, r.Proto)
	}), slog.New(slog.DiscardHandler), Bounds{Connections: most})
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, release
}

// ask sends a request and returns the status of its answer.
func ask(t *testing.T, server *httptest.Server, path string) int {
	t.Helper()
	response, err := server.Client().Get(server.URL + path)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Errorf("the answer is %s", response.Proto)
	}
	return response.StatusCode
}

// TestRequestsShareAConnection: a connection waits for its client only when none of its requests is worked on.
func TestRequestsShareAConnection(t *testing.T) {
	t.Parallel()
	server, release := overHTTP2(t, 4)
	open := openOf(t, server)
	done := make(chan int)
	go func() { done <- ask(t, server, "/work") }()
	settle(t, open, 1)
	for range 3 {
		if status := ask(t, server, "/"); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
		settle(t, open, 1)
	}
	close(release)
	if status := <-done; status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	settle(t, open, 0)
}

// TestTooManyStreams: there are no more requests of HTTP/2 at a time than there may be connections, however few these are.
func TestTooManyStreams(t *testing.T) {
	t.Parallel()
	server, release := overHTTP2(t, 2)
	open := openOf(t, server)
	done := make(chan int)
	for range 2 {
		go func() { done <- ask(t, server, "/work") }()
	}
	for deadline := time.Now().Add(time.Minute); open.streams.Load() < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the requests do not arrive")
		}
	}
	if status := ask(t, server, "/"); status != http.StatusServiceUnavailable {
		t.Errorf("one too many is answered %d", status)
	}
	close(release)
	for range 2 {
		if status := <-done; status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	if status := ask(t, server, "/"); status != http.StatusOK {
		t.Errorf("afterwards the answer is %d", status)
	}
}

// TestMistakesOfClientsAreQuiet: what strangers do at the port leaves no warning, which each of them could make as many of as it likes.
func TestMistakesOfClientsAreQuiet(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := Server("", nil, slog.New(slog.NewTextHandler(&out, nil)), Bounds{}).ErrorLog
	log.Printf("http: TLS handshake error from %s: EOF", "192.0.2.1:1")
	log.Printf("http2: server connection error from %s: COMPRESSION_ERROR", "192.0.2.1:1")
	if out.Len() > 0 {
		t.Errorf("%s", &out)
	}
	log.Printf("http: Accept error: too many open files")
	if line := out.String(); !strings.Contains(line, "level=WARN") || !strings.Contains(line, "too many open files") || strings.Count(line, "\n") != 1 {
		t.Errorf("%s", line)
	}
}

// TestIdleConnectionsOutliveBalancers: the usual load balancers keep idle connections for up to 600 s, and take 20 s to notice an end.
func TestIdleConnectionsOutliveBalancers(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	if idle := Server("", nil, log, Bounds{}).IdleTimeout; idle <= 620*time.Second {
		t.Errorf("by default %v", idle)
	}
	if idle := Server("", nil, log, Bounds{IdleTimeout: time.Second}).IdleTimeout; idle != time.Second {
		t.Errorf("%v, not the second that was set", idle)
	}
}
