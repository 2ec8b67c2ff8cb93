package gateway_test

import (
	"net/http"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

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
		if a.Header.Get("Cache-Control") != "public, max-age=300" || len(tag) < 10 || tag[0] != '"' {
			t.Errorf("headers %v", a.Header)
		}
		for sent, want := range map[string]int{tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200, tag[1:]: 200} {
			again := svc.Send(t, apitest.Request{Method: "GET", Path: a.Request.Path, Header: http.Header{"If-None-Match": {sent}}}).Want(t, want, "")
			if want == 304 && (again.Header.Get("ETag") != tag || again.Header.Get("Cache-Control") != "public, max-age=300" || len(again.Body) > 0 || again.Header.Get("Content-Type") != "") {
				t.Errorf("304 is %v %s", again.Header, again.Body)
			}
		}
	}
}
