package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/token"
)

// inDatabase has keys of the database sign, of a kind that is made fast.
func inDatabase(k *app.Keyring) { k.Environment, k.Algorithm = nil, token.ES256 }

// shownKey is what is looked at of a key in an answer.
type shownKey struct {
	ID        string     `json:"kid"`
	State     string     `json:"state"`
	Source    string     `json:"source"`
	SignsFrom *time.Time `json:"signs_from"`
	RevokedAt *time.Time `json:"revoked_at"`
}

// wantKeys checks which states keys are in, the newest first, and returns them.
func wantKeys(t *testing.T, a *apitest.Answer, states ...string) []shownKey {
	t.Helper()
	var data struct{ Keys []shownKey }
	a.Into(t, &data)
	var got []string
	for _, k := range data.Keys {
		got = append(got, k.State)
	}
	if !slices.Equal(got, states) {
		t.Fatalf("%s %s: the keys are %q, want %q", a.Request.Method, a.Request.Path, got, states)
	}
	return data.Keys
}

// published are the ids in the JWK set, the one that signs first.
func published(t *testing.T, svc *apitest.Service) []string {
	t.Helper()
	var set struct {
		Keys []struct{ KID string }
	}
	answer := svc.Send(t, apitest.Request{Method: http.MethodGet, Path: "/api/v1/auth/jwks"}).Want(t, 200, "")
	answer.Into(t, &set)
	var ids []string
	for _, k := range set.Keys {
		ids = append(ids, k.KID)
	}
	return ids
}

// me is the status of the answer to a token, on the way that most requests go.
func me(t *testing.T, svc *apitest.Service, token string) int {
	t.Helper()
	return svc.Send(t, apitest.Request{Method: http.MethodPost, Path: "/api/v1/auth/check", Token: token, Body: map[string]any{"permissions": []string{"x:y"}}}).Status
}

// within waits for what has to come about within a second, with room for a busy machine.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > apitest.Patience {
			t.Fatalf("%s: it never comes about", what)
		}
	}
}

// TestKeys follows keys through rotations and a revocation, on two replicas of which one is not asked for anything.
func TestKeys(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Keyring: inDatabase})
	other := svc.Replica(t, nil)
	keys := wantKeys(t, svc.Get(t, "/api/v1/keys").Want(t, 200, "Signing keys retrieved successfully"), "next", "signing")
	first, second := keys[1].ID, keys[0].ID
	if got := published(t, other); !slices.Equal(got, []string{first, second}) {
		t.Errorf("the JWK set of the other is %q", got)
	}

	// The next key was just made: verifiers may not know it.
	soon := wantKeys(t, svc.Post(t, "/api/v1/keys/rotate", map[string]any{}).Want(t, 200, "Signing keys rotated successfully"), "next", "signing")
	if from := time.Until(*soon[0].SignsFrom); from < 23*time.Hour || from > 24*time.Hour+time.Minute {
		t.Errorf("the next key signs in %v", from)
	}
	// Unless it has to be at once.
	keys = wantKeys(t, svc.Post(t, "/api/v1/keys/rotate", map[string]any{"at_once": true}).Want(t, 200, ""), "next", "signing", "verifying")
	if keys[1].ID != second || keys[2].ID != first {
		t.Errorf("the keys are %+v", keys)
	}
	newer := svc.Login(t, apitest.AdminEmail, apitest.AdminPassword)
	for what, replica := range map[string]*apitest.Service{"this one": svc, "the other": other} {
		for name, token := range map[string]string{"a token of the key before": svc.AdminToken, "a token of the new key": newer} {
			if status := me(t, replica, token); status != 200 {
				t.Errorf("%s at %s: %d", name, what, status)
			}
		}
	}
	within(t, "the JWK set of the other", func() bool { return slices.Equal(published(t, other), []string{second, keys[0].ID, first}) })

	// The one that signs is revoked. Its tokens are refused, whatever the replicas have in memory, and no other's.
	revoked := wantKeys(t, svc.Send(t, apitest.Request{Method: http.MethodDelete, Path: "/api/v1/keys/" + second, Token: svc.AdminToken}).
		Want(t, 200, "Signing key revoked successfully"), "next", "signing", "revoked", "verifying")
	if revoked[2].RevokedAt == nil || revoked[1].ID != keys[0].ID {
		t.Errorf("the keys are %+v", revoked)
	}
	if status := me(t, svc, newer); status != 401 {
		t.Errorf("a token of the revoked key at this one: %d", status)
	}
	within(t, "a token of the revoked key at the other", func() bool { return me(t, other, newer) == 401 })
	within(t, "the JWK set of the other", func() bool { return !slices.Contains(published(t, other), second) })
	for what, replica := range map[string]*apitest.Service{"this one": svc, "the other": other} {
		if status := me(t, replica, svc.AdminToken); status != 200 {
			t.Errorf("a token of the first key at %s: %d", what, status)
		}
		if status := me(t, replica, replica.Login(t, apitest.AdminEmail, apitest.AdminPassword)); status != 200 {
			t.Errorf("a fresh token of %s: %d", what, status)
		}
	}
	inactive := svc.Send(t, apitest.Request{Method: http.MethodPost, Path: "/oauth2/introspect", Token: svc.AdminToken, Body: url.Values{"token": {newer}}})
	if strings.TrimSpace(string(inactive.Body)) != `{"active":false}` {
		t.Errorf("introspection of a token of the revoked key: %s", inactive.Body)
	}

	svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	again := svc.Delete(t, "/api/v1/keys/"+second+"?end_sessions=true").Want(t, 200, "")
	if !strings.Contains(string(again.Data), `"ended_sessions":1`) {
		t.Errorf("the sessions have not ended: %s", again.Data)
	}
	svc.Delete(t, "/api/v1/keys/"+second+"?end_sessions=yes").WantFaults(t, "end_sessions")
	// The token that asks for it may be signed with the key, and of a session.
	mine := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	own := svc.Send(t, apitest.Request{Method: http.MethodDelete, Path: "/api/v1/keys/" + published(t, svc)[0] + "?end_sessions=true", Token: mine.Token}).Want(t, 200, "")
	if !strings.Contains(string(own.Data), `"ended_sessions":1`) {
		t.Errorf("the sessions have not ended with the key of the token: %s", own.Data)
	}
	if status := me(t, svc, mine.Token); status != 401 {
		t.Errorf("the token of the revoked key is %d", status)
	}
	svc.AdminToken = svc.Login(t, apitest.AdminEmail, apitest.AdminPassword)
	if at := wantKeys(t, again, "next", "signing", "revoked", "verifying")[2].RevokedAt; !at.Equal(*revoked[2].RevokedAt) {
		t.Errorf("revoked again, at %v", at)
	}
	svc.Delete(t, "/api/v1/keys/none").Want(t, 404, "Signing key not found")
	svc.Post(t, "/api/v1/keys/rotate", map[string]any{"at_once": "now"}).WantFaults(t, "at_once")
	if n := svc.Send(t, apitest.Request{Method: http.MethodPost, Path: "/api/v1/keys/rewrap", Token: svc.AdminToken}).Want(t, 200, ""); !strings.Contains(string(n.Data), `"rewrapped":0`) {
		t.Errorf("rewrapped: %s", n.Data)
	}
	svc.Send(t, apitest.Request{Method: http.MethodPost, Path: "/api/v1/keys/import", Token: svc.AdminToken}).
		Want(t, 409, "JWT_PRIVATE_KEY is missing here: it is the key that is imported.")
}

