package system

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Only requests with the permission reach the service behind a gateway, and it learns the caller from svc-users alone.
func TestGateways(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	ids := map[string]string{}
	for _, name := range []string{"orders:read", "orders:write"} {
		ids[name] = c.ask(http.StatusCreated, http.MethodPost, "/api/v1/permissions", map[string]any{"name": name}).text("id")
	}
	for _, kind := range gatewayKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			clerk := fmt.Sprintf("Clerk, \"été\" %d", made.Add(1))
			role := c.newRole(map[string]any{"name": clerk, "permission_ids": []string{ids["orders:read"]}})
			p := c.newPerson(role)
			// An e-mail that a proxy could take for something of its own: a placeholder, a variable, an expression.
			p.email = fmt.Sprintf("o'{env.HOME}$host+&*^`|~=?!#/%d@example.com", made.Add(1))
			c.a.want(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+p.id, c.admin.token, map[string]any{"email": p.email})
			g := newGateway(t, kind, c.a.host, false)
			t.Run("asks", func(t *testing.T) {
				g.on(t).asks(c, p, "/api/v1/roles/"+role+"/permissions", ids["orders:write"], encoded(clerk))
			})
			t.Run("spellings", func(t *testing.T) { g.on(t).removesSpellings(p, encoded(clerk)) })
			t.Run("sockets", func(t *testing.T) { g.on(t).passesSockets(p) })
			t.Run("preflights", func(t *testing.T) {
				g.on(t).refusesPreflights()
				newGateway(t, kind, c.a.host, true).passesPreflights(c, p)
			})
			// Rights count from the next request on.
			c.a.want(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+p.id, c.admin.token, map[string]any{"is_active": false})
			g.want(http.StatusUnauthorized, "GET", "/orders", p.token)
		})
	}
}

func (g *gateway) on(t *testing.T) *gateway {
	inner := *g
	inner.t = t
	return &inner
}

func (g *gateway) asks(c *cluster, p person, assignments, write, roles string) {
	t := g.t
	// No caller, and a caller without the permission.
	status, header, _ := g.send("GET", "/orders", "", "", nil)
	if status != http.StatusUnauthorized || header.Get("Www-Authenticate") != "Bearer" {
		t.Errorf("without a token: %d %v", status, header)
	}
	g.want(http.StatusUnauthorized, "GET", "/orders", "nonsense")
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"} {
		g.want(http.StatusForbidden, method, "/orders", p.token)
	}

	// A caller with the permission, whatever the path says of the gateway and of what is required.
	for _, path := range []string{"/orders?require=orders:write&a=b", "/", "//x/../y", "/x/%2e%2e/api/v1/auth/forward?require=x", "/_auth/orders/x"} {
		status, _, a := g.send("GET", path, p.token, "", nil)
		if status != http.StatusOK || a == nil {
			t.Errorf("%s: %d", path, status)
			continue
		}
		g.tells(a, p, roles)
		if a.URI != path {
			t.Errorf("%s arrives as %s", path, a.URI)
		}
	}
	g.want(http.StatusOK, "HEAD", "/orders", p.token)
	if g.kind.name == "nginx" {
		g.want(http.StatusNotFound, "GET", "/_auth/orders", p.token) // nginx asks there, and nothing else does
	}
	g.want(http.StatusUnauthorized, "GET", "/orders?access_token="+p.token, "")
	if status, _, _ := g.send("GET", "/orders", p.token, "", http.Header{"Authorization": {"Bearer " + c.admin.token}}); status == http.StatusOK {
		t.Error("two Authorization headers pass")
	}
	// The lie that would make less be required.
	if status, _, _ := g.send("DELETE", "/orders?require=orders:read", p.token, "", http.Header{
		"X-Auth-Require": {"orders:read"}, "X_Auth_Require": {"orders:read"}, "X-Original-Method": {"GET"}, "X-Http-Method-Override": {"GET"}, "X-Forwarded-Method": {"GET"},
	}); status != http.StatusForbidden {
		t.Errorf("a forged requirement: %d", status)
	}

	c.a.want(http.StatusOK, http.MethodPost, assignments, c.admin.token, map[string]any{"permission_ids": []string{write}})
	large := strings.Repeat("x", 4<<20)
	if status, _, a := g.send("POST", "/orders", p.token, large, http.Header{"Content-Type": {"text/plain"}}); status != http.StatusOK || a == nil || a.Length != int64(len(large)) || a.Method != "POST" {
		t.Errorf("a large body: %d %+v", status, a)
	}
	c.a.want(http.StatusOK, http.MethodDelete, assignments+"/"+write, c.admin.token, nil)
	g.want(http.StatusForbidden, "POST", "/orders", p.token)
	g.want(http.StatusOK, "GET", "/orders", p.token)
}

