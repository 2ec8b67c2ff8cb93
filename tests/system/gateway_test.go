package system

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// gateway is a running proxy, between clients and a service that returns what it received.
type gateway struct {
	t       *testing.T
	kind    gatewayKind
	address string
	host    string // the client's address, as the gateway sees it
	client  *http.Client
}

// unasked ends the comment before the lines of each file that let CORS preflights pass.
const unasked = "pass unasked."

// withPreflights takes the # away from the lines that let CORS preflights pass.
func withPreflights(t *testing.T, config string) string {
	t.Helper()
	before, after, found := strings.Cut(config, unasked+"\n")
	lines := regexp.MustCompile(`^([ \t]*# .*\n)+`).FindString(after)
	if !found || lines == "" {
		t.Fatal("the file does not show how preflights pass")
	}
	return before + unasked + "\n" + regexp.MustCompile(`(?m)^([ \t]*)# `).ReplaceAllString(lines, "$1") + after[len(lines):]
}

// newGateway starts a gateway that asks the service at this address, before a service of its own.
func newGateway(t *testing.T, kind gatewayKind, service string, preflights bool) *gateway {
	t.Helper()
	path := kind.find(t)
	behind := httptest.NewServer(http.HandlerFunc(arrive))
	t.Cleanup(behind.Close)
	published, err := os.ReadFile(filepath.Join("../../deploy", kind.file))
	if err != nil {
		t.Fatal(err)
	}
	config := string(published)
	if preflights {
		config = withPreflights(t, config)
	}
	g := &gateway{t: t, kind: kind, address: quietAddress(t), host: "127.0.0.1", client: newClient()}
	for shown, real := range map[string]string{"8080": g.address, "8001": service, "9000": behind.Listener.Addr().String()} {
		shown = kind.shown("127.0.0.1", shown)
		host, port, err := net.SplitHostPort(real)
		if err != nil || !strings.Contains(config, shown) {
			t.Fatalf("%s is not in the example, or %q is no address", shown, real)
		}
		config = strings.ReplaceAll(config, shown, kind.shown(host, port))
	}
	dir := t.TempDir()
	file := filepath.Join(dir, filepath.Base(kind.file))
	files := map[string]string{filepath.Base(file): config}
	maps.Copy(files, kind.beside)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g.run(kind.command(path, file))
	dialer := net.Dialer{}
	if runtime.GOOS == "linux" {
		g.host = "127.0.0.9" // differs from the gateway's address
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(g.host)}
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", g.address)
	}}
	g.client.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	return g
}

// quietAddress is one that nothing listens at, apart from those that the system gives to connections.
func quietAddress(t *testing.T) string {
	t.Helper()
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		host = fmt.Sprintf("127.0.1.%d", 1+made.Add(1)%200)
	}
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	return errorless(t, l.Addr().String(), l.Close())
}

// run starts the program and returns once it listens.
func (g *gateway) run(cmd *exec.Cmd) {
	g.t.Helper()
	said := &output{}
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = said, said, pdeathsig()
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ends is of no interest
	}()
	g.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		<-ended
		if g.t.Failed() {
			g.t.Logf("last output of %s:\n%s", g.kind.name, said.tail())
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", g.address); err == nil {
			errorless(g.t, 0, conn.Close())
			return
		}
		select {
		case <-ended:
			g.t.Fatalf("%s has ended:\n%s", g.kind.name, said.tail())
		default:
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("%s does not listen:\n%s", g.kind.name, said.tail())
		}
	}
}

func errorless[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// arrived is a request as the service behind the gateway sees it.
type arrived struct {
	Method string
	URI    string
	Header http.Header
	Length int64
}

// arrive is the service behind: it answers with what has arrived, fails where it is asked to, and echoes what comes
// over a WebSocket's connection.
func arrive(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "websocket" && strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
		_, _ = io.Copy(conn, buffered) // until the client goes
		return
	}
	n, _ := io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/fails" {
		w.WriteHeader(http.StatusInternalServerError)
	}
	_ = json.NewEncoder(w).Encode(arrived{Method: r.Method, URI: r.RequestURI, Header: r.Header, Length: n})
}

// send sends a request through the gateway, and returns what arrived behind it, if anything.
func (g *gateway) send(method, path, token, body string, header http.Header) (int, http.Header, *arrived) {
	g.t.Helper()
	request, err := http.NewRequest(method, "http://"+g.address+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if token != "" {
		request.Header.Add("Authorization", "Bearer "+token)
	}
	response, err := g.client.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	var a arrived
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil || a.Method == "" {
		return response.StatusCode, response.Header, nil
	}
	return response.StatusCode, response.Header, &a
}

func (g *gateway) want(status int, method, path, token string) {
	g.t.Helper()
	if got, _, _ := g.send(method, path, token, "", nil); got != status {
		g.t.Errorf("%s %s through the gateway: %d, want %d", method, path, got, status)
	}
}
