package gateway_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/token"
)

const keysCaching = "public, max-age=300, must-revalidate"

func TestKeys(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	type key map[string]string
	var enveloped struct {
		Data struct{ Keys []key }
		Keys []key
	}
	answer := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/jwks"}).Want(t, 200, "JWKS retrieved successfully")
	apitest.Unmarshal(t, answer.Body, &enveloped)
	var bare struct{ Keys []key }
	set := svc.Send(t, apitest.Request{Method: "GET", Path: "/.well-known/jwks.json"}).Want(t, 200, "")
	apitest.Unmarshal(t, set.Body, &bare)
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
		if a.Header.Get("Cache-Control") != keysCaching || len(tag) < 10 || tag[0] != '"' {
			t.Errorf("headers %v", a.Header)
		}
		for sent, want := range map[string]int{tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200, tag[1:]: 200} {
			again := svc.Send(t, apitest.Request{Method: "GET", Path: a.Request.Path, Header: http.Header{"If-None-Match": {sent}}}).Want(t, want, "")
			if want == 304 && (again.Header.Get("ETag") != tag || again.Header.Get("Cache-Control") != keysCaching || len(again.Body) > 0 || again.Header.Get("Content-Type") != "") {
				t.Errorf("304 is %v %s", again.Header, again.Body)
			}
		}
	}
}

// TestKeysOfBothKinds publishes an RSA key and a key on P-256: each has the members of its kind, and no others.
func TestKeysOfBothKinds(t *testing.T) {
	t.Parallel()
	curve, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		keys := o.Keys()
		set, err := token.NewKeySet(curve, nil, token.Options{Issuer: "https://id.example", Audiences: []string{"https://api.example"}})
		if err != nil {
			t.Fatal(err)
		}
		o.Keys = func() []users.PublicKey { return append(set.Public(), keys...) }
	}})
	for _, path := range []string{"/.well-known/jwks.json", "/api/v1/auth/jwks"} {
		var set struct{ Keys []map[string]string }
		apitest.Unmarshal(t, svc.Get(t, path).Want(t, 200, "").Body, &set)
		if len(set.Keys) != 2 {
			t.Fatalf("%s: %v", path, set.Keys)
		}
		for i, want := range [][]string{{"alg", "crv", "kid", "kty", "use", "x", "y"}, {"alg", "e", "kid", "kty", "n", "use"}} {
			delete(set.Keys[i], "publicKey")
			if got := slices.Sorted(maps.Keys(set.Keys[i])); !slices.Equal(got, want) {
				t.Errorf("%s: key %d has %v", path, i, got)
			}
		}
		first := set.Keys[0]
		if first["kty"] != "EC" || first["crv"] != "P-256" || first["alg"] != "ES256" || len(first["x"]) != 43 || len(first["y"]) != 43 || first["kid"] != curve.ID() {
			t.Errorf("%s: %v", path, first)
		}
	}
}

// TestKeysAreForEveryOrigin: pages of origins that are not on the list may read the keys, and one copy in a cache is for
// all of them.
func TestKeysAreForEveryOrigin(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) { o.CORSOrigins = []string{"https://app.example"} }})
	for _, path := range []string{"/.well-known/jwks.json", "/api/v1/auth/jwks"} {
		tag := svc.Get(t, path).Want(t, 200, "").Header.Get("ETag")
		for _, origin := range []string{"https://elsewhere.example", "https://app.example", "null", ""} {
			header := http.Header{"If-None-Match": {tag}}
			if origin != "" {
				header.Set("Origin", origin)
			}
			for what, answer := range map[string]*apitest.Answer{
				"200": svc.Send(t, apitest.Request{Method: "GET", Path: path, Header: http.Header{"Origin": header["Origin"]}}).Want(t, 200, ""),
				"304": svc.Send(t, apitest.Request{Method: "GET", Path: path, Header: header}).Want(t, 304, ""),
				"405": svc.Send(t, apitest.Request{Method: "DELETE", Path: path, Header: header}).Want(t, 405, ""),
			} {
				if answer.Header.Get("Access-Control-Allow-Origin") != "*" || answer.Header.Get("Vary") != "" || answer.Header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s %s for %q: %v", what, path, origin, answer.Header)
				}
			}
		}
		preflight := svc.Send(t, apitest.Request{Method: "OPTIONS", Path: path, Header: http.Header{
			"Origin": {"https://elsewhere.example"}, "Access-Control-Request-Method": {"GET"}, "Access-Control-Request-Headers": {"if-none-match"},
		}}).Want(t, 204, "")
		if preflight.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "If-None-Match") {
			t.Errorf("preflight %s: %v", path, preflight.Header)
		}
	}
	other := svc.Send(t, apitest.Request{Method: "GET", Path: "/", Header: http.Header{"Origin": {"https://elsewhere.example"}}}).Want(t, 200, "")
	if other.Header.Get("Access-Control-Allow-Origin") != "" || other.Header.Get("Vary") != "Origin" {
		t.Errorf("another resource: %v", other.Header)
	}
}
