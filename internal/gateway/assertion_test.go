package gateway_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/federation"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// pages are what a fetcher of tests finds.
type pages map[string]string

func (p pages) Fetch(_ context.Context, at string) (federation.Document, error) {
	body, ok := p[at]
	if !ok {
		return federation.Document{}, errors.New("the answer has the status 404")
	}
	return federation.Document{Body: []byte(body)}, nil
}

// ed25519Key is a private key with the JWK of the public one.
func ed25519Key(t *testing.T) (ed25519.PrivateKey, map[string]any) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private, map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": base64.RawURLEncoding.EncodeToString(public)}
}

func signClaims(t *testing.T, key ed25519.PrivateKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestClientAssertions: a service account gets its tokens, introspects and revokes by assertions, over HTTP.
func TestClientAssertions(t *testing.T) {
	t.Parallel()
	const ci = "https://ci.example"
	private, jwk := ed25519Key(t)
	issuer, issuerJWK := ed25519Key(t)
	set, err := json.Marshal(map[string]any{"keys": []any{issuerJWK}})
	if err != nil {
		t.Fatal(err)
	}
	fetcher := pages{ci + "/.well-known/openid-configuration": `{"issuer":"` + ci + `","jwks_uri":"` + ci + `/jwks"}`, ci + "/jwks": string(set)}
	svc := apitest.Start(t, apitest.Options{Fetcher: fetcher})
	client := svc.NewClient(t, svc.NewRole(t, "", "tokens:introspect", "roles:read"))
	path := "/api/v1/service-accounts/" + client.ID
	key := svc.Post(t, path+"/keys", map[string]any{"jwk": jwk}).Want(t, 201, "Client key created successfully")
	trust := svc.Post(t, path+"/trusts", map[string]any{"issuer": ci, "subject": "repo:acme/orders:ref:*", "claims": []any{map[string]any{"name": "env", "value": "prod"}}}).
		Want(t, 201, "Client trust created successfully")
	if key.Text(t, "kid") != "k" || trust.Text(t, "audience") != "https://id.example" || len(key.Text(t, "thumbprint")) != 43 {
		t.Errorf("%s %s", key.Body, trust.Body)
	}
	svc.Get(t, path+"/keys").Want(t, 200, "Client keys retrieved successfully")
	svc.Get(t, path+"/trusts").Want(t, 200, "Client trusts retrieved successfully")

	own := func() string {
		return signClaims(t, private, map[string]any{
			"iss": client.ID, "sub": client.ID, "aud": apitest.PublicURL + apitest.TokenPath, "exp": time.Now().Add(time.Minute).Unix(), "jti": rand.Text(),
		})
	}
	foreign := func(env string) string {
		return signClaims(t, issuer, map[string]any{
			"iss": ci, "sub": "repo:acme/orders:ref:main", "aud": "https://id.example", "exp": time.Now().Add(time.Hour).Unix(), "env": env,
		})
	}
	send := func(at string, header http.Header, fields ...string) *apitest.Answer {
		t.Helper()
		form := url.Values{}
		for i := 0; i < len(fields); i += 2 {
			form.Add(fields[i], fields[i+1])
		}
		return svc.Send(t, apitest.Request{Method: "POST", Path: at, Body: form, Header: header})
	}
	token := func(fields ...string) *apitest.Answer {
		t.Helper()
		return send(apitest.TokenPath, nil, append([]string{"grant_type", "client_credentials"}, fields...)...)
	}
	var last string
	for name, answer := range map[string]*apitest.Answer{
		"its own":           token("client_assertion_type", assertionType, "client_assertion", own()),
		"its own, with id":  token("client_assertion_type", assertionType, "client_assertion", own(), "client_id", client.ID),
		"that of an issuer": token("client_assertion_type", assertionType, "client_assertion", foreign("prod"), "client_id", client.ID),
		"an empty secret":   token("client_assertion_type", assertionType, "client_assertion", own(), "client_secret", ""),
	} {
		var got grant
		apitest.Unmarshal(t, answer.Want(t, 200, "").Body, &got)
		if got.TokenType != "Bearer" || got.Scope != "roles:read tokens:introspect" {
			t.Errorf("%s: %s", name, answer.Body)
		}
		svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: got.AccessToken}).Want(t, 200, "")
		last = got.AccessToken
	}
	for name, c := range map[string]struct {
		answer *apitest.Answer
		status int
		code   string
	}{
		"no type":          {token("client_assertion", own()), 400, "invalid_request"},
		"another type":     {token("client_assertion", own(), "client_assertion_type", "jwt"), 400, "invalid_request"},
		"a type alone":     {token("client_assertion_type", assertionType), 400, "invalid_request"},
		"a secret too":     {token("client_assertion_type", assertionType, "client_assertion", own(), "client_id", client.ID, "client_secret", client.Secret), 400, "invalid_request"},
		"twice":            {token("client_assertion_type", assertionType, "client_assertion", own(), "client_assertion", own()), 400, "invalid_request"},
		"Basic too":        {send(apitest.TokenPath, client.Basic(), "grant_type", "client_credentials", "client_assertion_type", assertionType, "client_assertion", own()), 400, "invalid_request"},
		"no claim":         {token("client_assertion_type", assertionType, "client_assertion", foreign("test"), "client_id", client.ID), 400, "invalid_client"},
		"no client_id":     {token("client_assertion_type", assertionType, "client_assertion", foreign("prod")), 400, "invalid_client"},
		"an access token":  {token("client_assertion_type", assertionType, "client_assertion", last, "client_id", client.ID), 400, "invalid_client"},
		"a person's token": {token("client_assertion_type", assertionType, "client_assertion", svc.AdminToken, "client_id", client.ID), 400, "invalid_client"},
		"an invalid scope": {token("client_assertion_type", assertionType, "client_assertion", own(), "scope", "roles:create"), 400, "invalid_scope"},
		"to introspect":    {send(introspect, nil, "token", last, "client_assertion_type", assertionType, "client_assertion", foreign("test"), "client_id", client.ID), 401, "invalid_client"},
		"to revoke":        {send("/oauth2/revoke", nil, "token", "x", "client_assertion_type", assertionType, "client_assertion", "x"), 400, "invalid_client"},
	} {
		var got struct{ Error string }
		apitest.Unmarshal(t, c.answer.Want(t, c.status, "").Body, &got)
		if got.Error != c.code {
			t.Errorf("%s: %s", name, c.answer.Body)
		}
	}
	active := send(introspect, nil, "token", last, "client_assertion_type", assertionType, "client_assertion", own()).Want(t, 200, "")
	if !strings.Contains(string(active.Body), `"active":true`) {
		t.Errorf("introspection: %s", active.Body)
	}
	send("/oauth2/revoke", nil, "token", "unknown", "client_assertion_type", assertionType, "client_assertion", own()).Want(t, 200, "")

	// A caller that holds less than the service account changes none of this.
	keeper := svc.NewAccount(t, svc.NewRole(t, "", "service-accounts:read", "service-accounts:update"))
	byKeeper := func(method, at string, body any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: method, Path: path + at, Token: keeper.Token, Body: body})
	}
	byKeeper("GET", "/keys", nil).Want(t, 200, "")
	byKeeper("GET", "/trusts", nil).Want(t, 200, "")
	_, another := ed25519Key(t)
	for _, answer := range []*apitest.Answer{
		byKeeper("POST", "/keys", map[string]any{"jwk": another}), byKeeper("DELETE", "/keys/"+key.Text(t, "id"), nil),
		byKeeper("POST", "/trusts", map[string]any{"issuer": ci, "subject": "a:b:c"}), byKeeper("DELETE", "/trusts/"+trust.Text(t, "id"), nil),
	} {
		answer.Want(t, 403, "That account's role holds more than you do: roles:read, tokens:introspect")
	}
	for _, bad := range []any{nil, "x", 1, []any{}, true} {
		svc.Post(t, path+"/keys", map[string]any{"jwk": bad}).Want(t, 422, "Validation error")
	}
	svc.Post(t, path+"/keys", map[string]any{"jwk": jwk}).Want(t, 409, "The service account has this key already.")

	// An issuer that is away is no wrong password; and what is deleted counts no more.
	svc.Delete(t, path+"/trusts/"+trust.Text(t, "id")).Want(t, 200, "Client trust deleted successfully")
	token("client_assertion_type", assertionType, "client_assertion", foreign("prod"), "client_id", client.ID).Want(t, 400, "")
	svc.Post(t, path+"/trusts", map[string]any{"issuer": ci, "subject": "repo:acme/orders:ref:main", "jwks_url": "https://away.example/jwks"}).Want(t, 201, "")
	away := token("client_assertion_type", assertionType, "client_assertion", foreign("prod"), "client_id", client.ID).Want(t, 503, "")
	if away.Header.Get("Retry-After") == "" || !strings.Contains(string(away.Body), "temporarily_unavailable") {
		t.Errorf("away: %v %s", away.Header, away.Body)
	}
	svc.Delete(t, path+"/keys/"+key.Text(t, "id")).Want(t, 200, "Client key deleted successfully")
	token("client_assertion_type", assertionType, "client_assertion", own()).Want(t, 400, "")
}
