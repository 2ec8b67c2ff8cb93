package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

const forward = "/api/v1/auth/forward"

// forwardHeaders are those that tell of the caller.
var forwardHeaders = []string{"X-Auth-Subject", "X-Auth-Email", "X-Auth-Roles", "X-Auth-Permissions", "X-Auth-Actor"}

func TestForward(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, name := range []string{"orders:read", "orders:write", "a,b"} {
		svc.NewPermission(t, name)
	}
	person := svc.NewAccount(t, svc.NewRole(t, svc.NewRole(t, "", "a,b"), "orders:read"))
	for _, c := range []struct {
		below   string   // with the query
		require []string // header lines
		status  int
		granted string // X-Auth-Permissions
	}{
		{"", nil, 200, ""},
		{"?", nil, 200, ""},
		{"?require=orders:read", nil, 200, "orders:read"},
		{"?require=orders%3Aread&require=a%2Cb", nil, 200, "orders:read,a%2Cb"},
		{"?%72equire=orders:write", nil, 403, ""},
		{"?require=orders:read&require=orders:write", nil, 403, ""},
		{"?require=orders:write&require=orders:read", nil, 403, ""},
		{"?&require=orders:read&&", nil, 200, "orders:read"},
		{"?require=orders:read&x=1", nil, 422, ""},
		// What may have been meant to require something.
		{"?required=orders:write", nil, 422, ""},
		{"?requires=orders:write", nil, 422, ""},
		{"?REQUIRE=orders:write", nil, 422, ""},
		{"?Require=orders:write", nil, 422, ""},
		{"?require[]=orders:write", nil, 422, ""},
		{"?require%5B%5D=orders:write", nil, 422, ""},
		{"?require.0=orders:write", nil, 422, ""},
		{"?require%20=orders:write", nil, 422, ""},
		{"?require%00=orders:write", nil, 422, ""},
		{"?+require=orders:write", nil, 422, ""},
		{"?permission=orders:write", nil, 422, ""},
		{"?permissions=orders:write", nil, 422, ""},
		{"?scope=orders:write", nil, 422, ""},
		{"?orders:write", nil, 422, ""},
		{"?=orders:write", nil, 422, ""},
		{"?x;require=orders:write", nil, 422, ""},
		{"?require=orders:read;require=orders:write", nil, 403, ""}, // one name
		{"?require=orders:read&Require=orders:write", nil, 422, ""},
		{"?require=orders:read&X=%zz", nil, 422, ""},
		{"?dry_run=true", nil, 422, ""},
		{"?require=orders:read,orders:write", nil, 403, ""},
		{"?require=", nil, 422, ""},
		{"?require", nil, 422, ""},
		{"?require=orders:read&require=", nil, 422, ""},
		{"?require=orders:read+orders:write", nil, 422, ""},
		{"?require=orders:read%00", nil, 422, ""},
		{"?require=%zz", nil, 422, ""},
		{"?requir%zz=orders:write", nil, 422, ""},
		{"?" + strings.Repeat("require=orders:read&", 100), nil, 200, strings.TrimSuffix(strings.Repeat("orders:read,", 100), ",")},
		{"?" + strings.Repeat("require=orders:read&", 101), nil, 422, ""},
		// At the path itself the header is whatever a client sent.
		{"", []string{"orders:write"}, 200, ""},
		{"?require=orders:read", []string{"orders:write"}, 200, "orders:read"},

		{"/", nil, 200, ""},
		{"/", []string{"orders:read"}, 200, "orders:read"},
		{"/x/y?a=b", []string{"orders:read a,b"}, 200, "orders:read,a%2Cb"},
		{"/x/y?a=b", []string{"  orders:read   a,b  "}, 200, "orders:read,a%2Cb"},
		{"/x", []string{"orders:read", "a,b"}, 200, "orders:read,a%2Cb"},
		{"/x", []string{"orders:read", "orders:write"}, 403, ""},
		{"/x", []string{"orders:write", "orders:read"}, 403, ""},
		{"/x", []string{"orders:read, orders:write"}, 403, ""},
		{"/x", []string{"orders:read\torders:write"}, 422, ""},
		{"/x", []string{""}, 422, ""},
		{"/x", []string{"orders:read", ""}, 422, ""},
		{"/x", []string{"\"orders:read\""}, 422, ""},
		{"/x", []string{"orders:réad"}, 422, ""},
		// Below it the query is that of the foreign request, in whatever spelling.
		{"/?require=orders:write", []string{"orders:read"}, 200, "orders:read"},
		{"/?require=orders:read", []string{"orders:write"}, 403, ""},
		{"/x?require=orders:write&require=%zz&%zz", nil, 200, ""},
		{"//", []string{"orders:write"}, 403, ""},
		{"//x//", []string{"orders:read"}, 200, "orders:read"},
		{"/../../../api/v1/health", []string{"orders:write"}, 403, ""},
		{"/../forward", []string{"orders:write"}, 403, ""},
		{"/%2e%2e/forward?require=orders:read", []string{"orders:write"}, 403, ""},
		{"/%2e%2e%2fforward?require=orders:read", []string{"orders:write"}, 403, ""},
		{"/..%2f", []string{"orders:read"}, 200, "orders:read"},
		{"/.%00/%ff", []string{"orders:read"}, 200, "orders:read"},
	} {
		answer := svc.Send(t, apitest.Request{
			Method: "GET", Path: forward + c.below, Token: person.Token, Header: http.Header{"X-Auth-Require": c.require},
		})
		if answer.Status != c.status {
			t.Errorf("%s with %q: %d %s, want %d", c.below, c.require, answer.Status, answer.Body, c.status)
			continue
		}
		for _, name := range forwardHeaders {
			if there := len(answer.Header[name]) == 1; there != (c.status == 200) {
				t.Errorf("%s with %q: %d with %s %q", c.below, c.require, answer.Status, name, answer.Header[name])
			}
		}
		if got := answer.Header.Get("X-Auth-Permissions"); got != c.granted {
			t.Errorf("%s with %q: granted %q, want %q", c.below, c.require, got, c.granted)
		}
		if c.status == 200 && (answer.Header.Get("X-Auth-Subject") != person.ID || answer.Header.Get("X-Auth-Email") != person.Email ||
			answer.Header.Get("Cache-Control") != "no-store" || answer.Message != "Access granted" || string(answer.Data) != "null") {
			t.Errorf("%s with %q: %v %s", c.below, c.require, answer.Header, answer.Body)
		}
	}
}

