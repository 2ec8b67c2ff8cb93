package gateway_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

type grant struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

// payloadOf decodes the header and the claims of a token.
func payloadOf(t *testing.T, token string) (head, claims map[string]any) {
	t.Helper()
	for i, into := range []*map[string]any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	return head, claims
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	svc.NewPermission(t, "docs:write")
	role := svc.NewRole(t, svc.NewRole(t, "", "docs:read"), "docs:write", "roles:read")
	client := svc.NewClient(t, role)
	request := func(form url.Values, header http.Header) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: apitest.TokenPath, Body: form, Header: header})
	}
	inForm := url.Values{"grant_type": {"client_credentials"}, "client_id": {client.ID}, "client_secret": {client.Secret}}
	for name, answer := range map[string]*apitest.Answer{
		"Basic":              svc.RequestToken(t, client, ""),
		"the form":           request(inForm, nil),
		"Basic and its id":   request(url.Values{"grant_type": {"client_credentials"}, "client_id": {client.ID}}, client.Basic()),
		"unknown parameters": request(url.Values{"grant_type": {"client_credentials"}, "scope": {""}, "audience": {"x"}, "resource": {"y"}}, client.Basic()),
	} {
		var got grant
		apitest.Unmarshal(t, answer.Want(t, 200, "").Body, &got)
		if got.TokenType != "Bearer" || got.ExpiresIn != 600 || got.Scope != "docs:read docs:write roles:read" || strings.Contains(string(answer.Body), "refresh") {
			t.Errorf("%s: %s", name, answer.Body)
		}
		if answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: %v", name, answer.Header)
		}
		head, claims := payloadOf(t, got.AccessToken)
		if head["typ"] != "at+jwt" || claims["sub"] != client.ID || claims["client_id"] != client.ID || claims["role_id"] != role || claims["scope"] != nil || claims["email"] != nil ||
			len(claims["permissions"].([]any)) != 3 || len(claims["roles"].([]any)) != 2 || claims["exp"].(float64)-claims["iat"].(float64) != 600 || claims["sid"] != nil {
			t.Errorf("%s: %v %v", name, head, claims)
		}
		svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: got.AccessToken}).Want(t, 200, "")
	}

	// A scope, in any order and repeated, restricts the token everywhere.
	var scoped grant
	apitest.Unmarshal(t, svc.RequestToken(t, client, "docs:write docs:read docs:write").Want(t, 200, "").Body, &scoped)
	_, claims := payloadOf(t, scoped.AccessToken)
	if scoped.Scope != "docs:read docs:write" || claims["scope"] != scoped.Scope || len(claims["roles"].([]any)) != 0 || len(claims["permissions"].([]any)) != 2 {
		t.Errorf("%+v %v", scoped, claims)
	}
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: scoped.AccessToken}).Want(t, 403, "Missing required permission: roles:read")
	check := svc.Send(t, apitest.Request{Method: "POST", Path: checkPath, Token: scoped.AccessToken, Body: map[string]any{"permissions": []string{"docs:read", "roles:read"}}})
	if got := verdicts(t, check); !slices.Equal(got, []string{"docs:read=true", "roles:read=false"}) {
		t.Errorf("%v", got)
	}
	passed := svc.Send(t, apitest.Request{Method: "GET", Path: forward + "?require=docs:read", Token: scoped.AccessToken}).Want(t, 200, "")
	if passed.Header.Get("X-Auth-Subject") != client.ID || passed.Header.Get("X-Auth-Roles") != "" || passed.Header.Get("X-Auth-Permissions") != "docs:read" {
		t.Errorf("%v", passed.Header)
	}
	svc.Send(t, apitest.Request{Method: "GET", Path: forward + "?require=roles:read", Token: scoped.AccessToken}).Want(t, 403, "")

	// Not the scope of a role that has lost a permission, and again of one that has it back.
	docsRead := svc.PermissionIDs(t, "docs:write")[0]
	svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+docsRead).Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: forward + "?require=docs:write", Token: scoped.AccessToken}).Want(t, 403, "")
	svc.RequestToken(t, client, "docs:write").Want(t, 400, "The service account does not hold: docs:write")
	svc.Post(t, "/api/v1/roles/"+role+"/permissions", map[string]any{"permission_ids": []string{docsRead}}).Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: forward + "?require=docs:write", Token: scoped.AccessToken}).Want(t, 200, "")
}

