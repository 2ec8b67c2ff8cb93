package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"

	"github.com/svc-users/svc-users"
)

// Algorithm is the signature algorithm of a key, by its JWS name (RFC 7518 §3.1): the header member alg of all tokens
// that the key signs, and of no others.
type Algorithm string

// The algorithms there are. Each follows from the kind of the key, so that one key has one algorithm (RFC 8725 §3.1).
const (
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3): RSA keys of 2048 to 8192 bits
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256 (RFC 7518 §3.4)
)

// kind is what a key of the algorithm is called in messages: "an RSA key".
func (a Algorithm) kind() string {
	if a == ES256 {
		return "a P-256 key"
	}
	return "an RSA key"
}

// publicHalf is the public half of a key together with what its algorithm does with it. It is immutable.
type publicHalf interface {
	algorithm() Algorithm
	// standard is the key as the standard library has it: *rsa.PublicKey or *ecdsa.PublicKey.
	standard() crypto.PublicKey
	// copied returns a copy that shares no memory with a private key.
	copied() publicHalf
	// verify reports whether a signature, as it stands in a JWS, is that of the message with this SHA-256 digest.
	verify(digest, signature []byte) bool
	// signatureSize is the length of each signature in a JWS, in bytes.
	signatureSize() int
	// encodeSignature turns what a crypto.Signer returns into what stands in a JWS.
	encodeSignature(made []byte) ([]byte, error)
	// thumbprintInput is the JSON text whose SHA-256 is the thumbprint (RFC 7638 §3).
	thumbprintInput() string
	// parameters are the members of the JWK that depend on the kind of the key.
	parameters() users.PublicKey
}

// newPublicHalf takes a public key of a supported kind. The problem is what is wrong with another: "must be …".
func newPublicHalf(key crypto.PublicKey) (half publicHalf, problem string) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if problem := rsaProblem(key); problem != "" {
			return nil, problem
		}
		return (*rsaPublic)(key), ""
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			point, err := key.Bytes()
			if err != nil {
				return nil, "must be a point of the curve P-256"
			}
			return &p256Public{key, point}, ""
		}
	}
	return nil, "must be an RSA key or a P-256 key"
}
