package federation_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

// github are claims like those of a job of GitHub Actions.
func (f *fixture) github(i *issuer) claims {
	now := f.now()
	return claims{
		"iss": i.URL, "sub": "repo:acme/orders:ref:refs/heads/main", "aud": ourIssuer, "exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(),
		"nbf": now.Add(-time.Minute).Unix(), "jti": "8b4e6a5e", "repository": "acme/orders", "repository_owner": "acme", "ref": "refs/heads/main",
		"workflow": "deploy", "run_attempt": "1", "environment": "production",
	}
}

// kubernetes are claims like those of a projected token of a service account.
func (f *fixture) kubernetes(i *issuer) claims {
	now := f.now()
	return claims{
		"iss": i.URL, "sub": "system:serviceaccount:shop:orders", "aud": []string{ourIssuer}, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(),
		"nbf": now.Unix(), "jti": "0f7c", "kubernetes.io": map[string]any{
			"namespace": "shop", "pod": map[string]any{"name": "orders-7d9f", "uid": "5a"}, "serviceaccount": map[string]any{"name": "orders", "uid": "5b"},
		},
	}
}

// TestForeignAssertions: jobs of a CI system and pods of a cluster authenticate, as often as they like, and nothing else does.
func TestForeignAssertions(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		s, evil := newSigner(t, jose.RS256, "2026"), newSigner(t, jose.RS256, "2026")
		ci, cluster, untrusted := newIssuer(t, s), newIssuer(t, newSigner(t, jose.ES256, "c")), newIssuer(t, evil)
		pod := newSigner(t, jose.ES256, "c2")
		cluster.publish(pod)
		f := newFixture(t, url, ci, cluster, untrusted)
		f.addTrust(federation.NewTrust{
			Issuer: ci.URL, Subject: "repo:acme/orders:ref:refs/heads/*", Claims: []federation.Claim{{Name: "environment", Value: "production"}},
		})
		f.addTrust(federation.NewTrust{Issuer: cluster.URL, Subject: "system:serviceaccount:shop:orders", KeysURL: new(cluster.URL + "/jwks")})
		for range 2 {
			c, err := f.try(f.account, s.sign(t, f.github(ci)))
			if err != nil || c.Account.ID.String() != f.account {
				t.Fatalf("a job: %v", err)
			}
			must2(f.try(f.account, pod.sign(t, f.kubernetes(cluster))))(t)
		}
		again := s.sign(t, f.github(ci))
		must2(f.try(f.account, again))(t)
		must2(f.try(f.account, again))(t) // a platform hands out the same one for as long as it lives
		other := f.newAccount("billing", f.adminRole())
		refused := map[string]struct{ id, text string }{
			"no client_id":            {"", again},
			"a malformed client_id":   {"orders-worker", again},
			"another account":         {other, again},
			"no account":              {users.NewID().String(), again},
			"key of another issuer":   {f.account, pod.sign(t, f.github(ci))},
			"an untrusted issuer":     {f.account, evil.sign(t, f.github(ci).with("iss", untrusted.URL))},
			"a forged signature":      {f.account, evil.sign(t, f.github(ci))},
			"iss with a slash":        {f.account, s.sign(t, f.github(ci).with("iss", ci.URL+"/"))},
			"our own issuer":          {f.account, s.sign(t, f.github(ci).with("iss", ourIssuer))},
			"another repository":      {f.account, s.sign(t, f.github(ci).with("sub", "repo:acme/orders2:ref:refs/heads/main"))},
			"another organization":    {f.account, s.sign(t, f.github(ci).with("sub", "repo:evil/orders:ref:refs/heads/main"))},
			"a branch with a slash":   {f.account, s.sign(t, f.github(ci).with("sub", "repo:acme/orders:ref:refs/heads/a/b"))},
			"an empty branch":         {f.account, s.sign(t, f.github(ci).with("sub", "repo:acme/orders:ref:refs/heads/"))},
			"a pull request":          {f.account, s.sign(t, f.github(ci).with("sub", "repo:acme/orders:pull_request"))},
			"another environment":     {f.account, s.sign(t, f.github(ci).with("environment", "staging"))},
			"no environment":          {f.account, s.sign(t, f.github(ci).with("environment", nil))},
			"environments":            {f.account, s.sign(t, f.github(ci).with("environment", []string{"production"}))},
			"another audience":        {f.account, s.sign(t, f.github(ci).with("aud", "https://github.com/acme"))},
			"expired":                 {f.account, s.sign(t, f.github(ci).with("exp", f.now().Add(-time.Minute).Unix()))},
			"without an end":          {f.account, s.sign(t, f.github(ci).with("exp", nil))},
			"of a year":               {f.account, s.sign(t, f.github(ci).with("exp", f.now().Add(365*24*time.Hour).Unix()))},
			"another namespace":       {f.account, pod.sign(t, f.kubernetes(cluster).with("sub", "system:serviceaccount:evil:orders"))},
			"another service account": {f.account, pod.sign(t, f.kubernetes(cluster).with("sub", "system:serviceaccount:shop:orders2"))},
			"typ of an access token":  {f.account, s.sign(t, f.github(ci), "typ", "at+jwt")},
		}
		for name, c := range refused {
			if _, err := f.try(c.id, c.text); !errors.Is(err, users.ErrCredentials) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if untrusted.asked.Load() != 0 {
			t.Error("an issuer was asked that no trust names")
		}
		trusts, err := f.Trusts(t.Context(), users.AsOperator(), f.account)
		must(t, err)
		must(t, f.DeleteTrust(t.Context(), users.AsOperator(), f.account, trusts[0].ID.String()))
		if _, err := f.replica().try(f.account, again); !errors.Is(err, users.ErrCredentials) {
			t.Errorf("after a deletion: %v", err)
		}
	})
}

