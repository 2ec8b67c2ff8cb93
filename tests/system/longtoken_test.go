package system

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// The longest token that can be issued, and the headers of a browser beside it, pass each published file: a token is never
// issued that is then refused on its way.
func TestLongestTokenPasses(t *testing.T) {
	t.Parallel()
	s := serveWith(t, []string{"DATABASE_URL=" + sqliteURL(t), "JWT_MAX_BYTES=8192"}, "--demo")
	c := join(t, "", s, s)
	p := c.longestToken()
	beside := http.Header{"Cookie": {strings.Repeat("c", 4<<10)}, "User-Agent": {strings.Repeat("Mozilla/5.0 ", 20)}}
	for _, kind := range gatewayKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, kind, s.host, false)
			if status, _, a := g.send("GET", "/orders", p.token, "", beside); status != http.StatusOK || a == nil {
				t.Errorf("a token of %d bytes: %d", len(p.token), status)
			}
		})
	}
	for name, balance := range map[string]func(f *replicaSet) string{
		"nginx as a balancer": func(f *replicaSet) string { return f.balanceByNginx(program(f.t, "nginx", "nginx-light")) },
		"haproxy":             func(f *replicaSet) string { return f.balance(program(f.t, "haproxy", "haproxy")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &replicaSet{t: t, replicas: []*server{s, s, s}}
			client := newFrontClient(t, balance(f), p.token)
			client.header = beside
			until(t, "the balancer has found the service", func() bool {
				status, _ := client.send(http.MethodGet, "/readyz", nil)
				return status != http.StatusServiceUnavailable
			})
			if status, why := client.send(http.MethodGet, "/api/v1/auth/me", nil); status != http.StatusOK {
				t.Errorf("a token of %d bytes: %d %s", len(p.token), status, why)
			}
		})
	}
}

// longestToken is a person who may read orders and whose token has 8192 bytes, or a few less, as names have it.
func (c *cluster) longestToken() person {
	c.t.Helper()
	const most = 8192
	permission := func(name string) string {
		return c.ask(http.StatusCreated, http.MethodPost, "/api/v1/permissions", map[string]any{"name": name}).text("id")
	}
	ids := []string{permission("orders:read")}
	for i := range 40 {
		ids = append(ids, permission(fmt.Sprintf("%s:%03d", strings.Repeat("p", 96), i)))
	}
	role := c.newRole(map[string]any{"permission_ids": ids})
	p := c.newPerson(role)
	assign := func(name string) {
		id := permission(name)
		c.ask(http.StatusOK, http.MethodPost, "/api/v1/roles/"+role+"/permissions", map[string]any{"permission_ids": []string{id}})
		p.token = c.any().login(p.email, p.password)
	}
	for i := 0; ; i++ {
		// Of what is left, base64 takes a quarter, and a name comes in quotes with a comma.
		left := (most-len(p.token))*3/4 - 3
		suffix := fmt.Sprintf(":%d", i)
		if left <= len(suffix) {
			break
		}
		assign(strings.Repeat("q", min(100, left)-len(suffix)) + suffix)
	}
	if len(p.token) > most || len(p.token) < most-12 {
		c.t.Fatalf("the token has %d bytes", len(p.token))
	}
	return p
}
