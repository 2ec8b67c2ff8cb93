package token

import (
	"errors"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// TestMaxBytes grows the permissions over each bound: a token is whole up to exactly that many bytes, is never longer,
// and Issue says which it was. Tokens of a larger bound, from before it was lowered, still count.
func TestMaxBytes(t *testing.T) {
	t.Parallel()
	for _, key := range []*Key{ourKey(), ourCurveKey()} {
		checkMaxBytes(t, key)
	}
}

func checkMaxBytes(t *testing.T, key *Key) {
	t.Helper()
	wide := setOf(t, key)
	for _, bound := range []int{2048, 4096, 8000} {
		set, err := NewKeySet(key, nil, Options{Issuer: testIssuer, Audiences: []string{testAudience}, MaxBytes: bound})
		if err != nil {
			t.Fatal(err)
		}
		c := testClaims()
		for n := 1; ; n++ {
			c.Permissions = []string{strings.Repeat("p", n)}
			token, whole, err := set.Issue(c)
			if err != nil {
				t.Fatal(err)
			}
			longer := issue(t, wide, c)
			if whole != (len(longer) <= bound) || whole != (withoutSignature(token) == withoutSignature(longer)) || len(token) > bound {
				t.Fatalf("bound %d: %d bytes, whole: %v, where all takes %d", bound, len(token), whole, len(longer))
			}
			if !whole {
				if _, err := set.Verify(longer, testNow); err != nil {
					t.Errorf("bound %d: a longer token from before: %v", bound, err)
				}
				break
			}
			n += max(0, (bound-len(longer))/2-8) // faster while far away
		}
	}
}

// withoutSignature is what a signature signs, which alone is the same each time: ES256 signs with a random number.
func withoutSignature(token string) string { return token[:strings.LastIndexByte(token, '.')] }

// TestLeastBytes takes the least bound that a set accepts: the longest token without permissions fits, exactly.
func TestLeastBytes(t *testing.T) {
	t.Parallel()
	rsaLeast, curveLeast := checkLeastBytes(t, ourKey()), checkLeastBytes(t, ourCurveKey())
	// 256 bytes of signature or 64, in base64url; and a key id that is one longer.
	if rsaLeast-curveLeast != 342-86-1 {
		t.Errorf("%d bytes with RSA, %d with P-256", rsaLeast, curveLeast)
	}

	// With the longest settings and key the default bound does.
	name := strings.Repeat("n", 255)
	key := named(giantKey(t, 4423, 3217, 65537), strings.Repeat("k", maxKIDLength)) // 7640 bits
	if _, err := NewKeySet(key, nil, Options{Issuer: name, Audiences: []string{name}, MaxBytes: 4096 - 200}); err != nil {
		t.Errorf("with all settings as long as they may be: %v", err)
	}
}

func checkLeastBytes(t *testing.T, key *Key) int {
	t.Helper()
	options := Options{Issuer: testIssuer, Audiences: []string{testAudience, "b"}, MaxBytes: 1}
	_, err := NewKeySet(key, nil, options)
	short := new(TooFewBytes)
	if !errors.As(err, &short) {
		t.Fatal(err)
	}
	options.MaxBytes = short.Least
	set, err := NewKeySet(key, nil, options)
	if err != nil {
		t.Fatal(err)
	}
	c := testClaims()
	c.Email = strings.Repeat("e", 254)
	c.RoleID, c.Session = users.NewID(), users.NewID()
	c.Roles = []string{strings.Repeat("\U0001f642", 100), strings.Repeat("User", 25)}
	c.Permissions = []string{strings.Repeat("p", 100)}
	// A declared audience and its prefix may be longer than ours.
	c.Narrowing = users.Narrowing{Audience: users.AudienceName(strings.Repeat("a", 96)), Prefix: users.PermissionPrefix(strings.Repeat("p", 31) + ":")}
	token, whole, err := set.Issue(c)
	if err != nil || whole {
		t.Fatalf("whole: %v, %v", whole, err)
	}
	// The times and the version of testClaims have fewer digits than there may be.
	if len(token) > short.Least || len(token) < short.Least-40 {
		t.Errorf("%d bytes, at least %d are asked for", len(token), short.Least)
	}
	if _, err := set.Verify(token, testNow); err != nil {
		t.Error(err)
	}
	return short.Least
}
