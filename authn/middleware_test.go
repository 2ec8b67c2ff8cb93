package authn

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// call sends a request with these Authorization headers through a handler.
func call(h http.Handler, authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/orders", nil)
	r.Header["Authorization"] = authorization
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// whoami answers with the account that was admitted.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	p, ok := From(r.Context())
	fmt.Fprint(w, ok, " ", p.Account)
})

func TestRefusalsAreThoseOfRFC6750(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, nil)
	good := "Bearer " + tokenOf(ada, nil)
	for name, test := range map[string]struct {
		require       []string
		authorization []string
		status        int
		challenge     string
		code          string
	}{
		"good":                         {nil, []string{good}, 200, "", ""},
		"scheme in small letters":      {nil, []string{"bearer" + good[6:]}, 200, "", ""},
		"two spaces":                   {nil, []string{"Bearer  " + good[7:]}, 200, "", ""},
		"permitted":                    {[]string{"orders:read", "orders:write"}, []string{good}, 200, "", ""},
		"nothing":                      {nil, nil, 401, "Bearer", "token_required"},
		"nothing, something required":  {[]string{"orders:read"}, nil, 401, "Bearer", "token_required"},
		"an empty header":              {nil, []string{""}, 401, "Bearer", "token_required"},
		"the scheme alone":             {nil, []string{"Bearer "}, 401, "Bearer", "token_required"},
		"another scheme":               {nil, []string{"Basic YTpi"}, 401, "Bearer", "token_required"},
		"no scheme":                    {nil, []string{good[7:]}, 401, "Bearer", "token_required"},
		"junk":                         {nil, []string{"Bearer junk"}, 401, `Bearer error="invalid_token"`, "invalid_token"},
		"something behind":             {nil, []string{good + " x"}, 401, `Bearer error="invalid_token"`, "invalid_token"},
		"two headers":                  {nil, []string{good, good}, 401, `Bearer error="invalid_token"`, "invalid_token"},
		"two headers, one of a scheme": {nil, []string{"Basic YTpi", good}, 401, `Bearer error="invalid_token"`, "invalid_token"},
		"9 KiB":                        {nil, []string{"Bearer " + strings.Repeat("x", 9<<10)}, 401, `Bearer error="invalid_token"`, "invalid_token"},
		"expired": {nil, []string{"Bearer " + tokenOf(ada, member{"exp": time.Now().Unix() - 31})}, 401,
			`Bearer error="invalid_token"`, "invalid_token"},
		"not permitted": {[]string{"orders:delete"}, []string{good}, 403, `Bearer error="insufficient_scope", scope="orders:delete"`, "insufficient_scope"},
		"not all permitted": {[]string{"orders:read", "orders:delete"}, []string{good}, 403,
			`Bearer error="insufficient_scope", scope="orders:read orders:delete"`, "insufficient_scope"},
		"another case": {[]string{"Orders:read"}, []string{good}, 403, `Bearer error="insufficient_scope", scope="Orders:read"`, "insufficient_scope"},
		"omitted": {[]string{"orders:read"}, []string{"Bearer " + tokenOf(ada, member{"permissions": []string{}, "permissions_omitted": true})}, 503,
			"", "temporarily_unavailable"},
	} {
		w := call(v.Require(test.require...)(whoami), test.authorization...)
		if w.Code != test.status || w.Header().Get("WWW-Authenticate") != test.challenge {
			t.Errorf("%s: %d %q", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
		if test.status == http.StatusOK {
			if got := w.Body.String(); got != "true "+ada {
				t.Errorf("%s: %q", name, got)
			}
			continue
		}
		var body map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body) != 2 || body["error"] != test.code || body["error_description"] == "" {
			t.Errorf("%s: %s, %v", name, w.Body, err)
		}
		if h := w.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v", name, h)
		}
	}
}

func TestNoKeysIs503(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, func(o *Options) { o.JWKS = "http://127.0.0.1:1/" })
	w := call(v.Middleware(whoami), "Bearer "+tokenOf(ada, nil))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if strings.Contains(w.Body.String(), "127.0.0.1") {
		t.Errorf("the body tells where keys come from: %s", w.Body)
	}
}

