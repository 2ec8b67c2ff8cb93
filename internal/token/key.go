package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// maxKIDLength bounds the key id, which every token carries.
const maxKIDLength = 128

// Key is a key with its key id (kid) and its one algorithm: a pair that signs and verifies, or the public half alone,
// which only verifies. It is immutable. Printing or logging it shows the id alone.
type Key struct {
	id     string
	public publicHalf
	signer crypto.Signer // nil if the key only verifies
}

// defaultBits is the length of RSA keys where no other is asked for: the least that is allowed, whose signatures are the
// shortest and the fastest.
const defaultBits = 2048

// GenerateKey makes a key of the algorithm, an RSA key with 2048 bits, with its RFC 7638 thumbprint as key id. An RSA key
// takes a tenth of a second or so, a P-256 key a fraction of a millisecond.
func GenerateKey(algorithm Algorithm) (*Key, error) {
	switch algorithm {
	case RS256:
		return GenerateRSAKey(defaultBits)
	case ES256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generate a P-256 key: %w", err)
		}
		return newKey(private, "")
	}
	return nil, fmt.Errorf("no algorithm %q: there are %s and %s", algorithm, RS256, ES256)
}

// GenerateRSAKey makes a key for RS256 of that many bits, 2048 to 8192, with its RFC 7638 thumbprint as key id. 8192 bits
// take many seconds.
func GenerateRSAKey(bits int) (*Key, error) {
	if bits < minBits || bits > maxBits {
		return nil, fmt.Errorf("an RSA key must have %d to %d bits", minBits, maxBits)
	}
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("generate an RSA key: %w", err)
	}
	return newKey(private, "")
}

// NewKey returns a key whose private half stays behind signer, such as that of a key management service. The signer must
// have a public key of type *rsa.PublicKey, and sign by RSASSA-PKCS1-v1_5, or one of type *ecdsa.PublicKey on P-256, and
// sign in DER, both for options of crypto.SHA256; it is asked for one signature to see that it does. It may be used by any
// number of goroutines at once. An empty id stands for the RFC 7638 thumbprint.
func NewKey(signer crypto.Signer, id string) (*Key, error) {
	key, err := newKey(signer, id)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte("svc-users: test of a signer"))
	signature, err := key.sign(digest[:])
	if err != nil {
		return nil, fmt.Errorf("the signer of the key %q: %w", key.id, err)
	}
	if !key.public.verify(digest[:], signature) {
		return nil, fmt.Errorf("the signer of the key %q does not sign %s with its public key", key.id, key.Algorithm())
	}
	return key, nil
}

// newKey takes a signer that is known to belong to its public key.
func newKey(signer crypto.Signer, id string) (*Key, error) {
	if problem := kidProblem(id); problem != "" {
		return nil, errors.New("the key id " + problem)
	}
	half, problem := newPublicHalf(signer.Public())
	if problem != "" {
		return nil, errors.New("the key " + problem)
	}
	return keyOf(half, signer, id), nil
}

// keyOf takes halves and an id that have been checked; an empty id becomes the thumbprint.
func keyOf(public publicHalf, signer crypto.Signer, id string) *Key {
	if id == "" {
		id = thumbprint(public)
	}
	return &Key{id, public, signer}
}

// PublicOnly returns the key without its private half.
func (k Key) PublicOnly() *Key {
	// A copy, since the public half is a part of the private key and would keep all of it in memory.
	return &Key{id: k.id, public: k.public.copied()}
}

// Algorithm is the one algorithm of the key.
func (k Key) Algorithm() Algorithm { return k.public.algorithm() }

// sign returns the signature, as it stands in a JWS, of a message with this SHA-256 digest.
func (k *Key) sign(digest []byte) ([]byte, error) {
	made, err := k.signer.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return k.public.encodeSignature(made)
}

// CanSign reports whether the key has its private half, in memory or behind a signer.
func (k Key) CanSign() bool { return k.signer != nil }

// ID is the key id: the header member kid of the tokens this key signs.
func (k Key) ID() string { return k.id }

// Format prints the key id for every verb: without it %+v would print the private key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[key "+k.id+"]") }

// LogValue is the key id.
func (k Key) LogValue() slog.Value { return slog.StringValue("[key " + k.id + "]") }

// thumbprint is the SHA-256 of the key's required members in lexical order, without spaces (RFC 7638 §3), in base64url.
func thumbprint(public publicHalf) string {
	sum := sha256.Sum256([]byte(public.thumbprintInput()))
	return partEncoding.EncodeToString(sum[:])
}

// CheckID returns a fault of JWT_KID for an id that no key can have. An empty id is none: the thumbprint stands
// in for it.
func CheckID(id string) *KeyError {
	if problem := kidProblem(id); problem != "" {
		return &KeyError{kidVariable, problem}
	}
	return nil
}

// kidProblem says what is wrong with a key id, or nothing.
func kidProblem(id string) string {
	if len(id) > maxKIDLength {
		return fmt.Sprintf("must have at most %d characters", maxKIDLength)
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '`' {
			return "must be printable ASCII without spaces and quotes"
		}
	}
	return ""
}
