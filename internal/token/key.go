package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
)

const (
	// minBits is what NIST SP 800-131A asks of RSA, and RFC 7518 §3.3 of RS256.
	minBits = 2048
	// maxBits keeps a signature, which every request carries, and the time to make one within reason.
	maxBits = 8192
	// minExponent is the least public exponent that FIPS 186-5 §5.5 allows: with smaller ones a mistake in a padding
	// check makes forgery possible.
	minExponent = 1<<16 + 1
	// maxKIDLength bounds the key id, which every token carries.
	maxKIDLength = 128
)

// Key is an RSA key with its key id (kid): a pair that signs and verifies, or the public half alone, which only verifies.
// It is immutable. Printing or logging it shows the id alone.
type Key struct {
	id      string
	public  *rsa.PublicKey
	private *rsa.PrivateKey // nil if the key only verifies
}

// GenerateKey makes a key of that many bits, 2048 to 8192, with its RFC 7638 thumbprint as key id. 2048 take
// a tenth of a second or so, 8192 many seconds.
func GenerateKey(bits int) (*Key, error) {
	if bits < minBits || bits > maxBits {
		return nil, fmt.Errorf("an RSA key must have %d to %d bits", minBits, maxBits)
	}
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("generate an RSA key: %w", err)
	}
	return newKey(private, ""), nil
}

// newKey takes a key and an id that have been checked; an empty id becomes the thumbprint.
func newKey(private *rsa.PrivateKey, id string) *Key {
	if id == "" {
		id = thumbprint(&private.PublicKey)
	}
	return &Key{id, &private.PublicKey, private}
}

// PublicOnly returns the key without its private half.
func (k Key) PublicOnly() *Key {
	// A copy, since the public half is a part of the private key and would keep all of it in memory.
	return &Key{id: k.id, public: &rsa.PublicKey{N: new(big.Int).Set(k.public.N), E: k.public.E}}
}

// CanSign reports whether the key has its private half.
func (k Key) CanSign() bool { return k.private != nil }

// ID is the key id: the header member kid of the tokens this key signs.
func (k Key) ID() string { return k.id }

// PrivatePEM is the private key as one PEM block in PKCS#8. The key must have one: see CanSign.
func (k Key) PrivatePEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	return encodePEM("PRIVATE KEY", der, err)
}

// PublicPEM is the public key as one PEM block, a SubjectPublicKeyInfo.
func (k Key) PublicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	return encodePEM("PUBLIC KEY", der, err)
}

// PrivateVariable is the value of JWT_PRIVATE_KEY for this key: its PEM in base64, on one line.
func (k Key) PrivateVariable() string { return base64.StdEncoding.EncodeToString(k.PrivatePEM()) }

// PublicVariable is the value of JWT_PUBLIC_KEY for this key: its PEM in base64, on one line.
func (k Key) PublicVariable() string { return base64.StdEncoding.EncodeToString(k.PublicPEM()) }

// Format prints the key id for every verb: without it %+v would print the private key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[key "+k.id+"]") }

// LogValue is the key id.
func (k Key) LogValue() slog.Value { return slog.StringValue("[key " + k.id + "]") }

// encodePEM panics where a key that was valid when it was made cannot be encoded, which only a damaged
// memory could bring about.
func encodePEM(kind string, der []byte, err error) []byte {
	if err != nil {
		panic("token: a valid RSA key did not encode")
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// exponent is e as RFC 7518 §6.3.1.2 writes it, big endian in as few bytes as it takes.
func exponent(public *rsa.PublicKey) []byte { return big.NewInt(int64(public.E)).Bytes() }

// thumbprint is the SHA-256 of the key's required members in lexical order, without spaces (RFC 7638 §3).
func thumbprint(public *rsa.PublicKey) string {
	n := partEncoding.EncodeToString(public.N.Bytes())
	e := partEncoding.EncodeToString(exponent(public))
	sum := sha256.Sum256([]byte(`{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`))
	return partEncoding.EncodeToString(sum[:])
}

// publicProblem says what keeps a public key from being strong enough, or nothing.
func publicProblem(public *rsa.PublicKey) string {
	bits := public.N.BitLen()
	switch {
	case bits < minBits:
		return fmt.Sprintf("must have at least %d bits, not %d", minBits, bits)
	case bits > maxBits:
		return fmt.Sprintf("must have at most %d bits, not %d", maxBits, bits)
	case public.E < minExponent:
		return fmt.Sprintf("must have a public exponent of at least %d", minExponent)
	}
	return ""
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
