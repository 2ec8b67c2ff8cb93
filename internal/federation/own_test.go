package federation_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

// TestOwnAssertions: a service account authenticates by what it has signed, with each algorithm, by a registered key and by
// that of a JWK set.
func TestOwnAssertions(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		rotating := newSigner(t, jose.RS256, "at-url")
		set := newIssuer(t, rotating)
		f := newFixture(t, url, set)
		for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA} {
			for _, kid := range []string{"", "k-" + string(alg)} {
				s := newSigner(t, alg, kid)
				f.addKey(f.account, s.jwk(t))
				c, err := f.try("", s.sign(t, f.own()))
				if err != nil || c.Account.ID.String() != f.account || !c.May(users.AccountsRead) {
					t.Fatalf("%s %q: %v", alg, kid, err)
				}
				for name, a := range map[string]claims{
					"the issuer":    f.own().with("aud", ourIssuer),
					"both":          f.own().with("aud", []string{ourIssuer, tokenURL}),
					"a fraction":    f.own().with("exp", float64(f.now().Unix())+30.5),
					"no iat":        f.own().with("iat", nil),
					"in the leeway": f.own().with("exp", f.now().Add(-20*time.Second).Unix(), "iat", f.now().Add(20*time.Second).Unix()),
				} {
					if _, err := f.try(f.account, s.sign(t, a)); err != nil {
						t.Errorf("%s %q, %s: %v", alg, kid, name, err)
					}
				}
			}
		}
		if _, err := f.try("", rotating.sign(t, f.own())); !errors.Is(err, users.ErrCredentials) {
			t.Errorf("before its URL is registered: %v", err)
		}
		made, err := f.CreateKey(t.Context(), users.AsOperator(), f.account, federation.NewKey{URL: new(set.URL + "/jwks")})
		must(t, err)
		if _, err := f.try("", rotating.sign(t, f.own())); err != nil {
			t.Errorf("by a JWK set: %v", err)
		}
		must(t, f.DeleteKey(t.Context(), users.AsOperator(), f.account, made.ID.String()))
		if _, err := f.try("", rotating.sign(t, f.own())); !errors.Is(err, users.ErrCredentials) {
			t.Errorf("after a deletion: %v", err)
		}
	})
}