// TestKeysOfIssuers: keys are read anew when they have expired, and for an unknown kid, though not more often than every 30
// seconds; and none is used past its life.
func TestKeysOfIssuers(t *testing.T) {
	t.Parallel()
	first, second, third := newSigner(t, jose.EdDSA, "1"), newSigner(t, jose.EdDSA, "2"), newSigner(t, jose.EdDSA, "3")
	i := newIssuer(t, first)
	f := newFixture(t, storetest.SQLite(t), i)
	f.addTrust(federation.NewTrust{Issuer: i.URL, Subject: "repo:acme/orders:ref:refs/heads/main"})
	try := func(what string, s signer, want error, asked int64) {
		t.Helper()
		before := i.asked.Load()
		_, err := f.try(f.account, s.sign(t, f.github(i)))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		if n := i.asked.Load() - before; n != asked {
			t.Errorf("%s: asked %d times, want %d", what, n, asked)
		}
	}
	try("the first", first, nil, 1)
	try("from memory", first, nil, 0)
	i.publish(first, second)
	try("an unknown key, too soon", second, users.ErrCredentials, 0)
	f.pass(31 * time.Second)
	try("an unknown key", second, nil, 1)
	try("another unknown key", third, users.ErrCredentials, 0)
	f.pass(31 * time.Second)
	try("another unknown key, later", third, users.ErrCredentials, 1)
	for range 5 {
		try("and again", third, users.ErrCredentials, 0)
	}
	// A key that was withdrawn is gone after five minutes, whatever the issuer says.
	i.publish(second)
	i.set(func(i *issuer) { i.maxAge = "max-age=1" })
	f.pass(4 * time.Minute)
	try("a withdrawn key, from memory", first, nil, 0)
	f.pass(time.Minute)
	try("a withdrawn key", first, users.ErrCredentials, 1)
	// The issuer is away: keys count to their end, and then none does.
	i.set(func(i *issuer) { i.status = http.StatusBadGateway })
	f.pass(4 * time.Minute)
	try("away, from memory", second, nil, 0)
	f.pass(time.Minute + time.Second)
	try("away", second, users.ErrUnavailable, 0) // the discovery document fails already
	if f.away.Load() != 1 {
		t.Errorf("%d failures were told", f.away.Load())
	}
	try("away, asked a moment ago", second, users.ErrUnavailable, 0)
	if f.away.Load() != 1 {
		t.Errorf("%d failures were told", f.away.Load())
	}
	i.set(func(i *issuer) { i.status, i.maxAge = 0, "public, max-age=7200" })
	f.pass(6 * time.Second)
	try("back", second, nil, 1)
	f.pass(119 * time.Minute)
	try("as long as it says", second, nil, 0)
	f.pass(time.Minute)
	i.set(func(i *issuer) { i.says = "https://other.example" })
	try("the document of another issuer", second, users.ErrUnavailable, 0)
}

