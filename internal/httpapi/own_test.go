package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func unmarshal(t *testing.T, raw []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
}

const login = "/api/v1/auth/login"

func TestLogin(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	answer := svc.Send(t, apitest.Request{Method: "POST", Path: login, Body: map[string]any{"email": "ROOT@Example.COM", "password": apitest.AdminPassword}}).
		Want(t, 200, "Token issued.")
	wantKeys(t, answer, "tokenType", "token", "expiresAt")
	if answer.Text(t, "tokenType") != "Bearer" || !strings.HasSuffix(answer.Text(t, "expiresAt"), "Z") || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", answer.Header, answer.Body)
	}
	for body, fields := range map[string][]string{
		`{"email":"root@example.com","password":""}`:     {"password"},
		`{"email":"root@example.com"}`:                   {"password"},
		`{}`:                                             {"email", "password"},
		`{"email":"a\u0000b","password":""}`:             {"email", "password"},
		`{"email":null,"password":null,"Password":"xx"}`: {"email", "password", "Password"},
	} {
		svc.Send(t, apitest.Request{Method: "POST", Path: login, Body: body}).WantFaults(t, fields...)
	}
}

// Whatever the reason, a failed login looks the same.
func TestFailedLoginsLookAlike(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	disabled := svc.NewAccount(t, svc.NewRole(t, ""))
	svc.Patch(t, "/api/v1/accounts/"+disabled.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	var first *apitest.Answer
	for _, body := range []map[string]any{
		{"email": apitest.AdminEmail, "password": "wrong-password"},
		{"email": apitest.AdminEmail, "password": apitest.AdminPassword + "\x00"},
		{"email": apitest.AdminEmail, "password": strings.Repeat("wrong", 100)},
		{"email": "nobody@example.com", "password": "wrong-password"},
		{"email": "no address", "password": "wrong-password"},
		{"email": "", "password": "wrong-password"},
		{"email": disabled.Email, "password": disabled.Password},
	} {
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: login, Body: body}).Want(t, 401, "Invalid credentials.")
		if answer.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("the challenge is %q", answer.Header.Get("WWW-Authenticate"))
		}
		answer.Header.Del("Date")
		answer.Header.Del("X-Request-Id")
		if first == nil {
			first = answer
		}
		if string(answer.Body) != string(first.Body) || !sameHeader(answer.Header, first.Header) {
			t.Errorf("%v: %v %s, but %v %s", body["email"], answer.Header, answer.Body, first.Header, first.Body)
		}
	}
}

func TestOwnAccount(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, "", "roles:read", "accounts:read"))
	send := func(method, path string, body any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: method, Path: path, Token: person.Token, Body: body})
	}
	me := send("GET", "/api/v1/auth/me", nil).Want(t, 200, "Account retrieved successfully")
	wantKeys(t, me, "id", "email", "role_id", "role", "is_active", "created_at", "updated_at", "permissions")
	if !strings.Contains(string(me.Data), `"permissions":["accounts:read","roles:read"]`) {
		t.Errorf("me is %s", me.Data)
	}
	send("POST", "/api/v1/auth/email", map[string]any{"current_password": "wrong-password", "email": "new@example.com"}).Want(t, 403, "")
	send("POST", "/api/v1/auth/email", map[string]any{"current_password": person.Password, "email": apitest.AdminEmail}).Want(t, 409, "")
	send("POST", "/api/v1/auth/email", map[string]any{"current_password": person.Password, "email": "new"}).WantFaults(t, "email")
	changed := send("POST", "/api/v1/auth/email", map[string]any{"current_password": person.Password, "email": "New@example.com"}).
		Want(t, 200, "Account updated successfully")
	if changed.Text(t, "email") != "New@example.com" {
		t.Errorf("changed to %s", changed.Data)
	}
	send("POST", "/api/v1/auth/password", map[string]any{"current_password": "wrong-password", "new_password": "quite another"}).Want(t, 403, "")
	send("POST", "/api/v1/auth/password", map[string]any{"current_password": person.Password, "new_password": "short"}).WantFaults(t, "new_password")
	send("POST", "/api/v1/auth/password", `{"current_password":"a\u0000b","new_password":"quite\u0000another"}`).
		WantFaults(t, "current_password", "new_password")
	fresh := send("POST", "/api/v1/auth/password", map[string]any{"current_password": person.Password, "new_password": "quite another"}).
		Want(t, 200, "Password updated successfully").Text(t, "token")
	stale := send("GET", "/api/v1/auth/me", nil).Want(t, 401, "")
	if stale.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
		t.Errorf("the challenge is %q", stale.Header.Get("WWW-Authenticate"))
	}
	person.Token = fresh
	send("GET", "/api/v1/auth/me", nil).Want(t, 200, "")
}

func TestKeys(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	type key map[string]string
	var enveloped struct {
		Data struct{ Keys []key }
		Keys []key
	}
	answer := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/jwks"}).Want(t, 200, "JWKS retrieved successfully")
	unmarshal(t, answer.Body, &enveloped)
	var bare struct{ Keys []key }
	set := svc.Send(t, apitest.Request{Method: "GET", Path: "/.well-known/jwks.json"}).Want(t, 200, "")
	unmarshal(t, set.Body, &bare)
	if len(enveloped.Keys) != 1 || len(enveloped.Data.Keys) != 1 || len(bare.Keys) != 1 {
		t.Fatalf("%s %s", answer.Body, set.Body)
	}
	for _, name := range []string{"kty", "kid", "use", "alg", "n", "e"} {
		if v := bare.Keys[0][name]; v == "" || enveloped.Keys[0][name] != v || enveloped.Data.Keys[0][name] != v {
			t.Errorf("%s: %q, %q, %q", name, v, enveloped.Keys[0][name], enveloped.Data.Keys[0][name])
		}
	}
	if _, there := bare.Keys[0]["publicKey"]; there || enveloped.Keys[0]["publicKey"] == "" || enveloped.Data.Keys[0]["publicKey"] == "" {
		t.Errorf("%s %s", answer.Body, set.Body)
	}
	for _, a := range []*apitest.Answer{answer, set} {
		tag := a.Header.Get("ETag")
		if a.Header.Get("Cache-Control") != "public, max-age=300" || len(tag) < 10 || tag[0] != '"' {
			t.Errorf("headers %v", a.Header)
		}
		for sent, want := range map[string]int{tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200, tag[1:]: 200} {
			again := svc.Send(t, apitest.Request{Method: "GET", Path: a.Request.Path, Header: http.Header{"If-None-Match": {sent}}}).Want(t, want, "")
			if want == 304 && (again.Header.Get("ETag") != tag || again.Header.Get("Cache-Control") != "public, max-age=300" || len(again.Body) > 0 || again.Header.Get("Content-Type") != "") {
				t.Errorf("304 is %v %s", again.Header, again.Body)
			}
		}
	}
}