// TestForgedOwnAssertions: none of these counts, nor is any told apart from another.
func TestForgedOwnAssertions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, storetest.SQLite(t))
	rsaKey, other := newSigner(t, jose.RS256, "mine"), newSigner(t, jose.RS256, "mine")
	ec := newSigner(t, jose.ES256, "ec")
	f.addKey(f.account, rsaKey.jwk(t))
	f.addKey(f.account, ec.jwk(t))
	neighbour := f.newAccount("billing", f.adminRole())
	theirs := newSigner(t, jose.EdDSA, "theirs")
	f.addKey(neighbour, theirs.jwk(t))
	now := f.now()
	hour := now.Add(time.Hour).Unix()
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	good := rsaKey.sign(t, f.own())
	parts := strings.Split(good, ".")
	hmac := func(secret []byte) string {
		s := signer{jose.HS256, "mine", secret}
		return s.sign(t, f.own())
	}
	pem := []byte(rsaKey.jwk(t))
	swap := func(header string) string { return encode(header) + "." + parts[1] + "." + parts[2] }
	forged := map[string]string{
		"nothing":                   ".",
		"alg none":                  encode(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + ".",
		"alg none, with signature":  swap(`{"alg":"none","kid":"mine"}`),
		"alg None":                  swap(`{"alg":"None","kid":"mine"}`),
		"no alg":                    swap(`{"kid":"mine"}`),
		"alg null":                  swap(`{"alg":null,"kid":"mine"}`),
		"alg a list":                swap(`{"alg":["RS256"],"kid":"mine"}`),
		"HS256 by the public key":   hmac(pem),
		"alg of another size":       swap(`{"alg":"RS512","kid":"mine"}`),
		"alg of another key":        swap(`{"alg":"ES256","kid":"mine"}`),
		"header with duplicates":    swap(`{"alg":"none","alg":"RS256","kid":"mine"}`),
		"header no object":          swap(`["RS256"]`),
		"header with trailing data": swap(`{"alg":"RS256","kid":"mine"}{}`),
		"crit":                      rsaKey.sign(t, f.own(), "crit", []string{"exp"}),
		"crit b64":                  rsaKey.sign(t, f.own(), "crit", []string{"b64"}, "b64", true),
		"embedded jwk":              other.sign(t, f.own(), "jwk", other.public()),
		"embedded jwk of its own":   rsaKey.sign(t, f.own(), "jwk", rsaKey.public()),
		"jku":                       rsaKey.sign(t, f.own(), "jku", "https://evil.example/jwks"),
		"x5u":                       rsaKey.sign(t, f.own(), "x5u", "https://evil.example/c"),
		"x5c":                       rsaKey.sign(t, f.own(), "x5c", []string{"AA"}),
		"zip":                       rsaKey.sign(t, f.own(), "zip", "DEF"),
		"typ of an access token":    rsaKey.sign(t, f.own(), "typ", "at+jwt"),
		"typ of a logout token":     rsaKey.sign(t, f.own(), "typ", "logout+jwt"),
		"another key, same kid":     other.sign(t, f.own()),
		"an unknown kid":            signer{jose.RS256, "unknown", rsaKey.key}.sign(t, f.own()),
		"kid of another key":        signer{jose.RS256, "ec", rsaKey.key}.sign(t, f.own()),
		"kid of another account":    signer{jose.EdDSA, "theirs", theirs.key}.sign(t, f.own()),
		"signature of another":      parts[0] + "." + parts[1] + "." + strings.Split(rsaKey.sign(t, f.own()), ".")[2],
		"no signature":              parts[0] + "." + parts[1] + ".",
		"payload changed":           parts[0] + "." + encode(`{"iss":"a","sub":"a","aud":"`+tokenURL+`","exp":`+"9999999999"+`}`) + "." + parts[2],
		"four parts":                good + ".AA",
		"padding":                   good + "=",
		"a line end":                good + "\n",
		"a space":                   " " + good,
		"JSON serialization":        `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"huge":                      rsaKey.sign(t, f.own().with("x", strings.Repeat("x", 9000))),
		"deep":                      rsaKey.sign(t, strings.Repeat("[", 3000)+strings.Repeat("]", 3000)),
		"payload with duplicates":   rsaKey.sign(t, `{"iss":"`+f.account+`","iss":"`+f.account+`","sub":"`+f.account+`","aud":"`+tokenURL+`","exp":9999999999,"jti":"a"}`),
		"payload no object":         rsaKey.sign(t, `"x"`),
		"payload not UTF-8":         rsaKey.sign(t, "{\"iss\":\"\xff\"}"),
		"payload empty":             rsaKey.sign(t, ""),
		"no iss":                    rsaKey.sign(t, f.own().with("iss", nil)),
		"no sub":                    rsaKey.sign(t, f.own().with("sub", nil)),
		"another sub":               rsaKey.sign(t, f.own().with("sub", neighbour)),
		"iss of another account":    rsaKey.sign(t, f.own().with("iss", neighbour, "sub", neighbour)),
		"iss of no account":         rsaKey.sign(t, f.own().with("iss", users.NewID().String(), "sub", users.NewID().String())),
		"iss in capitals":           rsaKey.sign(t, f.own().with("iss", strings.ToUpper(f.account), "sub", strings.ToUpper(f.account))),
		"iss a number":              rsaKey.sign(t, f.own().with("iss", 1)),
		"no aud":                    rsaKey.sign(t, f.own().with("aud", nil)),
		"an empty aud":              rsaKey.sign(t, f.own().with("aud", []string{})),
		"an empty text as aud":      rsaKey.sign(t, f.own().with("aud", "")),
		"another aud":               rsaKey.sign(t, f.own().with("aud", "https://other.example")),
		"another aud besides":       rsaKey.sign(t, f.own().with("aud", []string{tokenURL, "https://other.example"})),
		"aud with a slash":          rsaKey.sign(t, f.own().with("aud", tokenURL+"/")),
		"aud with a number":         rsaKey.sign(t, f.own().with("aud", []any{tokenURL, 1})),
		"aud an object":             rsaKey.sign(t, f.own().with("aud", map[string]any{"a": tokenURL})),
		"no exp":                    rsaKey.sign(t, f.own().with("exp", nil)),
		"exp a text":                rsaKey.sign(t, f.own().with("exp", "9999999999")),
		"exp negative":              rsaKey.sign(t, f.own().with("exp", -1)),
		"exp enormous":              rsaKey.sign(t, `{"iss":"`+f.account+`","sub":"`+f.account+`","aud":"`+tokenURL+`","jti":"a","exp":1e300}`),
		"expired":                   rsaKey.sign(t, f.own().with("exp", now.Add(-31*time.Second).Unix())),
		"too long":                  rsaKey.sign(t, f.own().with("exp", now.Add(6*time.Minute).Unix())),
		"from the future":           rsaKey.sign(t, f.own().with("iat", hour)),
		"not yet":                   rsaKey.sign(t, f.own().with("nbf", hour)),
		"nbf a text":                rsaKey.sign(t, f.own().with("nbf", "now")),
		"no jti":                    rsaKey.sign(t, f.own().with("jti", nil)),
		"an empty jti":              rsaKey.sign(t, f.own().with("jti", "")),
		"a long jti":                rsaKey.sign(t, f.own().with("jti", strings.Repeat("j", 257))),
		"jti a number":              rsaKey.sign(t, f.own().with("jti", 1)),
	}
	if len(forged) < 40 {
		t.Fatalf("only %d kinds", len(forged))
	}
	for name, text := range forged {
		for _, id := range []string{"", f.account} {
			c, err := f.try(id, text)
			var refused *users.Error
			if !errors.As(err, &refused) || !errors.Is(refused.Kind, users.ErrCredentials) || refused.Message != "Client authentication failed." || !c.Account.ID.IsZero() {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := f.try(neighbour, good); !errors.Is(err, users.ErrCredentials) {
		t.Errorf("with another client_id: %v", err)
	}
	if _, err := f.AuthenticateClient(t.Context(), users.ClientCredentials{ID: f.account, Secret: "svcs_x", Assertion: good}); !errors.Is(err, users.ErrCredentials) {
		t.Errorf("with a secret too: %v", err)
	}
	// None of the refusals has used the assertion up. It counts once.
	if _, err := f.try("", good); err != nil {
		t.Errorf("the good one: %v", err)
	}
	for range 2 {
		if _, err := f.try("", good); !errors.Is(err, users.ErrCredentials) {
			t.Errorf("the good one again: %v", err)
		}
	}
	// Nor does another with its jti, and the same jti of another account is another.
	used := f.own()
	must2(f.try("", rsaKey.sign(t, used)))(t)
	if _, err := f.try("", ec.sign(t, used.with("exp", now.Add(2*time.Minute).Unix()))); !errors.Is(err, users.ErrCredentials) {
		t.Errorf("another with the same jti: %v", err)
	}
	must2(f.try("", theirs.sign(t, used.with("iss", neighbour, "sub", neighbour))))(t)
}

func must2(_ users.Caller, err error) func(t testing.TB) {
	return func(t testing.TB) {
		t.Helper()
		must(t, err)
	}
}

func (f *fixture) adminRole() users.ID {
	f.t.Helper()
	graph, err := f.store.Graph(f.t.Context())
	must(f.t, err)
	admin, _ := graph.RoleByName("Admin")
	return admin.ID
}

// TestReplay: of replicas that get the same assertion at once, one takes it.
func TestReplay(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		f := newFixture(t, url)
		s := newSigner(t, jose.EdDSA, "k")
		f.addKey(f.account, s.jwk(t))
		replicas := []*fixture{f, f.replica()}
		for range 10 {
			text := s.sign(t, f.own())
			var wins atomic.Int32
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					_, err := replicas[i%2].try("", text)
					switch {
					case err == nil:
						wins.Add(1)
					case !errors.Is(err, users.ErrCredentials):
						t.Errorf("a loser: %v", err)
					}
				})
			}
			all.Wait()
			if wins.Load() != 1 {
				t.Fatalf("%d replicas took it", wins.Load())
			}
		}
	})
}

// TestDisabledAccount: a service account that is disabled, deleted or demoted is so at once, on another replica too.
func TestDisabledAccount(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		f := newFixture(t, url)
		other := f.replica()
		s := newSigner(t, jose.EdDSA, "k")
		f.addKey(f.account, s.jwk(t))
		must2(other.try("", s.sign(t, f.own())))(t)
		change := func(active bool) {
			t.Helper()
			_, err := f.Service.UpdateServiceAccount(t.Context(), users.AsOperator(), f.account, users.ServiceAccountPatch{Active: &active})
			must(t, err)
		}
		change(false)
		for _, r := range []*fixture{f, other} {
			text := s.sign(t, f.own())
			if _, err := r.try("", text); !errors.Is(err, users.ErrCredentials) {
				t.Errorf("disabled: %v", err)
			}
		}
		change(true)
		must2(other.try("", s.sign(t, f.own())))(t)
		must(t, f.Service.DeleteServiceAccount(t.Context(), users.AsOperator(), f.account))
		if _, err := other.try("", s.sign(t, f.own())); !errors.Is(err, users.ErrCredentials) {
			t.Errorf("deleted: %v", err)
		}
	})
}

// TestAssertedCallerChangesNothing: an assertion counts for one request, so that it cannot be looked up again in a change.
func TestAssertedCallerChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, storetest.SQLite(t))
	s := newSigner(t, jose.EdDSA, "k")
	f.addKey(f.account, s.jwk(t))
	c, err := f.try("", s.sign(t, f.own()))
	must(t, err)
	if err := f.Service.DeleteServiceAccount(t.Context(), c, f.account); !errors.Is(err, users.ErrUnauthenticated) {
		t.Errorf("a change: %v", err)
	}
	if _, err := f.Keys(t.Context(), c, f.account); err != nil {
		t.Errorf("to read: %v", err)
	}
}
