package token

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	users "github.com/svc-users/svc-users"
)

// TestNarrowing issues tokens for a declared audience: they carry it alone, and are read as what they are by a set of any
// audience. Without the prefix, or with one that can't be read, such a token is refused.
func TestNarrowing(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	c := testClaims()
	c.Narrowing = users.Narrowing{Audience: "orders", Prefix: "orders:"}
	token := issue(t, set, c)
	_, body := decoded(t, token)
	if !strings.Contains(body, `"aud":"orders",`) || !strings.Contains(body, `"permission_prefix":"orders:"`) {
		t.Errorf("payload %s", body)
	}
	got, err := set.Verify(token, testNow)
	if err != nil {
		t.Fatal(err)
	}
	checkClaims(t, got, c)
	bearer, err := set.Bearer(token, testNow)
	again, errAgain := set.Bearer(token, testNow) // from what is remembered
	if err != nil || errAgain != nil || bearer.Narrowing != c.Narrowing || again != bearer {
		t.Errorf("%+v, %+v: %v, %v", bearer, again, err, errAgain)
	}

	const claim = `,"permission_prefix":"orders:"`
	for name, change := range map[string]struct {
		old, new string
		want     error
	}{
		"no prefix":              {claim, ``, errAudience},
		"null":                   {claim, `,"permission_prefix":null`, errPayload},
		"empty":                  {claim, `,"permission_prefix":""`, errPayload},
		"a number":               {claim, `,"permission_prefix":7`, errPayload},
		"a list":                 {claim, `,"permission_prefix":["orders:"]`, errPayload},
		"no separator":           {claim, `,"permission_prefix":"orders"`, errPayload},
		"twice":                  {claim, claim + claim, errPayload},
		"two audiences":          {`"aud":"orders"`, `"aud":["orders","` + testAudience + `"]`, errAudience},
		"no audience":            {`"aud":"orders"`, `"aud":[]`, errAudience},
		"no name of an audience": {`"aud":"orders"`, `"aud":"or ders"`, errAudience},
	} {
		forged := signed(head(t, token), strings.Replace(body, change.old, change.new, 1))
		if _, err := set.Verify(forged, testNow); !errors.Is(err, change.want) {
			t.Errorf("%s: %v, want %v", name, err, change.want)
		}
	}
	// A token that names one of our audiences and a prefix is narrowed all the same.
	ours := signed(head(t, token), strings.Replace(body, `"aud":"orders"`, `"aud":"`+testAudience+`"`, 1))
	if got, err := set.Verify(ours, testNow); err != nil || got.Narrowing.Prefix != "orders:" {
		t.Errorf("%+v: %v", got.Narrowing, err)
	}
	for _, half := range []users.Narrowing{{Audience: "orders"}, {Prefix: "orders:"}} {
		c.Narrowing = half
		if token, _, err := set.Issue(c); err == nil {
			t.Errorf("%+v is issued: %s", half, token)
		}
	}
}

// head is the header of a token, decoded.
func head(t *testing.T, token string) string {
	t.Helper()
	text, _ := decoded(t, token)
	return text
}

// TestNoTokenIsTooLong: whatever the names are, no token is longer than the bound, and each is valid.
func TestNoTokenIsTooLong(t *testing.T) {
	t.Parallel()
	text := func(most int) *rapid.Generator[string] {
		return rapid.OneOf(rapid.StringN(1, most, -1), rapid.Map(rapid.IntRange(1, most), func(n int) string { return strings.Repeat("\U0001f642", n) }),
			rapid.Map(rapid.IntRange(1, most), func(n int) string { return strings.Repeat("<", n) }))
	}
	sets := map[int]*KeySet{}
	for _, bound := range []int{2048, 4096, 8192} {
		set, err := NewKeySet(ourCurveKey(), nil, Options{Issuer: testIssuer, Audiences: []string{testAudience, "b"}, MaxBytes: bound})
		if err != nil {
			t.Fatal(err)
		}
		sets[bound] = set
	}
	rapid.Check(t, func(rt *rapid.T) {
		bound := rapid.SampledFrom([]int{2048, 4096, 8192}).Draw(rt, "bound")
		c := testClaims()
		c.Email = rapid.StringMatching(`[a-z]{1,120}@[a-z]{1,120}\.example`).Draw(rt, "email")
		c.RoleID, c.Session = users.NewID(), users.NewID()
		c.Roles = rapid.SliceOfN(text(100), 1, 16).Draw(rt, "roles")
		for i, name := range c.Roles { // what a name of a role has not, JSON would escape
			c.Roles[i] = strings.Map(func(r rune) rune {
				if unicode.IsControl(r) || r == '"' || r == '\\' {
					return 'x'
				}
				return r
			}, strings.ToValidUTF8(name, "?"))
		}
		names := rapid.StringMatching(`[!#-\[\]-~]{1,100}`)
		c.Permissions = rapid.SliceOfN(names, 0, 200).Draw(rt, "permissions")
		if rapid.Bool().Draw(rt, "narrowed") {
			c.Narrowing = users.Narrowing{
				Audience: users.AudienceName(rapid.StringMatching(`[a-z]{1,96}`).Draw(rt, "audience")),
				Prefix:   users.PermissionPrefix(rapid.StringMatching(`[a-z]{1,31}:`).Draw(rt, "prefix")),
			}
		}
		set := sets[bound]
		token, whole, err := set.Issue(c)
		if err != nil || len(token) > bound {
			rt.Fatalf("%d bytes of %d: %v", len(token), bound, err)
		}
		if fits := set.Fits(c); fits != whole {
			rt.Fatalf("fits: %v, and is whole: %v", fits, whole)
		}
		got, err := set.Verify(token, testNow)
		kept := 0
		if whole {
			kept = len(c.Permissions)
		}
		if err != nil || len(got.Permissions) != kept || got.Narrowing != c.Narrowing {
			rt.Fatalf("%+v: %v", got, err)
		}
	})
}
