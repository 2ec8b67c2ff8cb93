package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"math/big"

	"github.com/svc-users/svc-users"
)

// coordinateSize is the length in bytes of a coordinate of P-256, and of each of the two numbers of a signature.
const coordinateSize = 32

// p256Public is a key on P-256, which verifies ES256.
type p256Public struct {
	key   *ecdsa.PublicKey
	point []byte // uncompressed (SEC 1 §2.3.3): 0x04, then x and y in 32 bytes each
}

func (*p256Public) algorithm() Algorithm { return ES256 }

func (k *p256Public) standard() crypto.PublicKey { return k.key }

func (k *p256Public) copied() publicHalf {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), k.point)
	if err != nil {
		panic("token: a point that was on the curve no longer is")
	}
	return &p256Public{key, k.point}
}

// verify takes r and s, big endian in 32 bytes each, one after the other (RFC 7518 §3.4), and nothing else: not DER, no
// other length. Numbers outside 1 to n-1 are refused by ecdsa.Verify. Of the two values of s that verify the same
// message, s and n-s, both are valid, as the RFC has it.
func (k *p256Public) verify(digest, signature []byte) bool {
	if len(signature) != k.signatureSize() {
		return false
	}
	r := new(big.Int).SetBytes(signature[:coordinateSize])
	s := new(big.Int).SetBytes(signature[coordinateSize:])
	return ecdsa.Verify(k.key, digest, r, s)
}

func (*p256Public) signatureSize() int { return 2 * coordinateSize }

// encodeSignature takes the DER of a sequence of r and s, as each crypto.Signer returns it, and pads both with zeros on
// the left.
func (k *p256Public) encodeSignature(made []byte) ([]byte, error) {
	var n struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(made, &n)
	if err != nil || len(rest) > 0 || n.R.Sign() <= 0 || n.S.Sign() <= 0 || n.R.BitLen() > 8*coordinateSize || n.S.BitLen() > 8*coordinateSize {
		return nil, errors.New("the signer returned no signature of P-256")
	}
	signature := make([]byte, k.signatureSize())
	n.R.FillBytes(signature[:coordinateSize])
	n.S.FillBytes(signature[coordinateSize:])
	return signature, nil
}

func (k *p256Public) x() []byte { return k.point[1 : 1+coordinateSize] }

func (k *p256Public) y() []byte { return k.point[1+coordinateSize:] }

func (k *p256Public) thumbprintInput() string {
	x, y := partEncoding.EncodeToString(k.x()), partEncoding.EncodeToString(k.y())
	return `{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`
}

func (k *p256Public) parameters() users.PublicKey {
	return users.PublicKey{KeyType: "EC", Curve: "P-256", X: append([]byte(nil), k.x()...), Y: append([]byte(nil), k.y()...)}
}
