package token

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

func bearerOf(c users.Claims) users.Bearer {
	return users.Bearer{Account: c.Subject, Version: c.Version, Key: c.Key, Expires: c.Expires}
}

// TestBearerAgreesWithVerify asks for a token at many times, when it is new to the set and when it is known.
func TestBearerAgreesWithVerify(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	c := testClaims()
	token := issue(t, set, c)
	for _, at := range []time.Time{
		c.NotBefore.Add(-leeway - time.Second), c.NotBefore.Add(-leeway), c.NotBefore, c.Expires,
		c.Expires.Add(leeway - time.Nanosecond), c.Expires.Add(leeway), c.Expires.Add(time.Hour),
	} {
		_, want := set.Verify(token, at)
		for what, s := range map[string]*KeySet{"new": testSet(t), "known": set} {
			got, err := s.Bearer(token, at)
			if !errors.Is(err, want) {
				t.Errorf("%s, at %v: error %v, want %v", what, at, err, want)
			}
			if wanted := bearerOf(c); err == nil && got != wanted || err != nil && got != (users.Bearer{}) {
				t.Errorf("%s, at %v: %+v", what, at, got)
			}
		}
		// From here on the set knows the token, whatever the time.
		if _, err := set.Bearer(token, c.NotBefore); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBearerNeverTakesOneTokenForAnother changes every byte of a token that is known.
func TestBearerNeverTakesOneTokenForAnother(t *testing.T) {
	t.Parallel()
	for _, set := range []*KeySet{testSet(t), curveSet(t)} {
		checkOthersOf(t, set, issue(t, set, testClaims()))
	}
	// The second spelling of an ES256 signature, with n-s for s, is another token, which is good as well.
	set := curveSet(t)
	high, low := highES(true), highES(false)
	for _, token := range []string{high, low} {
		if _, known := set.memory.GetIfPresent(fingerprint(token)); known {
			t.Error("a token is known before it was verified")
		}
		if _, err := set.Bearer(token, testNow); err != nil {
			t.Error(err)
		}
	}
}

func checkOthersOf(t *testing.T, set *KeySet, token string) {
	t.Helper()
	if _, err := set.Bearer(token, testNow); err != nil {
		t.Fatal(err)
	}
	for i := range len(token) {
		for _, other := range []string{token[:i] + string(token[i]^1) + token[i+1:], token[:i], token[i:] + token[:i], token + token[:i]} {
			if other == token {
				continue
			}
			if _, err := set.Bearer(other, testNow); err == nil {
				t.Fatalf("a token changed at byte %d was accepted", i)
			}
		}
	}
	for _, other := range []string{" " + token, token + " ", token + "\n", token + "=", strings.ToUpper(token)} {
		if _, err := set.Bearer(other, testNow); err == nil {
			t.Errorf("%q was accepted", other[:10])
		}
	}
}

// TestBearerGoesWithItsKey: what one set has verified is nothing to another, with another key of the same id or
// for another audience.
func TestBearerGoesWithItsKey(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	token := issue(t, set, testClaims())
	if _, err := set.Bearer(token, testNow); err != nil {
		t.Fatal(err)
	}
	elsewhere := set.options
	elsewhere.Audiences = []string{"https://elsewhere.example"}
	other, err := NewKeySet(set.keys[0], nil, elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Bearer(token, testNow); !errors.Is(err, errAudience) {
		t.Errorf("another audience: %v", err)
	}
}

// TestBearerMemoryIsBounded: many tokens leave no more behind than the bound, and each is still right.
func TestBearerMemoryIsBounded(t *testing.T) {
	t.Parallel()
	memory := newMemory()
	for i := range maxRemembered + 1000 {
		memory.Set(digest{byte(i), byte(i >> 8), byte(i >> 16)}, verified{})
	}
	memory.CleanUp()
	if n := memory.EstimatedSize(); n > maxRemembered {
		t.Errorf("%d are remembered, at most %d may be", n, maxRemembered)
	}
}
