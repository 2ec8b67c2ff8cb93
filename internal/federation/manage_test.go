package federation_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

// faultsOf are the fields that a refusal names.
func faultsOf(t *testing.T, err error) []string {
	t.Helper()
	var refused *users.Error
	if !errors.As(err, &refused) || !errors.Is(refused.Kind, users.ErrInvalid) {
		t.Errorf("the error is %v", err)
		return nil
	}
	var fields []string
	for _, f := range refused.Faults {
		fields = append(fields, f.Field)
	}
	return fields
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "*", "*:a", "a:*", "repo:*", "repo:*/orders:x", "a:b:*x*", "a:b:**", "a b", "a:b:\x00", "a\u200b", "\xff", strings.Repeat("a", 513)} {
		if _, err := federation.ParsePattern(bad); err == nil {
			t.Errorf("%q is a pattern", bad)
		}
	}
	for _, c := range []struct {
		pattern string
		matches string // separated by spaces
		others  string
	}{
		{"a", "a", "b aa A"},
		{"a:b:*", "a:b:c a:b:* a:b:c.d-e a:b:é", "a:b: a:b a:b:c:d a:b:c/d a/b:c a:b/c A:b:c x:a:b:c"},
		{"repo:acme/o:ref:refs/heads/rel-*", "repo:acme/o:ref:refs/heads/rel-1", "repo:acme/o:ref:refs/heads/rel- repo:acme/o:ref:refs/heads/rel-1/2 repo:acme/o:ref:refs/heads/xrel-1"},
		{"a:b:x*y", "a:b:x1y a:b:xyxy", "a:b:xy a:b:x a:b:y a:b:x1yz"},
		{"a:b:*:*", "a:b:c:d", "a:b:c a:b::d a:b:c:"},
		{"spiffe://acme.example/ns/*/sa/orders", "spiffe://acme.example/ns/shop/sa/orders", "spiffe://acme.example/ns/a/b/sa/orders spiffe://evil/ns/shop/sa/orders"},
	} {
		p, err := federation.ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
		}
		for _, subject := range strings.Fields(c.matches) {
			if !p.Match(subject) {
				t.Errorf("%q does not match %q", c.pattern, subject)
			}
		}
		for _, subject := range append(strings.Fields(c.others), "", strings.Repeat("a", 600)) {
			if p.Match(subject) {
				t.Errorf("%q matches %q", c.pattern, subject)
			}
		}
	}
}

func TestBadTrustsAndKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, storetest.SQLite(t))
	good := federation.NewTrust{Issuer: "https://ci.example", Subject: "a:b:c"}
	trust := func(change func(*federation.NewTrust)) federation.NewTrust {
		in := good
		change(&in)
		return in
	}
	many := make([]federation.Claim, 11)
	for i := range many {
		many[i] = federation.Claim{Name: fmt.Sprint("c", i), Value: "v"}
	}
	for _, c := range []struct {
		in   federation.NewTrust
		want string
	}{
		{federation.NewTrust{}, "issuer subject"},
		{trust(func(n *federation.NewTrust) { n.Subject = "*" }), "subject"},
		{trust(func(n *federation.NewTrust) { n.Audience = new("") }), "audience"},
		{trust(func(n *federation.NewTrust) { n.Audience = new("a b") }), "audience"},
		{trust(func(n *federation.NewTrust) { n.KeysURL = new("http://ci.example/jwks") }), "jwks_url"},
		{trust(func(n *federation.NewTrust) { n.KeysURL = new("") }), "jwks_url"},
		{trust(func(n *federation.NewTrust) { n.Claims = many }), "claims"},
		{trust(func(n *federation.NewTrust) { n.Claims = []federation.Claim{{"sub", "x"}, {"", "x"}, {"ref", ""}} }), "claims.0.name claims.1.name claims.2.value"},
		{trust(func(n *federation.NewTrust) { n.Claims = []federation.Claim{{"ref", "x"}, {"ref", "y"}} }), "claims.1.name"},
		{trust(func(n *federation.NewTrust) { n.Issuer = ourIssuer }), "issuer"},
	} {
		_, err := f.CreateTrust(t.Context(), users.AsOperator(), f.account, c.in)
		if got := strings.Join(faultsOf(t, err), " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.in, got, c.want)
		}
	}
	for _, issuer := range []string{
		"ci.example", "http://ci.example", "http://localhost:8080", "ftp://ci.example", "https://", "https:ci.example", "https://user@ci.example", "https://user:pass@ci.example",
		"https://ci.example?x", "https://ci.example?", "https://ci.example#x", "https://ci.example#", "https://ci example", "https://ci.example/\x00", "HTTPS//x", "https://:443", strings.Repeat("https://ci.example/", 30),
	} {
		_, err := f.CreateTrust(t.Context(), users.AsOperator(), f.account, trust(func(n *federation.NewTrust) { n.Issuer = issuer }))
		if got := faultsOf(t, err); !slices.Equal(got, []string{"issuer"}) {
			t.Errorf("%q: %v", issuer, got)
		}
	}
	s := newSigner(t, jose.ES256, "k")
	for _, c := range []struct {
		in   federation.NewKey
		want string
	}{
		{federation.NewKey{}, "jwk"},
		{federation.NewKey{JWK: new(s.jwk(t)), URL: new("https://a.example/jwks")}, "jwks_url"},
		{federation.NewKey{URL: new("http://a.example/jwks")}, "jwks_url"},
		{federation.NewKey{URL: new("https://a.example/jwks#x")}, "jwks_url"},
		{federation.NewKey{JWK: new("{}")}, "jwk"},
	} {
		_, err := f.CreateKey(t.Context(), users.AsOperator(), f.account, c.in)
		if got := strings.Join(faultsOf(t, err), " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.in, got, c.want)
		}
	}
}

// TestLimitsOfTrustsAndKeys: a service account has each once, and a bounded number.
func TestLimitsOfTrustsAndKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, storetest.SQLite(t))
	key := func(n int) error {
		_, err := f.CreateKey(t.Context(), users.AsOperator(), f.account, federation.NewKey{URL: new(fmt.Sprint("https://a.example/", n))})
		return err
	}
	trust := func(n int) error {
		_, err := f.CreateTrust(t.Context(), users.AsOperator(), f.account, federation.NewTrust{Issuer: "https://ci.example", Subject: fmt.Sprint("a:b:", n)})
		return err
	}
	for kind, make := range map[string]struct {
		one  func(int) error
		most int
	}{"keys": {key, 10}, "trusts": {trust, 20}} {
		for n := range make.most {
			must(t, make.one(n))
			if err := make.one(n); !errors.Is(err, users.ErrConflict) {
				t.Errorf("%s: again: %v", kind, err)
			}
		}
		if err := make.one(make.most); !errors.Is(err, users.ErrConflict) {
			t.Errorf("%s: one too many: %v", kind, err)
		}
	}
}

// TestMissing: what is of another account, or of none, is not found.
func TestMissing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, storetest.SQLite(t))
	other := f.newAccount("billing", f.adminRole())
	trust := f.addTrust(federation.NewTrust{Issuer: "https://ci.example", Subject: "a:b:c"})
	key := f.addKey(f.account, newSigner(t, jose.EdDSA, "x").jwk(t))
	for name, err := range map[string]error{
		"an unknown account": f.DeleteKey(t.Context(), users.AsOperator(), users.NewID().String(), key.ID.String()),
		"no id":              f.DeleteKey(t.Context(), users.AsOperator(), "x", key.ID.String()),
		"of another account": f.DeleteKey(t.Context(), users.AsOperator(), other, key.ID.String()),
		"a trust of another": f.DeleteTrust(t.Context(), users.AsOperator(), other, trust.ID.String()),
		"an unknown trust":   f.DeleteTrust(t.Context(), users.AsOperator(), f.account, users.NewID().String()),
	} {
		if !errors.Is(err, users.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
