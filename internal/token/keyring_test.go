package token

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/keyring"
)

func testKeys(t *testing.T, algorithm Algorithm) Keys {
	t.Helper()
	options := Options{Issuer: testIssuer, Audiences: []string{testAudience}}
	none, err := NewKeySet(nil, nil, options)
	if err != nil {
		t.Fatal(err)
	}
	return Keys{Holder: NewHolder(none), Algorithm: algorithm, Options: options}
}

// TestKeys follows what a keyring does with keys of both algorithms.
func TestKeys(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []Algorithm{RS256, ES256} {
		keys := testKeys(t, algorithm)
		if _, _, err := keys.Holder.Issue(testClaims()); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("a token without a key: %v", err)
		}
		one, err := keys.Generate()
		if err != nil {
			t.Fatal(err)
		}
		two, err := keys.Generate()
		if err != nil {
			t.Fatal(err)
		}
		if print, err := keys.Thumbprint(one); err != nil || print != one.ID || one.Algorithm != string(algorithm) || one.Private == nil {
			t.Errorf("a pair %s for %s, %v", one.ID, one.Algorithm, err)
		}
		if err := errors.Join(keys.CheckSigner(one), keys.CheckSigner(two)); err != nil {
			t.Error(err)
		}
		public := two
		public.Private = nil
		if err := keys.Use(&one, []keyring.Pair{public}); err != nil {
			t.Fatal(err)
		}
		token, _, err := keys.Holder.Issue(testClaims())
		if err != nil {
			t.Fatal(err)
		}
		if c, err := keys.Holder.Verify(token, testNow); err != nil || c.Key != one.ID {
			t.Errorf("a token of %s, %v", c.Key, err)
		}
		if err := keys.Use(&two, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Holder.Verify(token, testNow); !errors.Is(err, users.ErrUnknownKey) {
			t.Errorf("a token of a key that was taken away: %v", err)
		}

		before := keys.Holder.Public()
		for name, wrong := range map[string]keyring.Pair{
			"no private part":       public,
			"another private part":  {ID: one.ID, Algorithm: one.Algorithm, Public: one.Public, Private: two.Private},
			"a damaged one":         {ID: one.ID, Algorithm: one.Algorithm, Public: one.Public, Private: one.Private[:100]},
			"a damaged public part": {ID: one.ID, Algorithm: one.Algorithm, Public: bytes.Repeat([]byte{1}, 100), Private: one.Private},
			"another algorithm":     {ID: one.ID, Algorithm: "HS256", Public: one.Public, Private: one.Private},
			"no id that can be":     {ID: "a b", Algorithm: one.Algorithm, Public: one.Public, Private: one.Private},
		} {
			if keys.Use(&wrong, nil) == nil || keys.CheckSigner(wrong) == nil {
				t.Errorf("%s: taken", name)
			}
		}
		if after := keys.Holder.Public(); len(after) != 1 || after[0].ID != before[0].ID {
			t.Error("what was refused has changed something")
		}
	}
}

// TestGeneratedIDs: a key id can be given to a command. One thumbprint in 64 begins with a minus.
func TestGeneratedIDs(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, ES256)
	for range 500 {
		if pair, err := keys.Generate(); err != nil || strings.HasPrefix(pair.ID, "-") {
			t.Fatalf("the id %q, %v", pair.ID, err)
		}
	}
}

// TestCheckSigner: a key that leaves no room for the shortest token is found before it signs.
func TestCheckSigner(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, RS256)
	keys.Options.MaxBytes = 1300
	pair, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	var short *TooFewBytes
	if err := keys.CheckSigner(pair); !errors.As(err, &short) || short.Least <= 1300 {
		t.Errorf("%v", err)
	}
}
