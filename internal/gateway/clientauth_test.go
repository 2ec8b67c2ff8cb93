package gateway_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

// TestIntrospectByClient: a resource server introspects with its id and a secret, by either method, within the rights of its
// service account.
func TestIntrospectByClient(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	server := svc.NewClient(t, svc.NewRole(t, "", "tokens:introspect"))
	worker := svc.NewClient(t, svc.NewRole(t, "", "docs:read", "roles:read"))
	other := svc.NewClient(t, svc.NewRole(t, "", "roles:read"))
	ask := func(token string, header http.Header, more ...string) *apitest.Answer {
		t.Helper()
		form := url.Values{"token": {token}}
		for i := 0; i < len(more); i += 2 {
			form.Add(more[i], more[i+1])
		}
		return svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Header: header, Body: form})
	}
	token, scoped := svc.ClientToken(t, worker, ""), svc.ClientToken(t, worker, "docs:read")
	bearer := http.Header{"Authorization": {"Bearer " + svc.ClientToken(t, server, "")}}
	for name, answer := range map[string]*apitest.Answer{
		"Basic": ask(token, server.Basic()), "the form": ask(token, nil, "client_id", server.ID, "client_secret", server.Secret),
		"a token": ask(token, bearer), "Basic and the id": ask(token, server.Basic(), "client_id", server.ID), "a token and an id": ask(token, bearer, "client_id", worker.ID),
	} {
		var got struct {
			Active   bool
			Scope    string
			ClientID string `json:"client_id"`
			Username string
			Subject  string `json:"sub"`
			Roles    []string
			SID      string
		}
		apitest.Unmarshal(t, answer.Want(t, 200, "").Body, &got)
		if !got.Active || got.Scope != "docs:read roles:read" || got.ClientID != worker.ID || got.Subject != worker.ID || got.Username != worker.Name || len(got.Roles) != 1 || got.SID != "" {
			t.Errorf("%s: %s", name, answer.Body)
		}
	}
	var restricted map[string]any
	apitest.Unmarshal(t, ask(scoped, server.Basic()).Want(t, 200, "").Body, &restricted)
	if restricted["scope"] != "docs:read" || len(restricted["roles"].([]any)) != 0 || restricted["client_id"] != worker.ID {
		t.Errorf("with a scope: %v", restricted)
	}
	var person map[string]any
	apitest.Unmarshal(t, ask(svc.AdminToken, server.Basic()).Want(t, 200, "").Body, &person)
	if person["client_id"] != nil || person["username"] != apitest.AdminEmail {
		t.Errorf("a person: %v", person)
	}
	for name, c := range map[string]struct {
		answer    *apitest.Answer
		status    int
		code      string
		challenge string
	}{
		"a client without the permission":  {ask(token, other.Basic()), 403, "insufficient_scope", `Bearer error="insufficient_scope", scope="tokens:introspect"`},
		"in the form, without it":          {ask(token, nil, "client_id", other.ID, "client_secret", other.Secret), 403, "insufficient_scope", `Bearer error="insufficient_scope", scope="tokens:introspect"`},
		"a token whose scope lacks it":     {ask(token, http.Header{"Authorization": {"Bearer " + scoped}}), 403, "insufficient_scope", `Bearer error="insufficient_scope", scope="tokens:introspect"`},
		"a wrong secret by Basic":          {ask(token, apitest.Client{ID: server.ID, Secret: other.Secret}.Basic()), 401, "invalid_client", `Basic realm="svc-users"`},
		"a wrong secret in the form":       {ask(token, nil, "client_id", server.ID, "client_secret", other.Secret), 401, "invalid_client", `Basic realm="svc-users"`},
		"an id without a secret":           {ask(token, nil, "client_id", server.ID), 401, "invalid_client", `Basic realm="svc-users"`},
		"nothing":                          {ask(token, nil), 401, "invalid_token", "Bearer"},
		"a token and a secret":             {ask(token, bearer, "client_id", server.ID, "client_secret", server.Secret), 400, "invalid_request", ""},
		"Basic and a secret":               {ask(token, server.Basic(), "client_id", server.ID, "client_secret", server.Secret), 400, "invalid_request", ""},
		"a token that is none":             {ask(token, http.Header{"Authorization": {"Bearer x"}}), 401, "invalid_token", `Bearer error="invalid_token"`},
		"a client secret for the token":    {ask(token, http.Header{"Authorization": {"Bearer " + server.Secret}}), 401, "invalid_token", `Bearer error="invalid_token"`},
		"JSON, and no credentials outside": {svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Body: map[string]any{"token": "x"}}), 401, "invalid_token", "Bearer"},
		"JSON with Basic":                  {svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Body: map[string]any{"token": "x"}, Header: server.Basic()}), 415, "invalid_request", ""},
	} {
		var e struct{ Error string }
		apitest.Unmarshal(t, c.answer.Body, &e)
		if c.answer.Status != c.status || e.Error != c.code || c.answer.Header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %d %s %q", name, c.answer.Status, c.answer.Body, c.answer.Header.Get("WWW-Authenticate"))
		}
	}
	// Tokens that are not valid, and secrets, are not active.
	for _, sent := range []string{"x", server.Secret, worker.Secret, token + "x"} {
		if answer := ask(sent, server.Basic()).Want(t, 200, ""); string(answer.Body) != inactive {
			t.Errorf("%s", answer.Body)
		}
	}
	svc.Patch(t, "/api/v1/service-accounts/"+worker.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	if answer := ask(token, server.Basic()).Want(t, 200, ""); string(answer.Body) != inactive {
		t.Errorf("of a disabled service account: %s", answer.Body)
	}
}

