package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

const (
	serverPath   = "/.well-known/oauth-authorization-server"
	providerPath = "/.well-known/openid-configuration"
)

// TestDiscovery reads both documents to the byte: a member more is a promise more.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, withURLs("https://id.example", "https://example.com/users"))
	const server = `{"issuer":"https://id.example","jwks_uri":"https://example.com/users/.well-known/jwks.json",` +
		`"response_types_supported":[],"token_endpoint":"https://example.com/users/oauth2/token","grant_types_supported":["client_credentials","urn:ietf:params:oauth:grant-type:token-exchange"],` +
		`"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","private_key_jwt"],` +
		`"token_endpoint_auth_signing_alg_values_supported":["RS256","PS256","ES256","EdDSA"],` +
		`"introspection_endpoint":"https://example.com/users/oauth2/introspect","introspection_endpoint_auth_methods_supported":["Bearer","client_secret_basic","client_secret_post","private_key_jwt"],` +
		`"introspection_endpoint_auth_signing_alg_values_supported":["RS256","PS256","ES256","EdDSA"],` +
		`"revocation_endpoint":"https://example.com/users/oauth2/revoke","revocation_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post","private_key_jwt"],` +
		`"revocation_endpoint_auth_signing_alg_values_supported":["RS256","PS256","ES256","EdDSA"],` +
		`"service_documentation":"https://example.com/users/docs"`
	for path, want := range map[string]string{serverPath: server + "}", providerPath: server + `,"subject_types_supported":["public"]}`} {
		answer := svc.Get(t, path).Want(t, 200, "")
		if string(answer.Body) != want {
			t.Errorf("%s is\n%s, want\n%s", path, answer.Body, want)
		}
		tag := answer.Header.Get("ETag")
		if answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != keysCaching || !strings.HasPrefix(tag, `"`) ||
			answer.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, answer.Header)
		}
		svc.Send(t, apitest.Request{Method: "GET", Path: path, Header: http.Header{"If-None-Match": {tag}}}).Want(t, 304, "")
		// What a client says of the service changes nothing.
		claimed := svc.Send(t, apitest.Request{Method: "GET", Path: path, Header: http.Header{
			"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"http"}, "Forwarded": {"host=evil.example;proto=http"},
		}}).Want(t, 200, "")
		if string(claimed.Body) != want {
			t.Errorf("%s follows what the request says: %s", path, claimed.Body)
		}
	}
	// What the documents lead to is there.
	svc.Get(t, "/.well-known/jwks.json").Want(t, 200, "")
	svc.Get(t, "/docs").Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/token", Body: url.Values{"grant_type": {"client_credentials"}}}).Want(t, 400, "Client authentication failed.")
	svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/introspect"}).Want(t, 401, "")
	svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/revoke", Body: url.Values{"token": {"unknown"}}}).Want(t, 200, "")
}

// withURLs are the options of a service with this issuer and this URL of its own.
func withURLs(issuer, publicURL string) apitest.Options {
	return apitest.Options{Configure: func(o *app.EdgeOptions) { o.Issuer, o.PublicURL = issuer, publicURL }}
}

// TestNoDiscovery: without the service's own URL, or an issuer that can be discovered by, there is none, and the answer
// names the setting.
func TestNoDiscovery(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ issuer, publicURL, names string }{
		"no PUBLIC_URL":       {"https://id.example", "", "PUBLIC_URL"},
		"a name for issuer":   {"users", "https://users.example", "JWT_ISSUER"},
		"a URN for issuer":    {"urn:users:example", "https://users.example", "JWT_ISSUER"},
		"an issuer's query":   {"https://id.example?tenant=1", "https://users.example", "JWT_ISSUER"},
		"an empty query":      {"https://id.example?", "https://users.example", "JWT_ISSUER"},
		"an issuer's section": {"https://id.example#users", "https://users.example", "JWT_ISSUER"},
	} {
		svc := apitest.Start(t, withURLs(test.issuer, test.publicURL))
		for _, path := range []string{serverPath, providerPath} {
			answer := svc.Get(t, path).Want(t, 404, "")
			if !strings.Contains(answer.Message, test.names) || answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %s %v", name, answer.Body, answer.Header)
			}
		}
	}
}
