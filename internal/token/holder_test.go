package token

import (
	"errors"
	"sync"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// TestPublicOnly: a key without its private half verifies and is published, but signs nothing.
func TestPublicOnly(t *testing.T) {
	t.Parallel()
	options := Options{Issuer: testIssuer, Audiences: []string{testAudience}}
	public := ourKey().PublicOnly()
	if !ourKey().CanSign() || public.CanSign() || public.ID() != ourKey().ID() || string(public.PublicPEM()) != string(ourKey().PublicPEM()) {
		t.Error("the public half is not that of the key")
	}
	old, err := NewKeySet(ourKey(), nil, options)
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewKeySet(ourNextKey(), []*Key{public}, options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Verify(issue(t, old, testClaims()), testNow); err != nil {
		t.Errorf("a token of the public key: %v", err)
	}
	if got := set.Public(); len(got) != 2 || got[1].ID != testKID {
		t.Errorf("published are %d keys", len(got))
	}
	// A pair among the others is kept as its public half.
	if set, err = NewKeySet(ourNextKey(), []*Key{ourKey()}, options); err != nil {
		t.Fatal(err)
	}
	if set.keys[1].CanSign() || set.byID[testKID].CanSign() {
		t.Error("a private key that signs nothing is kept")
	}
}

// TestHolder: tokens of a key count for as long as the key is in the set that is held.
func TestHolder(t *testing.T) {
	t.Parallel()
	options := Options{Issuer: testIssuer, Audiences: []string{testAudience}}
	newSet := func(signing *Key, others ...*Key) *KeySet {
		t.Helper()
		s, err := NewKeySet(signing, others, options)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	h := NewHolder(newSet(ourKey()))
	var tokens users.Tokens = h
	older, whole, err := tokens.Issue(testClaims())
	if err != nil || !whole {
		t.Fatal(err)
	}
	check := func(what, token string, want error) {
		t.Helper()
		if _, err := tokens.Verify(token, testNow); !errors.Is(err, want) {
			t.Errorf("%s: Verify: %v, want %v", what, err, want)
		}
		if _, err := tokens.Bearer(token, testNow); !errors.Is(err, want) {
			t.Errorf("%s: Bearer: %v, want %v", what, err, want)
		}
	}
	check("at first", older, nil)
	h.Replace(newSet(ourNextKey(), ourKey()))
	check("while the key is there to verify", older, nil)
	newer, _, err := tokens.Issue(testClaims())
	if err != nil {
		t.Fatal(err)
	}
	if public := h.Public(); len(public) != 2 || public[0].ID != otherKID {
		t.Errorf("published are %d keys", len(public))
	}
	if _, err := h.SignChanges(feed.Statement{Keys: []string{otherKID}}); err != nil {
		t.Error(err)
	}
	if issuer, audiences := tokens.IssuerAudience(); issuer != testIssuer || len(audiences) != 1 {
		t.Errorf("the issuer is %q, for %q", issuer, audiences)
	}
	h.Replace(newSet(ourNextKey()))
	check("when the key is gone, though the token was verified before", older, errKey)
	check("the newer", newer, nil)

	// The set may be replaced while it is used.
	one, two := newSet(ourKey(), ourNextKey()), newSet(ourNextKey(), ourKey())
	var done sync.WaitGroup
	done.Go(func() {
		for i := range 100 {
			h.Replace([]*KeySet{one, two}[i%2])
		}
	})
	h.Replace(one)
	for range 2 {
		done.Go(func() {
			for range 20 {
				issued, _, err := h.Issue(testClaims())
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := h.Verify(issued, testNow); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
}
