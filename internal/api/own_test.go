package api_test

import (
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	answer := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": "ROOT@Example.COM", "password": apitest.AdminPassword}}).
		Want(t, 200, "Token issued.")
	answer.WantKeys(t, "tokenType", "token", "expiresAt", "device_token")
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
		svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: body}).WantFaults(t, fields...)
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
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: body}).Want(t, 401, "Invalid credentials.")
		if answer.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("the challenge is %q", answer.Header.Get("WWW-Authenticate"))
		}
		answer.Header.Del("Date")
		answer.Header.Del("X-Request-Id")
		if first == nil {
			first = answer
		}
		if string(answer.Body) != string(first.Body) || !apitest.SameHeader(answer.Header, first.Header) {
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
	me.WantKeys(t, "id", "email", "role_id", "role", "is_active", "created_at", "updated_at", "permissions")
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