// What is next to the path is not below it, and no spelling of the path itself is another way to it.
func TestForwardHasOnePath(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, path := range []string{
		forward + "x", forward + ";x", forward + "%2Fx", forward + "%2f", forward + "%3Frequire=x", "/" + forward, "/api/v1/auth//forward", "/api/v1/auth/%66orward",
		"/api/v1/auth/%66orward/x", "/api/v1/auth/x/../forward", "/api/v1/auth/x/../forward/x", "/api/v1/auth/Forward", "/api/v1/auth/forwar%64/",
	} {
		svc.Send(t, apitest.Request{Method: "GET", Path: path, Token: svc.AdminToken}).Want(t, 404, "Not found")
	}
}

// The caller is named in one Authorization header, as everywhere; nothing else of the request counts.
func TestForwardIsAboutTheTokenAlone(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, ""))
	good := "Bearer " + person.Token
	for _, c := range []struct {
		sent   []string
		status int
	}{
		{nil, 401}, {[]string{""}, 401}, {[]string{"Basic cm9vdDpyb290"}, 401}, {[]string{good, good}, 401}, {[]string{good, "Basic cm9vdDpyb290"}, 401},
		{[]string{good + ", " + good}, 401}, {[]string{"Bearer " + person.Token + "x"}, 401}, {[]string{good}, 200},
	} {
		for _, path := range []string{forward, forward + "/x?access_token=" + svc.AdminToken} {
			for _, method := range []string{"GET", "OPTIONS", "POST"} {
				svc.Send(t, apitest.Request{Method: method, Path: path, Header: http.Header{
					"Authorization": c.sent, "Proxy-Authorization": {"Bearer " + svc.AdminToken}, "X-Auth-Subject": {svc.AdminID}, "Cookie": {"token=" + svc.AdminToken},
					"Origin": {"https://page.example"}, "Access-Control-Request-Method": {"POST"}, "X-Http-Method-Override": {"GET"},
				}}).Want(t, c.status, "")
			}
		}
	}
	for _, r := range []apitest.Request{
		{Method: "POST", Body: "{{{"},
		{Method: "POST", Body: "x", Header: http.Header{"Content-Type": {"text/plain"}, "Content-Encoding": {"br"}}},
		{Method: "PUT", Body: strings.Repeat("x", 8<<20), Header: http.Header{"Content-Type": {}}},
		{Method: "PATCH", Body: `{"permissions":["x"]}`, Header: http.Header{"Expect": {"100-continue"}}},
		{Method: "DELETE", Body: url.Values{"require": {"nobody:has"}}},
	} {
		for _, below := range []string{"", "/orders"} {
			r.Path, r.Token = forward+below, person.Token
			answer := svc.Send(t, r).Want(t, 200, "Access granted")
			if answer.Header.Get("X-Auth-Subject") != person.ID {
				t.Errorf("%s: %v", r.Method, answer.Header)
			}
		}
	}
	svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: forward, Token: person.Token}).Want(t, 401, "")
}

