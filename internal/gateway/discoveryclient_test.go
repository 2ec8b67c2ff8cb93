package gateway_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/token"
)

// throughProxy sends all requests to a service, wherever they were meant to go, and takes a path off them as a proxy does.
type throughProxy struct {
	t    *testing.T
	to   *url.URL
	path string
}

func (p throughProxy) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.URL.Scheme, sent.URL.Host, sent.Host = p.to.Scheme, p.to.Host, p.to.Host
	if sent.URL.Path = strings.TrimPrefix(r.URL.Path, p.path); r.URL.Path == sent.URL.Path && p.path != "" {
		p.t.Errorf("a request that the proxy does not pass on: %s", r.URL)
	}
	return http.DefaultTransport.RoundTrip(sent)
}

// TestDiscoveryByGoOIDC: a client that knows only issuer and audience finds the keys and verifies tokens by them.
func TestDiscoveryByGoOIDC(t *testing.T) {
	t.Parallel()
	const audience = "https://api.example"
	for _, algorithm := range []token.Algorithm{token.RS256, token.ES256} {
		for _, issuer := range []string{"https://users.example", "https://example.com/users"} {
			key, err := token.GenerateKey(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			set, err := token.NewKeySet(key, nil, token.Options{Issuer: issuer, Audiences: []string{audience}})
			if err != nil {
				t.Fatal(err)
			}
			svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) { o.Keys, o.Issuer, o.PublicURL = set.Public, issuer, issuer }})
			to, err := url.Parse(svc.URL)
			if err != nil {
				t.Fatal(err)
			}
			at, err := url.Parse(issuer)
			if err != nil {
				t.Fatal(err)
			}
			ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: throughProxy{t, to, at.Path}})
			provider, err := oidc.NewProvider(ctx, issuer)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			issued, _, err := set.Issue(users.Claims{
				Subject: users.NewID(), TokenID: users.NewID(), IssuedAt: now, NotBefore: now, Expires: now.Add(time.Hour), Version: 1, Email: "ada@example.com", Roles: []string{"User"},
			})
			if err != nil {
				t.Fatal(err)
			}
			config := &oidc.Config{ClientID: audience}
			if algorithm != token.RS256 {
				// Nothing is said of the algorithms of ID tokens, since there are none; then go-oidc takes RS256 alone.
				config.SupportedSigningAlgs = []string{string(algorithm)}
			}
			verified, err := provider.Verifier(config).Verify(ctx, issued)
			if err != nil || verified.Issuer != issuer {
				t.Errorf("%s of %s: %v", algorithm, issuer, err)
			}
			if _, err := provider.Verifier(&oidc.Config{ClientID: "https://other.example", SupportedSigningAlgs: config.SupportedSigningAlgs}).Verify(ctx, issued); err == nil {
				t.Errorf("%s of %s: another audience is taken", algorithm, issuer)
			}
			if introspection := struct {
				Endpoint string `json:"introspection_endpoint"`
			}{}; provider.Claims(&introspection) != nil || introspection.Endpoint != issuer+"/oauth2/introspect" {
				t.Errorf("introspection is at %q", introspection.Endpoint)
			}
		}
	}
}