// TestKeysNeedPermissions: to read keys is another permission than to change them.
func TestKeysNeedPermissions(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Keyring: inDatabase})
	reader := svc.NewAccount(t, svc.NewRole(t, "", "keys:read"))
	manager := svc.NewAccount(t, svc.NewRole(t, "", "keys:manage"))
	for _, c := range []struct {
		method, path string
		body         any
		permission   string
	}{
		{http.MethodGet, "/api/v1/keys", nil, "keys:read"},
		{http.MethodPost, "/api/v1/keys/rotate", map[string]any{}, "keys:manage"},
		{http.MethodPost, "/api/v1/keys/rewrap", nil, "keys:manage"},
		{http.MethodPost, "/api/v1/keys/import", nil, "keys:manage"},
		{http.MethodDelete, "/api/v1/keys/none", nil, "keys:manage"},
		{http.MethodDelete, "/api/v1/keys/none?end_sessions=true", nil, "both"},
	} {
		for permission, token := range map[string]string{"keys:read": reader.Token, "keys:manage": manager.Token} {
			a := svc.Send(t, apitest.Request{Method: c.method, Path: c.path, Token: token, Body: c.body})
			if refused := a.Status == http.StatusForbidden; refused == (permission == c.permission) {
				t.Errorf("%s %s with %s: %d", c.method, c.path, permission, a.Status)
			}
		}
	}
}

// TestKeysOfTheEnvironment: a key of the environment signs, and is imported when it is to be followed by keys of the
// database. Replicas with it and without it take each other's tokens meanwhile.
func TestKeysOfTheEnvironment(t *testing.T) {
	t.Parallel()
	environment := true
	svc := apitest.Start(t, apitest.Options{Keyring: func(k *app.Keyring) {
		if !environment {
			inDatabase(k)
		}
	}})
	keys := wantKeys(t, svc.Get(t, "/api/v1/keys"), "signing")
	if keys[0].Source != "environment" || keys[0].SignsFrom != nil {
		t.Errorf("the key is %+v", keys[0])
	}
	svc.Post(t, "/api/v1/keys/rotate", map[string]any{"at_once": true}).Want(t, 409, "")
	svc.Delete(t, "/api/v1/keys/"+keys[0].ID).Want(t, 409, "")
	before := published(t, svc)

	imported := wantKeys(t, svc.Send(t, apitest.Request{Method: http.MethodPost, Path: "/api/v1/keys/import", Token: svc.AdminToken}).
		Want(t, 200, "Signing key imported successfully"), "next", "signing")
	if imported[1].ID != keys[0].ID || imported[1].Source != "database" || time.Until(*imported[0].SignsFrom) < 29*24*time.Hour {
		t.Errorf("the keys are %+v", imported)
	}
	within(t, "the JWK set with the next key", func() bool { return slices.Equal(published(t, svc), append(slices.Clone(before), imported[0].ID)) })

	environment = false
	other := svc.Replica(t, nil)
	if got := published(t, other); !slices.Equal(got, []string{keys[0].ID, imported[0].ID}) {
		t.Errorf("the JWK set of the other is %q", got)
	}
	// The one without it goes on to the next key.
	other.Post(t, "/api/v1/keys/rotate", map[string]any{"at_once": true}).Want(t, 200, "")
	fresh := other.Login(t, apitest.AdminEmail, apitest.AdminPassword)
	for what, replica := range map[string]*apitest.Service{"with it": svc, "without it": other} {
		for name, token := range map[string]string{"a token of before": svc.AdminToken, "one of after": fresh, "one of now": svc.Login(t, apitest.AdminEmail, apitest.AdminPassword)} {
			if status := me(t, replica, token); status != 200 {
				t.Errorf("%s at a replica %s: %d", name, what, status)
			}
		}
	}
	svc.Send(t, apitest.Request{Method: http.MethodPost, Path: "/api/v1/keys/import", Token: svc.AdminToken}).Want(t, 200, "")
}
