package token

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/svc-users/svc-users"
)

const (
	// minBits is what NIST SP 800-131A asks of RSA, and RFC 7518 §3.3 of RS256.
	minBits = 2048
	// maxBits keeps a signature, which every request carries, and the time to make one within reason.
	maxBits = 8192
	// minExponent is the least public exponent that FIPS 186-5 §5.5 allows: with smaller ones a mistake in a padding
	// check makes forgery possible.
	minExponent = 1<<16 + 1
)

// rsaPublic is an RSA key, which verifies RS256.
type rsaPublic rsa.PublicKey

func (*rsaPublic) algorithm() Algorithm { return RS256 }

func (k *rsaPublic) rsa() *rsa.PublicKey { return (*rsa.PublicKey)(k) }

func (k *rsaPublic) standard() crypto.PublicKey { return k.rsa() }

func (k *rsaPublic) copied() publicHalf { return &rsaPublic{N: new(big.Int).Set(k.N), E: k.E} }

func (k *rsaPublic) verify(digest, signature []byte) bool {
	return rsa.VerifyPKCS1v15(k.rsa(), crypto.SHA256, digest, signature) == nil
}

func (k *rsaPublic) signatureSize() int { return k.rsa().Size() }

// encodeSignature changes nothing: a JWS holds the octets of RFC 8017 §8.2.1.
func (k *rsaPublic) encodeSignature(made []byte) ([]byte, error) {
	if len(made) != k.signatureSize() {
		return nil, errors.New("the signer returned a signature of another length than the modulus")
	}
	return made, nil
}

func (k *rsaPublic) thumbprintInput() string {
	n, e := partEncoding.EncodeToString(k.N.Bytes()), partEncoding.EncodeToString(k.exponent())
	return `{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`
}

func (k *rsaPublic) parameters() users.PublicKey {
	return users.PublicKey{KeyType: "RSA", Modulus: k.N.Bytes(), Exponent: k.exponent()}
}

// exponent is e as RFC 7518 §6.3.1.2 writes it, big endian in as few bytes as it takes.
func (k *rsaPublic) exponent() []byte { return big.NewInt(int64(k.E)).Bytes() }

// rsaProblem says what keeps an RSA key from being strong enough, or nothing.
func rsaProblem(public *rsa.PublicKey) string {
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
