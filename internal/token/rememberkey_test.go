package token

import (
	"crypto/sha256"
	"testing"

	"github.com/svc-users/svc-users"
)

// TestBearerTellsTokensByTheWholeDigest: what is remembered is found under SHA-256 of the whole token, and not if one of
// its 32 bytes is another. With a shorter key a forged token could be taken for one that was verified.
func TestBearerTellsTokensByTheWholeDigest(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	// These are no tokens, so only what is remembered can let them in.
	forged := "made.up." + string(make([]byte, maxLength-8))
	for _, token := range []string{"", "a", "made.up.token", forged} {
		key := sha256.Sum256([]byte(token))
		known := verified{bearer: users.Bearer{Account: users.NewID(), Version: 7}, validity: validityOf(testClaims())}
		for i := range key {
			other := key
			other[i] ^= 1
			set.memory.Set(other, known)
			if b, err := set.Bearer(token, testNow); err == nil {
				t.Fatalf("a digest that differs in byte %d is that of %v", i, b.Account)
			}
		}
		set.memory.Set(key, known)
		if b, err := set.Bearer(token, testNow); err != nil || b != known.bearer {
			t.Errorf("what is remembered under the digest is not found: %v %v", b, err)
		}
	}
}
