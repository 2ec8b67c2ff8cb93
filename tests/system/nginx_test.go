package system

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gateway is an nginx with the configuration that deploy/nginx shows to people, between clients and a service
// that says what it was sent.
type gateway struct {
	t      *testing.T
	client *http.Client
}

// nginxMain is what stands around a file of /etc/nginx/conf.d: one process, all of its files in one folder.
const nginxMain = `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_max_body_size 8m;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include auth_request.conf;
}
`

// newGateway starts nginx before a service of its own, asking s.
func newGateway(t *testing.T, s *server) *gateway {
	t.Helper()
	nginx := program(t, "nginx", "nginx-light")
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(arrived{Method: r.Method, URI: r.RequestURI, Header: r.Header, Length: n})
	}))
	t.Cleanup(behind.Close)
	// A short path: that of a socket has 107 bytes at most.
	dir, err := os.MkdirTemp("", "svc-users-nginx-")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "nginx.sock")
	example, err := os.ReadFile("../../deploy/nginx/auth_request.conf")
	if err != nil {
		t.Fatal(err)
	}
	config := string(example)
	for shown, real := range map[string]string{
		"127.0.0.1:8080": "unix:" + socket, "127.0.0.1:8001": s.host, "127.0.0.1:9000": behind.Listener.Addr().String(),
	} {
		if strings.Count(config, shown) != 1 {
			t.Fatalf("%s is in the example %d times", shown, strings.Count(config, shown))
		}
		config = strings.Replace(config, shown, real, 1)
	}
	for name, text := range map[string]string{"nginx.conf": nginxMain, "auth_request.conf": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := &output{}
	cmd := exec.Command(nginx, "-e", "stderr", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	cmd.Stderr, cmd.SysProcAttr = said, leash()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ends is of no interest
	}()
	g := &gateway{t: t, client: newClient()}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	g.client.Transport = transport
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = cmd.Process.Kill() // it may have ended by itself
		<-ended
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("last output of nginx:\n%s", said.tail())
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("unix", socket); err == nil {
			return errorless(t, g, conn.Close())
		}
		select {
		case <-ended:
			t.Fatalf("nginx has ended:\n%s", said.tail())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not listen:\n%s", said.tail())
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

// arrived is a request as the service behind nginx sees it.
type arrived struct {
	Method string
	URI    string
	Header http.Header
	Length int64
}

// send sends a request through nginx, and returns what arrived behind it, if anything.
func (g *gateway) send(method, path, token, body string, header http.Header) (int, http.Header, *arrived) {
	g.t.Helper()
	request, err := http.NewRequest(method, "http://orders.example"+path, strings.NewReader(body))
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
	if response.StatusCode != http.StatusOK || method == http.MethodHead {
		return response.StatusCode, response.Header, nil
	}
	var a arrived
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		g.t.Fatal(err)
	}
	return response.StatusCode, response.Header, &a
}

func (g *gateway) want(status int, method, path, token string) {
	g.t.Helper()
	if got, _, _ := g.send(method, path, token, "", nil); got != status {
		g.t.Errorf("%s %s through nginx: %d, want %d", method, path, got, status)
	}
}

// What is behind nginx is reached by those who may, and is told of them by us alone.
func TestNginxAsksBeforeItPassesOn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		g := newGateway(t, c.a)
		read := c.ask(http.StatusCreated, http.MethodPost, "/api/v1/permissions", map[string]any{"name": "orders:read"}).text("id")
		write := c.ask(http.StatusCreated, http.MethodPost, "/api/v1/permissions", map[string]any{"name": "orders:write"}).text("id")
		clerk := fmt.Sprintf("Clerk, \"été\" %d", made.Add(1))
		role := c.newRole(map[string]any{"name": clerk, "permission_ids": []string{read}})
		p := c.newPerson(role)

		// Who is nobody, and who may not.
		status, header, _ := g.send("GET", "/orders", "", "", nil)
		if status != http.StatusUnauthorized || header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("without a token: %d %v", status, header)
		}
		g.want(http.StatusUnauthorized, "GET", "/orders", "nonsense")
		g.want(http.StatusForbidden, "GET", "/orders", c.newPerson(c.roles["User"]).token)
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"} {
			g.want(http.StatusForbidden, method, "/orders", p.token)
		}

		// Who may, whatever they say of themselves and of what is required.
		lies := http.Header{
			"X-Auth-Subject": {c.admin.id}, "X-Auth-Email": {c.admin.email}, "X-Auth-Roles": {"Admin"}, "X-Auth-Permissions": {"orders:write"},
			"X-Auth-Require": {"nobody:has"}, "X-Http-Method-Override": {"DELETE"},
		}
		for _, path := range []string{"/orders?require=orders:write&a=b", "/", "//x/../y", "/x/%2e%2e/api/v1/auth/forward?require=x", "/_auth/orders/x"} {
			status, _, a := g.send("GET", path, p.token, "", lies)
			if status != http.StatusOK {
				t.Errorf("%s: %d", path, status)
				continue
			}
			for name, want := range map[string]string{
				"X-Auth-Subject": p.id, "X-Auth-Email": p.email, "X-Auth-Roles": encoded(clerk), "X-Auth-Permissions": "orders:read",
			} {
				if got := a.Header[name]; len(got) != 1 || got[0] != want {
					t.Errorf("%s: %s arrives as %q, want %q", path, name, got, want)
				}
			}
			if a.Header.Get("Authorization") != "" || a.URI != path {
				t.Errorf("%s arrives as %s with the token %v", path, a.URI, a.Header.Get("Authorization") != "")
			}
		}
		g.want(http.StatusOK, "HEAD", "/orders", p.token)
		g.want(http.StatusNotFound, "GET", "/_auth/orders", p.token) // nginx asks there, and nobody else
		g.want(http.StatusUnauthorized, "GET", "/orders?access_token="+p.token, "")
		if status, _, _ := g.send("GET", "/orders", p.token, "", http.Header{"Authorization": {"Bearer " + c.admin.token}}); status == http.StatusOK {
			t.Error("two Authorization headers pass")
		}
		// The lie that would make less be required is one in the right place alone.
		if status, _, _ := g.send("DELETE", "/orders?require=orders:read", p.token, "", http.Header{"X-Auth-Require": {"orders:read"}, "X-Original-Method": {"GET"}}); status != http.StatusForbidden {
			t.Errorf("a forged requirement: %d", status)
		}

		// Rights count from the next request on, where they are changed.
		path := "/api/v1/roles/" + role + "/permissions"
		c.a.want(http.StatusOK, http.MethodPost, path, c.admin.token, map[string]any{"permission_ids": []string{write}})
		large := strings.Repeat("x", 4<<20)
		if status, _, a := g.send("POST", "/orders", p.token, large, http.Header{"Content-Type": {"text/plain"}}); status != http.StatusOK || a.Length != int64(len(large)) || a.Method != "POST" {
			t.Errorf("a large body: %d %+v", status, a)
		}
		c.a.want(http.StatusOK, http.MethodDelete, path+"/"+write, c.admin.token, nil)
		g.want(http.StatusForbidden, "POST", "/orders", p.token)
		g.want(http.StatusOK, "GET", "/orders", p.token)
		c.a.want(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+p.id, c.admin.token, map[string]any{"role_id": c.roles["User"]})
		g.want(http.StatusForbidden, "GET", "/orders", p.token)
		c.a.want(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+p.id, c.admin.token, map[string]any{"role_id": role})
		g.want(http.StatusOK, "GET", "/orders", p.token)
		c.a.want(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+p.id, c.admin.token, map[string]any{"is_active": false})
		g.want(http.StatusUnauthorized, "GET", "/orders", p.token)

		// Without anybody to ask nobody gets in.
		g.want(http.StatusOK, "GET", "/orders", c.admin.token)
		c.a.kill()
		for _, token := range []string{c.admin.token, p.token, ""} {
			g.want(http.StatusInternalServerError, "GET", "/orders", token)
		}
	})
}

// encoded is text as it stands in an X-Auth field.
func encoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte("-._~@:/", c) >= 0 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
