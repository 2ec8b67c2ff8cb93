package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	// minKey is the least length of an encryption key in bytes: that of the AES-256 keys which are derived from it.
	minKey = 32
	// maxKey bounds what is read, in bytes; more adds nothing.
	maxKey = 1024
	// minDistinct is how many different bytes an encryption key has at least. 32 random bytes have 30 of them on average,
	// and less than this once in 10^14 keys.
	minDistinct = 16
	// idSize is the length of the id of a key in bytes: enough to tell apart the few keys that an installation ever has.
	idSize = 8
)

// Key is an encryption key, from which the keys that encrypt are derived. It is immutable. Printing or logging it shows
// nothing of it.
type Key struct {
	secret []byte
	id     string // idSize bytes, encoded; names the key in what was sealed with it
}

// Why a text is no encryption key. Each goes on from the name of the setting to a sentence.
var (
	errNotBase64 = errors.New("must be base64 of at least 32 random bytes; openssl rand -base64 32 makes one")
	errShort     = fmt.Errorf("must have at least %d random bytes in base64; openssl rand -base64 32 makes one", minKey)
	errLong      = fmt.Errorf("must have at most %d bytes in base64", maxKey)
	errNotRandom = errors.New("must be base64 of random bytes, and these repeat or are readable text; openssl rand -base64 32 makes one")
)

var (
	keyAlphabets = []*base64.Encoding{base64.RawStdEncoding.Strict(), base64.RawURLEncoding.Strict()}
	sealedDigits = base64.RawURLEncoding.Strict()
	whitespace   = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "")
)

// What HKDF derives from an encryption key is told apart by these: its id, and a key for each purpose.
const (
	idInfo      = "svc-users encryption key id"
	purposeInfo = "svc-users encryption for "

	authenticationInfo = "svc-users authentication for "
)

// ParseKey reads an encryption key: base64, of the standard or the URL alphabet, with or without padding, of at least 32
// random bytes, such as "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=". What was certainly not drawn at random, such as the
// base64 of a sentence, is refused. The error goes on from the name of a setting: "must be …".
func ParseKey(text string) (*Key, error) {
	text = strings.TrimRight(whitespace.Replace(text), "=")
	if len(text) > sealedDigits.EncodedLen(maxKey) {
		return nil, errLong
	}
	for _, alphabet := range keyAlphabets {
		secret, err := alphabet.DecodeString(text)
		if err != nil {
			continue
		}
		switch {
		case len(secret) < minKey:
			return nil, errShort
		case !looksRandom(secret):
			return nil, errNotRandom
		}
		return newKey(secret)
	}
	return nil, errNotBase64
}

// GenerateKey returns a new encryption key of 32 random bytes as ParseKey reads it.
func GenerateKey() string {
	secret := make([]byte, minKey)
	_, _ = rand.Read(secret) // which never fails; it ends the process if the system has no randomness
	return base64.StdEncoding.EncodeToString(secret)
}

func newKey(secret []byte) (*Key, error) {
	id, err := hkdf.Key(sha256.New, secret, nil, idInfo, idSize)
	if err != nil {
		return nil, fmt.Errorf("derive the id of an encryption key: %w", err)
	}
	return &Key{secret: secret, id: sealedDigits.EncodeToString(id)}, nil
}

// looksRandom is false for what was certainly not drawn at random.
func looksRandom(secret []byte) bool {
	seen, readable := map[byte]bool{}, true
	for _, b := range secret {
		seen[b] = true
		readable = readable && (b >= ' ' && b <= '~' || b == '\n' || b == '\r' || b == '\t')
	}
	return len(seen) >= minDistinct && !readable
}

// cipherFor returns the cipher for a purpose. It draws a nonce for each text, and puts it before the cipher text.
func (k *Key) cipherFor(purpose string) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, k.secret, nil, purposeInfo+purpose, minKey)
	if err != nil {
		return nil, fmt.Errorf("derive an encryption key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("derive an encryption key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Format prints a placeholder for every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[encryption key]") }

// LogValue is a placeholder.
func (Key) LogValue() slog.Value { return slog.StringValue("[encryption key]") }