// tells fails the test unless the service behind received this person in the header fields, and the caller's
// address, but neither the token nor any other field that a client must not set. It reads names as CGI does: every
// character other than a letter or a digit is the same one.
func (g *gateway) tells(a *arrived, p person, roles string) {
	g.t.Helper()
	want := map[string]string{
		"x-auth-subject": p.id, "x-auth-email": p.email, "x-auth-roles": roles, "x-auth-permissions": "orders:read", "x-forwarded-for": g.host,
	}
	never := map[string]bool{
		"authorization": true, "x-auth-require": true, "x-http-method-override": true, "x-http-method": true, "x-method-override": true,
		"x-original-url": true, "x-rewrite-url": true, "forwarded": true, "x-real-ip": true,
	}
	for name, values := range a.Header {
		folded := foldHeader(name)
		value, told := want[folded]
		if never[folded] || told && (http.CanonicalHeaderKey(folded) != name || len(values) != 1 || values[0] != value) {
			g.t.Errorf("%s arrives as %q, and should be %q", name, values, value)
		}
		if folded == "x-auth-actor" && (http.CanonicalHeaderKey(folded) != name || strings.Join(values, "") != "") {
			g.t.Errorf("%s arrives as %q, and no account acts for another", name, values)
		}
		if (folded == "x-forwarded-proto" || folded == "x-forwarded-host") && (strings.Contains(name, "_") || len(values) != 1 || values[0] == lie) {
			g.t.Errorf("%s arrives as %q", name, values)
		}
	}
	for name := range want {
		if len(a.Header.Values(name)) != 1 {
			g.t.Errorf("%s does not arrive", name)
		}
	}
}

// Any other answer than yes or no, or none, lets no request pass, and the client gets the status that it means. Answers
// of the service behind reach the client as they are.
func TestGatewaysWithoutAYes(t *testing.T) {
	t.Parallel()
	for _, kind := range gatewayKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			answer := make(chan int, 1)
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(<-answer)
				_, _ = io.WriteString(w, "{}")
			}))
			defer service.Close()
			g := newGateway(t, kind, strings.TrimPrefix(service.URL, "http://"), false)
			for said, want := range map[int]int{503: 503, 401: 401, 403: 403} {
				answer <- said
				status, header, a := g.send("GET", "/orders", "x", "", nil)
				if status != want || a != nil {
					t.Errorf("%d from the service is %d for the client", said, status)
				}
				// Envoy takes 503 for no answer, and makes one of its own.
				if said == http.StatusServiceUnavailable && kind.name != "envoy" && header.Get("Retry-After") != "7" {
					t.Errorf("Retry-After is %q", header.Get("Retry-After"))
				}
			}
			for _, said := range []int{422, 404, 500, 302} {
				answer <- said
				if status, _, a := g.send("GET", "/orders", "x", "", nil); status < 300 || a != nil {
					t.Errorf("%d from the service lets in, with %d", said, status)
				}
			}
			answer <- http.StatusOK
			if status, _, a := g.send("GET", "/fails", "x", "", nil); status != http.StatusInternalServerError || a == nil {
				t.Errorf("500 from the service behind is %d for the client, with its body: %v", status, a != nil)
			}
			service.Close()
			for _, token := range []string{"x", ""} {
				g.want(kind.away, "GET", "/orders", token)
			}
		})
	}
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