// TestClientCredentialsRefused: each refusal has the status, the code and the header of RFC 6749 §5.2.
func TestClientCredentialsRefused(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	client := svc.NewClient(t, svc.NewRole(t, "", "roles:read"))
	disabled := svc.NewClient(t, svc.NewRole(t, ""))
	svc.Patch(t, "/api/v1/service-accounts/"+disabled.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	form := func(more ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}}
		for i := 0; i < len(more); i += 2 {
			v.Add(more[i], more[i+1])
		}
		return v
	}
	basic := func(credentials string) http.Header {
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))}}
	}
	wrong := client.Secret[:10] + flip(client.Secret[10]) + client.Secret[11:]
	other := svc.NewClient(t, svc.NewRole(t, ""))
	for name, c := range map[string]struct {
		body   any
		header http.Header
		status int
		code   string
	}{
		"no credentials":          {form(), nil, 400, "invalid_client"},
		"an id alone":             {form("client_id", client.ID), nil, 400, "invalid_client"},
		"a secret alone":          {form("client_secret", client.Secret), nil, 400, "invalid_client"},
		"a malformed secret":      {form("client_id", client.ID, "client_secret", wrong), nil, 400, "invalid_client"},
		"the secret of another":   {form("client_id", client.ID, "client_secret", other.Secret), nil, 400, "invalid_client"},
		"an unknown id":           {form("client_id", apitest.NoID, "client_secret", other.Secret), nil, 400, "invalid_client"},
		"a name for the id":       {form("client_id", client.Name, "client_secret", client.Secret), nil, 400, "invalid_client"},
		"a person's id":           {form("client_id", svc.AdminID, "client_secret", client.Secret), nil, 400, "invalid_client"},
		"a disabled account":      {form("client_id", disabled.ID, "client_secret", disabled.Secret), nil, 400, "invalid_client"},
		"Basic, unknown":          {form(), basic(apitest.NoID + ":" + other.Secret), 401, "invalid_client"},
		"Basic, wrong":            {form(), basic(client.ID + ":" + other.Secret), 401, "invalid_client"},
		"Basic, disabled":         {form(), basic(disabled.ID + ":" + disabled.Secret), 401, "invalid_client"},
		"Basic without a colon":   {form(), basic(client.ID), 401, "invalid_client"},
		"Basic, an empty secret":  {form(), basic(client.ID + ":"), 401, "invalid_client"},
		"Basic, bad escapes":      {form(), basic("%zz:" + client.Secret), 401, "invalid_client"},
		"Basic, no base64":        {form(), http.Header{"Authorization": {"Basic ***"}}, 401, "invalid_client"},
		"Basic, nothing":          {form(), http.Header{"Authorization": {"Basic"}}, 401, "invalid_client"},
		"Bearer":                  {form(), http.Header{"Authorization": {"Bearer " + svc.AdminToken}}, 401, "invalid_client"},
		"two headers":             {form(), http.Header{"Authorization": {client.Basic()["Authorization"][0], "Bearer x"}}, 401, "invalid_client"},
		"Basic and a secret":      {form("client_id", client.ID, "client_secret", client.Secret), client.Basic(), 400, "invalid_request"},
		"Basic and another id":    {form("client_id", other.ID), client.Basic(), 400, "invalid_request"},
		"grant_type twice":        {form("grant_type", "client_credentials"), client.Basic(), 400, "invalid_request"},
		"scope twice":             {form("scope", "roles:read", "scope", "roles:read"), client.Basic(), 400, "invalid_request"},
		"no grant_type":           {url.Values{"scope": {"roles:read"}}, client.Basic(), 400, "invalid_request"},
		"an empty grant_type":     {url.Values{"grant_type": {""}}, client.Basic(), 400, "invalid_request"},
		"password":                {url.Values{"grant_type": {"password"}, "username": {"a"}}, client.Basic(), 400, "unsupported_grant_type"},
		"refresh_token":           {url.Values{"grant_type": {"refresh_token"}}, client.Basic(), 400, "unsupported_grant_type"},
		"Client_Credentials":      {url.Values{"grant_type": {"Client_Credentials"}}, client.Basic(), 400, "unsupported_grant_type"},
		"JSON":                    {map[string]any{"grant_type": "client_credentials"}, client.Basic(), 415, "invalid_request"},
		"no form":                 {"%zz", withForm(client.Basic()), 400, "invalid_request"},
		"an unknown permission":   {form("scope", "roles:read no:such"), client.Basic(), 400, "invalid_scope"},
		"one that is not held":    {form("scope", "accounts:read"), client.Basic(), 400, "invalid_scope"},
		"two spaces":              {form("scope", "roles:read  roles:read"), client.Basic(), 400, "invalid_scope"},
		"a space in front":        {form("scope", " roles:read"), client.Basic(), 400, "invalid_scope"},
		"a quote":                 {form("scope", `roles:"read`), client.Basic(), 400, "invalid_scope"},
		"a long name":             {form("scope", strings.Repeat("x", 101)), client.Basic(), 400, "invalid_scope"},
		"many that are not held":  {form("scope", strings.Repeat("x ", 3000)+"y"), client.Basic(), 400, "invalid_scope"},
		"another scheme of names": {form("scope", "roles:read,roles:read"), client.Basic(), 400, "invalid_scope"},
	} {
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.TokenPath, Body: c.body, Header: c.header})
		var e struct{ Error string }
		apitest.Unmarshal(t, answer.Body, &e)
		challenge := answer.Header.Get("WWW-Authenticate")
		if answer.Status != c.status || e.Error != c.code || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: %d %s, want %d %s: %v", name, answer.Status, answer.Body, c.status, c.code, answer.Header)
		}
		if (c.status == 401) != (challenge == `Basic realm="svc-users"`) {
			t.Errorf("%s: WWW-Authenticate is %q", name, challenge)
		}
	}
	svc.Send(t, apitest.Request{Method: "POST", Path: apitest.TokenPath + "?grant_type=client_credentials", Header: client.Basic(), Body: form()}).Want(t, 400, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: apitest.TokenPath}).Want(t, 405, "")
	svc.ClientToken(t, client, "") // after all that the client is well
}

func withForm(h http.Header) http.Header {
	h.Set("Content-Type", apitest.FormType)
	return h
}

// flip is another character of base62.
func flip(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

// TestClientRefusalsAreAlike: an unknown id, a wrong secret and a disabled account have one answer, to the byte.
func TestClientRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	client, other := svc.NewClient(t, svc.NewRole(t, "")), svc.NewClient(t, svc.NewRole(t, ""))
	svc.Patch(t, "/api/v1/service-accounts/"+other.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	var first *apitest.Answer
	for _, c := range []apitest.Client{{ID: apitest.NoID, Secret: client.Secret}, {ID: client.ID, Secret: other.Secret}, other, {ID: "x", Secret: "y"}} {
		answer := svc.RequestToken(t, c, "").Want(t, 401, "Client authentication failed.")
		answer.Header.Del("Date")
		answer.Header.Del("X-Request-Id")
		if first == nil {
			first = answer
		}
		if string(answer.Body) != string(first.Body) || !apitest.SameHeader(answer.Header, first.Header) {
			t.Errorf("%s %v, before %s %v", answer.Body, answer.Header, first.Body, first.Header)
		}
	}
}
