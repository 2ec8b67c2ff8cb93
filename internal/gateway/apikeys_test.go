package gateway_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

// keyWorld is a service with an account that holds more than its API key lists.
func keyWorld(t *testing.T) (svc *apitest.Service, person apitest.Account, key apitest.APIKey) {
	t.Helper()
	svc = apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	svc.NewPermission(t, "docs:write")
	person = svc.NewAccount(t, svc.NewRole(t, svc.NewRole(t, "", "docs:read"), "docs:write", "tokens:introspect", "accounts:read", "changes:read"))
	return svc, person, svc.NewAPIKey(t, person.Token, "docs:read", "tokens:introspect", "changes:read")
}

func TestCheckWithAPIKey(t *testing.T) {
	t.Parallel()
	svc, person, key := keyWorld(t)
	check := func(body map[string]any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/check", Token: key.Key, Body: body})
	}
	for range 3 { // from the database, and then from the cache
		got := check(map[string]any{"permissions": []string{"docs:read", "docs:write", "no:such"}}).Want(t, 200, "")
		want := `{"account_id":"` + person.ID + `","is_active":true,"allowed":false,"permissions":[{"name":"docs:read","allowed":true},` +
			`{"name":"docs:write","allowed":false},{"name":"no:such","allowed":false}]}`
		if string(got.Data) != want {
			t.Errorf("%s, want %s", got.Data, want)
		}
		check(map[string]any{"permissions": []string{"docs:read"}, "account_id": person.ID}).Want(t, 403, "Missing required permission: accounts:read")
	}
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/changes", Token: key.Key}).Want(t, 200, "")
}

func TestForwardWithAPIKey(t *testing.T) {
	t.Parallel()
	svc, person, key := keyWorld(t)
	forward := func(query string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/forward" + query, Token: key.Key})
	}
	got := forward("?require=docs:read").Want(t, 200, "Access granted")
	for name, want := range map[string]string{
		"X-Auth-Subject": person.ID, "X-Auth-Email": person.Email, "X-Auth-Permissions": "docs:read", "X-Auth-Roles": "",
	} {
		if values := got.Header.Values(name); len(values) != 1 || values[0] != want {
			t.Errorf("%s: %q, want %q", name, values, want)
		}
	}
	forward("").Want(t, 200, "Access granted")
	forward("?require=docs:read&require=docs:write").Want(t, 403, "Missing required permission: docs:write")
}

func TestIntrospectAPIKey(t *testing.T) {
	t.Parallel()
	svc, person, key := keyWorld(t)
	ask := func(with, sent string) map[string]any {
		t.Helper()
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: with, Body: url.Values{"token": {sent}}}).Want(t, 200, "")
		var members map[string]any
		apitest.Unmarshal(t, answer.Body, &members)
		return members
	}
	var made struct {
		CreatedAt time.Time `json:"created_at"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	svc.Send(t, apitest.Request{Method: "GET", Path: apitest.APIKeysPath + "/" + key.ID, Token: person.Token}).Want(t, 200, "").Into(t, &made)
	want := map[string]any{
		"active": true, "scope": "changes:read docs:read tokens:introspect", "token_type": "Bearer", "sub": person.ID, "username": person.Email,
		"iss": "https://id.example", "aud": "https://api.example", "jti": key.ID, "iat": float64(made.CreatedAt.Unix()), "exp": float64(made.ExpiresAt.Unix()),
	}
	for _, with := range []string{svc.AdminToken, key.Key} {
		got, _ := json.Marshal(ask(with, key.Key))
		if wanted, _ := json.Marshal(want); string(got) != string(wanted) {
			t.Errorf("%s, want %s", got, wanted)
		}
	}
	inactive := func(what, sent string) {
		t.Helper()
		if got := ask(svc.AdminToken, sent); len(got) != 1 || got["active"] != false {
			t.Errorf("%s: %v", what, got)
		}
	}
	inactive("a mistyped key", key.Key[:53]+"_")
	old := key
	key = svc.RotateAPIKey(t, person.Token, key, "0s")
	inactive("a key that was rotated", old.Key)
	svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	inactive("a key of a disabled account", key.Key)
	svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": true}).Want(t, 200, "")
	if got := ask(svc.AdminToken, key.Key); got["active"] != true {
		t.Errorf("%v", got)
	}
	svc.Delete(t, "/api/v1/accounts/"+person.ID).Want(t, 200, "")
	inactive("a key of a deleted account", key.Key)
}

// A key that is presented ends, whatever presents it; what is no key is no error.
func TestRevokeAPIKey(t *testing.T) {
	t.Parallel()
	svc, person, key := keyWorld(t)
	other := svc.NewAPIKey(t, person.Token, "docs:read")
	revoke := func(token string) {
		t.Helper()
		svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/revoke", Body: url.Values{"token": {token}}}).Want(t, 200, "")
	}
	alive := func(what, token string, want bool) {
		t.Helper()
		if status := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: token}).Status; (status == 200) != want {
			t.Errorf("%s: %d", what, status)
		}
	}
	for _, none := range []string{"svck_", key.Key[:53], key.Key + "x", "svck_" + strings.Repeat("0", 49)} {
		revoke(none)
	}
	alive("a key that was mistyped", key.Key, true)
	revoke(key.Key)
	revoke(key.Key)
	alive("a key that was revoked", key.Key, false)
	alive("the other key", other.Key, true)
	alive("the token", person.Token, true)
	// A logout ends sessions, and no key.
	svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/logout", Token: other.Key, Body: map[string]any{}}).Want(t, 401, "")
	alive("after a logout", other.Key, true)
}