// TestRevokeByClient: credentials that are sent must be right; without any, the token is the proof.
func TestRevokeByClient(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	client, other := svc.NewClient(t, svc.NewRole(t, "")), svc.NewClient(t, svc.NewRole(t, ""))
	revoke := func(token string, header http.Header, more ...string) *apitest.Answer {
		t.Helper()
		form := url.Values{"token": {token}}
		for i := 0; i < len(more); i += 2 {
			form.Add(more[i], more[i+1])
		}
		return svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/revoke", Header: header, Body: form})
	}
	kept := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	wrong := apitest.Client{ID: client.ID, Secret: other.Secret}
	revoke(kept.RefreshToken, wrong.Basic()).Want(t, 401, "Client authentication failed.")
	revoke(kept.RefreshToken, nil, "client_id", client.ID, "client_secret", other.Secret).Want(t, 400, "Client authentication failed.")
	revoke(kept.RefreshToken, client.Basic(), "client_secret", client.Secret).Want(t, 400, "The client must authenticate in one way only.")
	kept = svc.Refresh(t, kept.RefreshToken) // none of these has ended it
	for name, answer := range map[string]*apitest.Answer{
		"Basic":    revoke(kept.RefreshToken, client.Basic()),
		"the form": revoke(kept.RefreshToken, nil, "client_id", client.ID, "client_secret", client.Secret),
		"an id":    revoke(kept.RefreshToken, nil, "client_id", "app"),
	} {
		if answer.Want(t, 200, ""); string(answer.Body) != "{}" {
			t.Errorf("%s: %s", name, answer.Body)
		}
	}
	svc.SendRefresh(t, kept.RefreshToken).Want(t, 401, "")
	token := svc.ClientToken(t, client, "")
	revoke(token, client.Basic()).Want(t, 400, "An access token of a service account stays valid until it expires. Disabling the account ends it.")
}

// TestClientsOnTwoReplicas: what one replica takes from a service account is gone within a second at another, whose cache has
// what was before.
func TestClientsOnTwoReplicas(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	other := svc.Replica(t, nil)
	role := svc.NewRole(t, "", "docs:read", "roles:read")
	demoted, disabled, deleted := svc.NewClient(t, role), svc.NewClient(t, role), svc.NewClient(t, role)
	weaker := svc.NewRole(t, "", "docs:read")
	asks := func(token string) int {
		t.Helper()
		return other.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: token}).Status
	}
	for _, c := range []struct {
		client apitest.Client
		change func(path string)
		want   int
	}{
		{demoted, func(path string) { svc.Patch(t, path, map[string]any{"role_id": weaker}).Want(t, 200, "") }, 403},
		{disabled, func(path string) { svc.Patch(t, path, map[string]any{"is_active": false}).Want(t, 200, "") }, 401},
		{deleted, func(path string) { svc.Delete(t, path).Want(t, 200, "") }, 401},
	} {
		for _, scope := range []string{"", "roles:read"} {
			if status := asks(svc.ClientToken(t, c.client, scope)); status != 200 {
				t.Fatalf("before the change: %d", status)
			}
		}
		tokens := []string{svc.ClientToken(t, c.client, ""), svc.ClientToken(t, c.client, "roles:read")}
		for range 3 { // so that the other replica has them in memory
			asks(tokens[0])
			asks(tokens[1])
		}
		changed := time.Now()
		c.change("/api/v1/service-accounts/" + c.client.ID)
		for _, token := range tokens {
			for status := 0; status != c.want; status = asks(token) {
				if late := time.Since(changed); late > apitest.Patience {
					t.Fatalf("a token counts %v after the change, with %d", late, status)
				}
			}
		}
	}
	// A secret is read each time, so at once.
	rotated := svc.NewClient(t, role)
	other.ClientToken(t, rotated, "")
	svc.Delete(t, "/api/v1/service-accounts/"+rotated.ID+"/secrets/"+rotated.SecretID).Want(t, 200, "")
	other.RequestToken(t, rotated, "").Want(t, 401, "Client authentication failed.")
	other.RequestToken(t, disabled, "").Want(t, 401, "")
	other.RequestToken(t, deleted, "").Want(t, 401, "")
}
