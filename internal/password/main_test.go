package password

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	users "github.com/svc-users/svc-users"
)

// Every test closes its Hasher, so a worker that outlives Close fails the whole run.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// unhurried is the MaxWait of tests that are not about waiting. How long a hash takes to begin is for the machine to
// say: beside other work the tests' own low priority makes it seconds.
const unhurried = time.Hour

// open is a Hasher that ends with the test.
func open(t testing.TB, o Options) *Hasher {
	if o.MaxWait == 0 {
		o.MaxWait = unhurried
	}
	h := New(o)
	t.Cleanup(h.Close)
	return h
}

// noRest is for a bcryptFunc that never pauses.
func noRest() {}

// counter stands in front of a bcryptFunc and counts its calls and rounds.
type counter struct{ calls, rounds atomic.Int64 }

func (c *counter) count(f bcryptFunc) bcryptFunc {
	return func(key []byte, salt [saltSize]byte, rounds int) [digestSize]byte {
		c.calls.Add(1)
		c.rounds.Add(int64(rounds))
		return f(key, salt, rounds)
	}
}

func (c *counter) reset() { c.calls.Store(0); c.rounds.Store(0) }

// quickDigest is a bcryptFunc that costs nothing and whose results cannot be guessed.
func quickDigest() bcryptFunc {
	secret := make([]byte, 32)
	rand.Read(secret)
	return func(key []byte, salt [saltSize]byte, rounds int) [digestSize]byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(binary.BigEndian.AppendUint64(salt[:], uint64(rounds)))
		mac.Write(key)
		return [digestSize]byte(mac.Sum(nil)[:digestSize])
	}
}

func mustHash(t testing.TB, h *Hasher, password string) users.PasswordHash {
	t.Helper()
	hash, err := h.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(password))
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	return hash
}

func mustCheck(t testing.TB, h *Hasher, hash users.PasswordHash, password string) users.PasswordCheck {
	t.Helper()
	check, err := h.Check(t.Context(), users.PurposeLogin, nil, hash, users.PresentedPassword(password))
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	return check
}
