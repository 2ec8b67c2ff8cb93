package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// declareAudience has the service orders declare the audience orders, with the prefix orders:.
func declareAudience(t *testing.T, svc *apitest.Service) {
	t.Helper()
	svc.Post(t, "/api/v1/declarations/apply", map[string]any{"service": "orders", "audience": "orders", "permission_prefix": "orders:"}).Want(t, 200, "")
}

// TestExchangeRefused: each refusal has the code of RFC 8693 §2.2.2 and a sentence about its field.
func TestExchangeRefused(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	svc.NewPermission(t, "orders:read")
	declareAudience(t, svc)
	ada := svc.NewAccount(t, svc.NewRole(t, "", "docs:read", "orders:read"))
	bob := svc.NewAccount(t, svc.NewRole(t, ""))
	client, other := svc.NewClient(t, svc.NewRole(t, "", "docs:read")), svc.NewClient(t, svc.NewRole(t, ""))
	key := svc.NewAPIKey(t, ada.Token, "docs:read")
	session := svc.LoginSession(t, ada.Email, ada.Password)
	for name, c := range map[string]struct {
		form          url.Values
		header        http.Header
		status        int
		code, message string
	}{
		"no subject_token":                 {apitest.ExchangeForm(""), nil, 400, "invalid_request", "The field subject_token is required."},
		"no type":                          {apitest.ExchangeForm(ada.Token, "subject_token_type", ""), nil, 400, "invalid_request", "The field subject_token_type is required."},
		"an unknown type":                  {apitest.ExchangeForm(ada.Token, "subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), nil, 400, "invalid_request", ""},
		"a key called a token":             {apitest.ExchangeForm(key.Key, "subject_token_type", users.AccessTokenType), nil, 400, "invalid_request", "The subject_token is not of the subject_token_type."},
		"a token called a key":             {apitest.ExchangeForm(ada.Token, "subject_token_type", users.APIKeyTokenType), nil, 400, "invalid_request", "The subject_token is not of the subject_token_type."},
		"garbage":                          {apitest.ExchangeForm("garbage"), nil, 400, "invalid_request", "The subject_token is not valid."},
		"a refresh token":                  {apitest.ExchangeForm(session.RefreshToken), nil, 400, "invalid_request", "The subject_token is not valid."},
		"a client secret":                  {apitest.ExchangeForm(client.Secret), nil, 400, "invalid_request", "The subject_token is not valid."},
		"half a key":                       {apitest.ExchangeForm(key.Key[:20]), nil, 400, "invalid_request", "The subject_token is not valid."},
		"a key with another character":     {apitest.ExchangeForm("svck_" + flip(key.Key[5]) + key.Key[6:]), nil, 400, "invalid_request", "The subject_token is not valid."},
		"a long token":                     {apitest.ExchangeForm(strings.Repeat("x", 9000)), nil, 400, "invalid_request", "The subject_token is not valid."},
		"a refresh token is asked for":     {apitest.ExchangeForm(ada.Token, "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), nil, 400, "invalid_request", ""},
		"a SAML assertion is asked for":    {apitest.ExchangeForm(ada.Token, "requested_token_type", "urn:ietf:params:oauth:token-type:saml2"), nil, 400, "invalid_request", ""},
		"an actor_token without its type":  {apitest.ExchangeForm(ada.Token, "actor_token", bob.Token), nil, 400, "invalid_request", ""},
		"a type without an actor_token":    {apitest.ExchangeForm(ada.Token, "actor_token_type", users.AccessTokenType), nil, 400, "invalid_request", ""},
		"a key as the actor_token":         {apitest.ExchangeForm(ada.Token, "actor_token", key.Key, "actor_token_type", users.AccessTokenType), nil, 400, "invalid_request", "An API key cannot be the actor_token."},
		"an exchanged actor_token":         {apitest.ExchangeForm(ada.Token, "actor_token", svc.ExchangedToken(t, nil, bob.Token), "actor_token_type", users.AccessTokenType), nil, 400, "invalid_request", ""},
		"a scoped actor_token":             {apitest.ExchangeForm(ada.Token, "actor_token", svc.ClientToken(t, client, "docs:read"), "actor_token_type", users.AccessTokenType), nil, 400, "invalid_request", ""},
		"garbage as the actor_token":       {apitest.ExchangeForm(ada.Token, "actor_token", "x", "actor_token_type", users.AccessTokenType), nil, 400, "invalid_request", "The actor_token is not valid."},
		"an actor_token of another client": {apitest.ExchangeForm(ada.Token, "actor_token", svc.ClientToken(t, other, ""), "actor_token_type", users.AccessTokenType), client.Basic(), 400, "invalid_request", "The actor_token must be of the client that authenticates."},
		"a scope that is not held":         {apitest.ExchangeForm(ada.Token, "scope", "docs:read accounts:read"), nil, 400, "invalid_scope", "The subject_token does not hold: accounts:read"},
		"a scope beyond the key":           {apitest.ExchangeForm(key.Key, "scope", "orders:read"), nil, 400, "invalid_scope", "The subject_token does not hold: orders:read"},
		"a malformed scope":                {apitest.ExchangeForm(ada.Token, "scope", "docs:read  x"), nil, 400, "invalid_scope", ""},
		"a scope beyond the audience":      {apitest.ExchangeForm(ada.Token, "scope", "docs:read", "audience", "orders"), nil, 400, "invalid_scope", "The subject_token does not hold: docs:read"},
		"a key with nothing for it":        {apitest.ExchangeForm(key.Key, "audience", "orders"), nil, 400, "invalid_scope", "No permission of the scope is one for that audience."},
		"an unknown audience":              {apitest.ExchangeForm(ada.Token, "audience", "mall"), nil, 400, "invalid_target", "The audience is not one that a service declares."},
		"an audience that is no name":      {apitest.ExchangeForm(ada.Token, "audience", "or ders"), nil, 400, "invalid_target", "The audience is not one that a service declares."},
		"the audience of all tokens":       {apitest.ExchangeForm(ada.Token, "audience", "https://api.example"), nil, 400, "invalid_target", ""},
		"a resource":                       {apitest.ExchangeForm(ada.Token, "resource", "https://orders.example"), nil, 400, "invalid_target", ""},
		"another audience than its own":    {apitest.ExchangeForm(svc.ExchangedToken(t, nil, ada.Token, "audience", "orders"), "audience", "docs"), nil, 400, "invalid_target", "The subject_token is for another audience."},
		"a wrong secret":                   {apitest.ExchangeForm(ada.Token, "client_id", client.ID, "client_secret", other.Secret), nil, 400, "invalid_client", ""},
		"an id without a secret":           {apitest.ExchangeForm(ada.Token, "client_id", client.ID), nil, 400, "invalid_client", ""},
		"a bearer in the header":           {apitest.ExchangeForm(ada.Token), http.Header{"Authorization": {"Bearer " + ada.Token}}, 401, "invalid_client", ""},
		"a wrong Basic header":             {apitest.ExchangeForm(ada.Token), http.Header{"Authorization": {"Basic eDp5"}}, 401, "invalid_client", ""},
	} {
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.TokenPath, Header: c.header, Body: c.form})
		var e struct {
			Error       string
			Description string `json:"error_description"`
		}
		apitest.Unmarshal(t, answer.Body, &e)
		if answer.Status != c.status || e.Error != c.code || c.message != "" && e.Description != c.message || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s, want %d %s %q", name, answer.Status, answer.Body, c.status, c.code, c.message)
		}
	}
	twice := apitest.ExchangeForm(ada.Token)
	twice.Add("subject_token", bob.Token)
	svc.Send(t, apitest.Request{Method: "POST", Path: apitest.TokenPath, Body: twice}).Want(t, 400, "")
	// The other grant needs a client as before, also where the fields of this one are there.
	form := apitest.ExchangeForm(ada.Token)
	form.Set("grant_type", "client_credentials")
	svc.Send(t, apitest.Request{Method: "POST", Path: apitest.TokenPath, Body: form}).Want(t, 400, "Client authentication failed.")
}

// TestExchangeAudience: a token for a declared audience has what has its prefix, within the scope, and stays one for that.
func TestExchangeAudience(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, name := range []string{"docs:read", "orders:read", "orders:ship"} {
		svc.NewPermission(t, name)
	}
	declareAudience(t, svc)
	ada := svc.NewAccount(t, svc.NewRole(t, "", "docs:read", "orders:read", "orders:ship", "roles:read"))
	key := svc.NewAPIKey(t, ada.Token, "docs:read", "orders:read")
	whole := svc.ExchangedToken(t, nil, ada.Token, "audience", "orders")
	for name, c := range map[string]struct{ token, scope, claim string }{
		"of a login":        {whole, "orders:read orders:ship", ""},
		"of a key":          {svc.ExchangedToken(t, nil, key.Key, "audience", "orders"), "orders:read", "orders:read"},
		"with a scope":      {svc.ExchangedToken(t, nil, ada.Token, "audience", "orders", "scope", "orders:ship"), "orders:ship", "orders:ship"},
		"again, with one":   {svc.ExchangedToken(t, nil, whole, "scope", "orders:ship"), "orders:ship", "orders:ship"},
		"again, by name":    {svc.ExchangedToken(t, nil, whole, "audience", "orders"), "orders:read orders:ship", ""},
		"of one with scope": {svc.ExchangedToken(t, nil, svc.ExchangedToken(t, nil, ada.Token, "scope", "docs:read orders:read"), "audience", "orders"), "orders:read", "orders:read"},
	} {
		_, claims := payloadOf(t, c.token)
		if scope, _ := claims["scope"].(string); claims["aud"] != "orders" || claims["permission_prefix"] != "orders:" || scope != c.claim {
			t.Errorf("%s: %v", name, claims)
		}
		if is := introspected(t, svc, c.token); is["scope"] != c.scope || is["aud"] != "orders" {
			t.Errorf("%s: %v", name, is)
		}
		svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: c.token}).Want(t, 401, "")
		svc.Send(t, apitest.Request{Method: "GET", Path: forward + "?require=orders:read", Token: c.token}).
			Want(t, map[bool]int{true: 200, false: 403}[strings.Contains(c.scope, "orders:read")], "")
		svc.Send(t, apitest.Request{Method: "GET", Path: forward + "?require=docs:read", Token: c.token}).Want(t, 403, "")
	}
}

// TestExchangedTokenEndsNothing: neither a revocation nor a logout takes an exchanged token for its session.
func TestExchangedTokenEndsNothing(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	ada := svc.NewAccount(t, svc.NewRole(t, "", "roles:read"))
	session := svc.LoginSession(t, ada.Email, ada.Password)
	token := svc.ExchangedToken(t, nil, session.Token)
	answer := svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/revoke", Body: url.Values{"token": {token}}}).
		Want(t, 400, "An exchanged token stays valid until it expires, or what it was issued for ends.")
	if !strings.Contains(string(answer.Body), `"unsupported_token_type"`) {
		t.Errorf("%s", answer.Body)
	}
	svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LogoutPath, Token: token, Body: "{}"}).Want(t, 409, "")
	for _, alive := range []string{session.Token, token} {
		svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: alive}).Want(t, 200, "")
	}
	svc.Refresh(t, session.RefreshToken)
}