// Text of people's own ends up in header fields, where it must be no more than text.
func TestForwardHeadersAreEncoded(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	const parent = "Chef, \"à côté\"; 100% \\ =?utf-8?"
	for _, name := range []string{"X X-Auth-Subject: root", "a\u00a0b\u3000c", "管理者", "a,b", "-._~@:/", "%0D%0A", "🙂"} {
		top := svc.Post(t, "/api/v1/roles", map[string]any{"name": parent + name}).Want(t, 201, "").Text(t, "id")
		role := svc.Post(t, "/api/v1/roles", map[string]any{"name": name, "parent_id": top}).Want(t, 201, "").Text(t, "id")
		person := svc.NewAccount(t, role)
		email := "o'" + strings.TrimSuffix(person.Email, "@example.com") + "+é!#@bücher.example"
		svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"email": email}).Want(t, 200, "")
		answer := svc.Send(t, apitest.Request{Method: "GET", Path: forward, Token: person.Token}).Want(t, 200, "")
		var roles []string
		for element := range strings.SplitSeq(answer.Header.Get("X-Auth-Roles"), ",") {
			decoded, err := url.PathUnescape(element)
			if err != nil {
				t.Error(err)
			}
			roles = append(roles, decoded)
		}
		if len(roles) != 2 || roles[0] != name || roles[1] != parent+name {
			t.Errorf("roles %q of %q", roles, answer.Header.Get("X-Auth-Roles"))
		}
		if decoded, err := url.PathUnescape(answer.Header.Get("X-Auth-Email")); decoded != email || err != nil {
			t.Errorf("e-mail %q, %v", decoded, err)
		}
		if plain := strings.TrimSuffix(strings.TrimPrefix(email, "o'"), "é!#@bücher.example"); !strings.HasPrefix(answer.Header.Get("X-Auth-Email"), "o'"+plain+"%C3%A9!#@b%C3%BCcher") {
			t.Errorf("e-mail %q is not as plain as it could be: %q", email, answer.Header.Get("X-Auth-Email"))
		}
		for _, field := range forwardHeaders {
			allowed := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@:/%,"
			if field == "X-Auth-Email" {
				allowed += "!#$&'*+=?^`{|}"
			}
			if strings.ContainsFunc(answer.Header.Get(field), func(r rune) bool { return !strings.ContainsRune(allowed, r) }) {
				t.Errorf("%s is %q", field, answer.Header.Get(field))
			}
		}
	}
}

// An e-mail arrives as people write it, so that software that does not decode the field knows one user and not two.
func TestForwardKeepsEmails(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, ""))
	for email, want := range map[string]string{
		"ada+test@example.com": "ada+test@example.com", "o'neill@example.com": "o'neill@example.com",
		"!#$&'*+-/=?^_`{|}~@example.com": "!#$&'*+-/=?^_`{|}~@example.com",
		"50%2B@example.com":              "50%252B@example.com", "adé@example.com": "ad%C3%A9@example.com",
	} {
		svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"email": email}).Want(t, 200, "")
		answer := svc.Send(t, apitest.Request{Method: "GET", Path: forward, Token: person.Token}).Want(t, 200, "")
		if got := answer.Header.Get("X-Auth-Email"); got != want {
			t.Errorf("%s is told as %s, want %s", email, got, want)
		}
	}
}

// The log has the operation, and nothing of the foreign path; what was let through is for debugging.
func TestForwardInTheLog(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for id, token := range map[string]string{"let-in": svc.AdminToken, "turned-away": ""} {
		svc.Send(t, apitest.Request{Method: "GET", Path: forward + "/hidden/path?hidden=1", Token: token, Header: http.Header{"X-Request-Id": {id}}})
	}
	for line := range strings.Lines(svc.Log.String()) {
		var record struct {
			ID    string `json:"request_id"`
			Route string
			Level string
		}
		apitest.Unmarshal(t, []byte(line), &record)
		want, ok := map[string]string{"let-in": "DEBUG", "turned-away": "INFO"}[record.ID]
		if ok && (record.Route != forward || record.Level != want) {
			t.Errorf("%s", line)
		}
	}
	if strings.Contains(svc.Log.String(), "hidden") {
		t.Error("the log holds a part of a path or a query")
	}
}
