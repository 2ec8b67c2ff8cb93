package system

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"
)

// foldHeader is the name as servers see it that read X_Auth.Roles as X-Auth-Roles.
func foldHeader(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

// lie is what clients say about themselves in these tests.
const lie = "lie.example"

// headerSpellings are names that some server takes for the same one.
func headerSpellings(name string) []string {
	all := []string{name, strings.ToLower(name), strings.ToUpper(name)}
	if !strings.Contains(name, "-") {
		return all
	}
	for _, c := range "_.!#$%&'*+^`|~" { // all that RFC 9110 lets stand in a name
		all = append(all, strings.ReplaceAll(name, "-", string(c)), strings.ToLower(strings.Replace(name, "-", string(c), 1)))
		last := strings.LastIndex(name, "-")
		all = append(all, name[:last]+string(c)+name[last+1:])
	}
	return append(all, strings.Replace(strings.ReplaceAll(name, "-", "_"), "_", ".", 1))
}

// removesSpellings: no spelling of a name that only the gateway may set, and none that means another method or path
// than was checked, reaches the service behind; nor does the token.
func (g *gateway) removesSpellings(p person, roles string) {
	tried := 0
	for _, name := range []string{
		"X-Auth-Subject", "X-Auth-Email", "X-Auth-Roles", "X-Auth-Permissions", "X-Auth-Actor", "X-Auth-Require", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
		"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded",
	} {
		for i, spelled := range headerSpellings(name) {
			tried++
			values := [][]string{{lie}, {lie, lie}, {""}}[i%3]
			status, _, a := g.send("GET", "/orders", p.token, "", http.Header{spelled: values})
			if status != http.StatusOK || a == nil {
				g.t.Fatalf("with %s: %d", spelled, status)
			}
			if g.tells(a, p, roles); g.t.Failed() {
				return // the others would only say the same
			}
		}
	}
	if tried < 600 {
		g.t.Errorf("only %d spellings were tried", tried)
	}
	// Beside one another.
	many := http.Header{}
	for _, name := range []string{"X-Auth-Roles", "X-Auth-Permissions"} {
		for _, spelled := range headerSpellings(name)[:20] {
			many[spelled] = []string{lie}
		}
	}
	if status, _, a := g.send("GET", "/orders", p.token, "", many); status != http.StatusOK || a == nil {
		g.t.Errorf("with many at once: %d", status)
	} else {
		g.tells(a, p, roles)
	}
}

// passesSockets: a WebSocket is opened by those who may, and passes what is said both ways.
func (g *gateway) passesSockets(p person) {
	for token, want := range map[string]int{"": http.StatusUnauthorized, p.token: http.StatusSwitchingProtocols} {
		conn, err := net.Dial("tcp", g.address)
		if err != nil {
			g.t.Fatal(err)
		}
		defer conn.Close()
		errorless(g.t, 0, conn.SetDeadline(time.Now().Add(patience)))
		fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", g.address, token)
		reader := bufio.NewReader(conn)
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			g.t.Fatal(err)
		}
		if response.StatusCode != want {
			g.t.Errorf("an upgrade is answered by %d, want %d", response.StatusCode, want)
			continue
		}
		if want != http.StatusSwitchingProtocols {
			continue
		}
		for _, said := range []string{"first\n", "second\n"} {
			fmt.Fprint(conn, said)
			if heard, err := reader.ReadString('\n'); heard != said || err != nil {
				g.t.Errorf("%q comes back as %q, %v", said, heard, err)
			}
		}
	}
}

// preflight is what a browser says in one.
var preflight = http.Header{"Origin": {"https://page.example"}, "Access-Control-Request-Method": {"DELETE"}}

func (g *gateway) refusesPreflights() {
	if status, _, _ := g.send("OPTIONS", "/orders", "", "", preflight); status != http.StatusUnauthorized {
		g.t.Errorf("a preflight passes as published: %d", status)
	}
}

// passesPreflights: where the lines for them are uncommented preflights pass, and nothing else does so.
func (g *gateway) passesPreflights(c *cluster, p person) {
	lies := http.Header{"X-Auth-Subject": {lie}, "X_auth_roles": {lie}, "X-Http-Method-Override": {"DELETE"}, "Authorization": {"Bearer " + p.token}}
	maps.Copy(lies, preflight)
	status, _, a := g.send("OPTIONS", "/orders", "", "", lies)
	if status != http.StatusOK || a == nil {
		g.t.Fatalf("a preflight: %d", status)
	}
	for name, values := range a.Header {
		folded := foldHeader(name)
		if strings.HasPrefix(folded, "x-auth-") && values[0] != "" || folded == "authorization" || folded == "x-http-method-override" {
			g.t.Errorf("with a preflight arrives %s: %q", name, values)
		}
	}
	for _, method := range []string{"GET", "POST", "DELETE", "HEAD"} {
		if status, _, _ := g.send(method, "/orders", "", "", preflight); status != http.StatusUnauthorized {
			g.t.Errorf("%s with the header fields of a preflight: %d", method, status)
		}
	}
	for name := range preflight {
		if status, _, _ := g.send("OPTIONS", "/orders", "", "", http.Header{name: preflight[name]}); status != http.StatusUnauthorized {
			g.t.Errorf("OPTIONS with %s alone: %d", name, status)
		}
	}
	g.want(http.StatusUnauthorized, "OPTIONS", "/orders", "")
	g.want(http.StatusOK, "GET", "/orders", c.admin.token)
}