// One verifier must not take another's word: it may trust another issuer.
func TestRequireTrustsItsOwnVerifierAlone(t *testing.T) {
	t.Parallel()
	ours := newVerifier(t, nil)
	theirs := newVerifier(t, func(o *Options) { o.JWKS = newIssuer(t, keysAnswer(jwk(otherKey(), "key-1"))).URL })
	token := "Bearer " + sign(otherKey(), "key-1", "JWT", claimsOf(ada, nil))
	if w := call(theirs.Middleware(ours.Require("orders:read")(whoami)), token); w.Code != http.StatusUnauthorized {
		t.Errorf("admitted by another verifier: %d", w.Code)
	}
	made := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := NewContext(r.Context(), Principal{Account: bob, Permissions: []string{"orders:read"}})
		if p, ok := From(ctx); !ok || p.Account != bob {
			t.Error("NewContext is not found by From")
		}
		ours.Require("orders:read")(whoami).ServeHTTP(w, r.WithContext(ctx))
	})
	if w := call(made); w.Code != http.StatusUnauthorized {
		t.Errorf("admitted by NewContext: %d", w.Code)
	}
	if _, ok := From(context.Background()); ok {
		t.Error("an empty context has a principal")
	}
}

func TestATokenIsVerifiedOnceAlongTheWay(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, nil)
	lose := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Authorization")
			next.ServeHTTP(w, r)
		})
	}
	if w := call(v.Middleware(lose(v.Require("orders:read")(whoami))), "Bearer "+tokenOf(ada, nil)); w.Code != http.StatusOK {
		t.Errorf("verified again: %d", w.Code)
	}
}

func TestOnErrorWritesTheBodyAlone(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, func(o *Options) {
		o.OnError = func(w http.ResponseWriter, _ *http.Request, e *Error) {
			w.WriteHeader(e.Status)
			fmt.Fprint(w, e.Code, " ", e.Missing)
		}
	})
	w := call(v.Require("orders:read", "orders:delete")(whoami), "Bearer "+tokenOf(ada, nil))
	if w.Body.String() != "insufficient_scope [orders:delete]" || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
}

func TestRequirePanicsOnWhatIsNoPermission(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, nil)
	for _, name := range []string{"", "orders read", `orders"`, `a\b`, "a\nb", "ö"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is taken for a permission", name)
				}
			}()
			v.Require(name)
		}()
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	token := func(context.Context) (string, error) { return "", nil }
	good := Options{JWKS: "https://users.example/keys", Issuer: "i", Audience: "a"}
	following := good
	following.Changes = Changes{URL: "https://users.example/changes", Token: token}
	for name, test := range map[string]struct {
		base   Options
		change func(*Options)
		ok     bool
	}{
		"good":               {good, func(*Options) {}, true},
		"following":          {following, func(*Options) {}, true},
		"no JWKS":            {good, func(o *Options) { o.JWKS = "" }, false},
		"a relative URL":     {good, func(o *Options) { o.JWKS = "/keys" }, false},
		"a file":             {good, func(o *Options) { o.JWKS = "file:///keys" }, false},
		"with a password":    {good, func(o *Options) { o.JWKS = "https://a:b@users.example/keys" }, false},
		"no issuer":          {good, func(o *Options) { o.Issuer = "" }, false},
		"no audience":        {good, func(o *Options) { o.Audience = "" }, false},
		"changes nowhere":    {following, func(o *Options) { o.Changes.URL = "changes" }, false},
		"changes, no token":  {following, func(o *Options) { o.Changes.Token = nil }, false},
		"staleness too low":  {following, func(o *Options) { o.Changes.Staleness = time.Millisecond }, false},
		"staleness negative": {following, func(o *Options) { o.Changes.Staleness = -time.Second }, false},
		"neither":            {following, func(o *Options) { o.Changes.WhenLost = 7 }, false},
		"accounts negative":  {following, func(o *Options) { o.Changes.MaxAccounts = -1 }, false},
	} {
		options := test.base
		test.change(&options)
		if v, err := New(options); (err == nil) != test.ok || (v == nil) == test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := newVerifier(t, nil)
	if err := v.Run(context.Background()); err == nil || v.Lost() {
		t.Errorf("Run without changes: %v, lost %v", err, v.Lost())
	}
}
