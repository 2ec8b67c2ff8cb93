package authn

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
)

// The signature algorithms there are, by their JWS names (RFC 7518 §3.1).
const (
	rs256 = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3)
	es256 = "ES256" // ECDSA on P-256 with SHA-256 (RFC 7518 §3.4)
)

const (
	// minBits is what NIST SP 800-131A asks of RSA, and RFC 7518 §3.3 of RS256.
	minBits = 2048
	// maxBits bounds the time to verify a signature, even with a forged document.
	maxBits = 8192
	// minExponent is the least public exponent FIPS 186-5 §5.5 allows.
	minExponent = 1<<16 + 1
	// coordinateSize is the length in bytes of a coordinate of P-256, and of each of the two numbers of a signature.
	coordinateSize = 32
)

// publicKey is a key of the issuer with its one algorithm: a JWS is valid only under the algorithm of the key that its
// kid names (RFC 8725 §3.1).
type publicKey interface {
	algorithm() string
	// verify reports whether a signature, as it stands in a JWS, is that of the message with this SHA-256 digest.
	verify(digest, signature []byte) bool
}

type rsaKey rsa.PublicKey

func (*rsaKey) algorithm() string { return rs256 }

func (k *rsaKey) verify(digest, signature []byte) bool {
	return rsa.VerifyPKCS1v15((*rsa.PublicKey)(k), crypto.SHA256, digest, signature) == nil
}

type p256Key ecdsa.PublicKey

func (*p256Key) algorithm() string { return es256 }

// verify takes r and s, big endian in 32 bytes each, one after the other, and nothing else: not DER, no other length.
// Numbers outside 1 to n-1 are refused by ecdsa.Verify.
func (k *p256Key) verify(digest, signature []byte) bool {
	if len(signature) != 2*coordinateSize {
		return false
	}
	r := new(big.Int).SetBytes(signature[:coordinateSize])
	s := new(big.Int).SetBytes(signature[coordinateSize:])
	return ecdsa.Verify((*ecdsa.PublicKey)(k), digest, r, s)
}

// parseRSA reads n and e (RFC 7518 §6.3). It returns nil for a key that is too weak, or too long.
func parseRSA(jwk object) publicKey {
	n, okN := unsigned(jwk["n"])
	e, okE := unsigned(jwk["e"])
	if !okN || !okE || n.BitLen() < minBits || n.BitLen() > maxBits || n.Bit(0) == 0 {
		return nil
	}
	if e.BitLen() > 31 || e.Int64() < minExponent || e.Bit(0) == 0 {
		return nil
	}
	return &rsaKey{N: n, E: int(e.Int64())}
}

// parseP256 reads crv, x and y (RFC 7518 §6.2.1). It returns nil for another curve, for coordinates that are not 32 bytes
// long, and for a point that is not on the curve.
func parseP256(jwk object) publicKey {
	x, okX := octets(jwk["x"])
	y, okY := octets(jwk["y"])
	if jwk["crv"] != "P-256" || !okX || !okY || len(x) != coordinateSize || len(y) != coordinateSize {
		return nil
	}
	if _, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, x...), y...)); err != nil { // SEC 1 §2.3.3
		return nil
	}
	return &p256Key{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
}

// unsigned reads a number as RFC 7518 §2 writes it (Base64urlUInt).
func unsigned(v any) (*big.Int, bool) {
	raw, ok := octets(v)
	if !ok || raw[0] == 0 {
		return nil, false
	}
	return new(big.Int).SetBytes(raw), true
}

// octets reads the base64url of at least one byte.
func octets(v any) ([]byte, bool) {
	text, _ := v.(string)
	raw, err := decodePart(text)
	return raw, err == nil
}
