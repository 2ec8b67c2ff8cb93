package authn

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
)

// omitted is a token that had no room for its permissions.
func omitted() string {
	return tokenOf(ada, member{"permissions": []string{}, "permissions_omitted": true})
}

// TestOmittedPermissionsAreAskedFor: a token without its permissions is answered by the check of the service, which gets
// the token itself, and never by 403 because the token is too short.
func TestOmittedPermissionsAreAskedFor(t *testing.T) {
	t.Parallel()
	token := omitted()
	held := []string{"orders:read", "orders:write"}
	var check atomic.Pointer[http.HandlerFunc]
	var asked atomic.Int64
	keys := keysAnswer(jwk(ourKey(), "key-1"))
	service := newIssuer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/users/api/v1/auth/check" {
			keys(w, r)
			return
		}
		asked.Add(1)
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %v", r.Method, r.Header)
		}
		(*check.Load())(w, r)
	})
	v := newVerifier(t, func(o *Options) { o.JWKS = service.URL + "/users/.well-known/jwks.json" })
	answerFor := func(account string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Permissions []string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			var list []member
			for _, name := range body.Permissions {
				list = append(list, member{"name": name, "allowed": slices.Contains(held, name)})
			}
			writeJSON(w, member{"code": 200, "data": member{"account_id": account, "permissions": list}})
		}
	}
	says := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	for name, test := range map[string]struct {
		answer  http.HandlerFunc
		require []string
		want    int
	}{
		"held":                {answerFor(ada), []string{"orders:read", "orders:write"}, 200},
		"one is not":          {answerFor(ada), []string{"orders:read", "orders:delete"}, 403},
		"another account":     {answerFor(bob), []string{"orders:read"}, 503},
		"no longer valid":     {status(401), []string{"orders:read"}, 401},
		"the service is away": {status(503), []string{"orders:read"}, 503},
		"something else":      {status(404), []string{"orders:read"}, 503},
		"no JSON":             {says("yes"), []string{"orders:read"}, 503},
		"nothing of it":       {says("{}"), []string{"orders:read"}, 503},
		"other names":         {says(`{"data":{"account_id":"` + ada + `","permissions":[{"name":"x","allowed":true}]}}`), []string{"orders:read"}, 403},
		"not said to be so":   {says(`{"data":{"account_id":"` + ada + `","permissions":[{"name":"orders:read"}]}}`), []string{"orders:read"}, 403},
		"sent to another place": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, []string{"orders:read"}, 503},
	} {
		check.Store(&test.answer)
		for _, outer := range []http.Handler{v.Require(test.require...)(whoami), v.Middleware(v.Require(test.require...)(whoami))} {
			if w := call(outer, "Bearer "+token); w.Code != test.want || (w.Code == 200) != (w.Body.String() == "true "+ada) {
				t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, test.want)
			}
		}
	}
	before := asked.Load()
	call(v.Middleware(whoami), "Bearer "+token)                                    // nothing is required
	call(v.Require("orders:delete")(whoami), "Bearer "+tokenOf(ada, nil))          // the token has its permissions
	call(v.Require("orders:delete")(whoami), "Bearer "+token, "Bearer "+token)     // it is not even looked at
	call(v.Require("orders:read")(whoami), "Bearer "+token+"x", "Basic something") // nor is one that is not valid
	if asked.Load() != before {
		t.Error("the service is asked for nothing")
	}
}

// Where the service can't be found it is not asked, and the reason is told.
func TestCheckURL(t *testing.T) {
	t.Parallel()
	for jwks, want := range map[string]string{
		"https://users.example/.well-known/jwks.json":     "https://users.example/api/v1/auth/check",
		"https://a.example/users/api/v1/auth/jwks":        "https://a.example/users/api/v1/auth/check",
		"https://users.example/keys":                      "",
		"https://users.example/.well-known/jwks.json?x=1": "",
	} {
		if got := checkURL(jwks); got != want {
			t.Errorf("%s leads to %q, want %q", jwks, got, want)
		}
	}
	v := newVerifier(t, nil)
	if w := call(v.Require("orders:read")(whoami), "Bearer "+omitted()); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, err := New(Options{JWKS: "https://users.example/keys", Issuer: testIssuer, Audience: testAudience, Check: "/check"}); err == nil {
		t.Error("a relative URL is taken")
	}
}

// A token for a declared audience has no permission beyond its prefix, whatever its account holds now.
func TestPrefixLimitsLiveRights(t *testing.T) {
	t.Parallel()
	c := claims{prefix: "orders:"}
	all := []string{"billing:read", "orders:read", "orders:write", "ordersx:read"}
	if got := c.limit(all); !slices.Equal(got, []string{"orders:read", "orders:write"}) || len(all) != 4 || all[0] != "billing:read" {
		t.Errorf("%q of %q", got, all)
	}
	if got := (&claims{}).limit(all); len(got) != 4 {
		t.Errorf("without a prefix: %q", got)
	}
	for value, want := range map[string]int{"orders:": 200, "": 401} {
		if got := statusOf(newVerifier(t, nil), tokenOf(ada, member{"permission_prefix": value})); got != want {
			t.Errorf("%q: %d, want %d", value, got, want)
		}
	}
	if got := statusOf(newVerifier(t, nil), tokenOf(ada, member{"permission_prefix": nil})); got != 401 {
		t.Errorf("null: %d", got)
	}
}