// TestSlowIssuer: requests wait together for an issuer, and for no longer than a few seconds.
func TestSlowIssuer(t *testing.T) {
	t.Parallel()
	s := newSigner(t, jose.EdDSA, "1")
	i := newIssuer(t, s)
	f := newFixture(t, storetest.SQLite(t), i)
	f.addTrust(federation.NewTrust{Issuer: i.URL, Subject: "repo:acme/orders:ref:refs/heads/main"})
	hang := make(chan struct{})
	i.set(func(i *issuer) { i.hang = hang })
	text := s.sign(t, f.github(i))
	if _, err := f.try(f.account, text); !errors.Is(err, users.ErrUnavailable) {
		t.Errorf("a slow issuer: %v", err)
	}
	close(hang)
	f.pass(6 * time.Second)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, err := f.try(f.account, text); err != nil {
				t.Errorf("together: %v", err)
			}
		})
	}
	all.Wait()
	if n := i.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestNoTrustNoToken: of assertions with a good signature, those count that a trust covers by its letter.
func TestNoTrustNoToken(t *testing.T) {
	t.Parallel()
	s := newSigner(t, jose.EdDSA, "1")
	i := newIssuer(t, s)
	f := newFixture(t, storetest.SQLite(t), i)
	word := rapid.SampledFrom([]string{"acme", "evil", "main", "*", "", "a", "repo"})
	subject := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%s:%s/%s:%s", word.Draw(t, "1"), word.Draw(t, "2"), word.Draw(t, "3"), word.Draw(t, "4"))
	})
	const name = "ref"
	rapid.Check(t, func(r *rapid.T) {
		trusts, err := f.Trusts(t.Context(), users.AsOperator(), f.account)
		must(t, err)
		for _, old := range trusts {
			must(t, f.DeleteTrust(t.Context(), users.AsOperator(), f.account, old.ID.String()))
		}
		pattern, ref := subject.Draw(r, "pattern"), word.Draw(r, "ref")
		in := federation.NewTrust{Issuer: i.URL, Subject: pattern, Audience: new("aud-" + word.Draw(r, "aud"))}
		if ref != "" {
			in.Claims = []federation.Claim{{Name: name, Value: ref}}
		}
		_, err = f.CreateTrust(t.Context(), users.AsOperator(), f.account, in)
		if err != nil && !errors.Is(err, users.ErrInvalid) {
			r.Fatal(err)
		}
		trusted := err == nil
		a := f.github(i).with("sub", subject.Draw(r, "sub"), "aud", "aud-"+word.Draw(r, "its aud"), name, word.Draw(r, "its ref"))
		_, err = f.try(f.account, s.sign(t, a))
		if err != nil && !errors.Is(err, users.ErrCredentials) {
			r.Fatal(err)
		}
		want := trusted && a["aud"] == *in.Audience && (ref == "" || a[name] == ref) && matchByLetter(pattern, a["sub"].(string))
		if (err == nil) != want {
			r.Fatalf("pattern %q, sub %q, %v: %v", pattern, a["sub"], a, err)
		}
	})
}

// matchByLetter is the rule of patterns once more, letter by letter: a star takes letters up to the next separator.
func matchByLetter(pattern, subject string) bool {
	if pattern == "" {
		return subject == ""
	}
	if pattern[0] == '*' {
		for n := 1; n <= len(subject) && subject[n-1] != ':' && subject[n-1] != '/'; n++ {
			if matchByLetter(pattern[1:], subject[n:]) {
				return true
			}
		}
		return false
	}
	return subject != "" && subject[0] == pattern[0] && matchByLetter(pattern[1:], subject[1:])
}
