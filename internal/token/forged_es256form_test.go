package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
)

// es signs any digest with any curve: r and s in size bytes each.
func es(key *ecdsa.PrivateKey, digest []byte, size int) []byte {
	r, s, err := ecdsa.Sign(rand.Reader, key, digest)
	must(err)
	return rawOf(r, s, size)
}

func rawOf(r, s *big.Int, size int) []byte {
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

func derOf(r, s *big.Int) []byte {
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	must(err)
	return der
}

// numbersOf are r and s of the signature of a token.
func numbersOf(signature []byte) (r, s *big.Int) {
	return new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
}

// paddedES is a token whose r, or whose s, begins with a zero byte, as one in 256 does.
func paddedES(at int) string {
	for n := 0; ; n++ {
		token := signedES(curveHeader().String(), goodPayload().plus("n", fmt.Sprint(n)).String())
		if signature := signatureOf(token); signature[at] == 0 {
			return token
		}
	}
}

// highES is a good token whose s is above the middle, or below it: RFC 7518 §3.4 has both.
func highES(high bool) string {
	token := signedES(curveHeader().String(), goodPayload().String())
	r, s := numbersOf(signatureOf(token))
	n := elliptic.P256().Params().N
	if (s.Cmp(new(big.Int).Rsh(n, 1)) > 0) != high {
		s.Sub(n, s)
	}
	return withSignature(token, rawOf(r, s, 32))
}

// withSignature is a token with another signature.
func withSignature(token string, signature []byte) string {
	return token[:len(token)-len(b64(string(signatureOf(token))))] + b64(string(signature))
}

// curveFormKinds are a good signature in another form, and numbers that are none.
func curveFormKinds(good []byte, with func([]byte) string) []kind {
	r, s := numbersOf(good)
	n, p := elliptic.P256().Params().N, elliptic.P256().Params().P
	zero, one, two := big.NewInt(0), big.NewInt(1), big.NewInt(2)
	less := func(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }
	der := derOf(r, s)
	largest := less(new(big.Int).Lsh(one, 256), one)
	padded := func(i int, b []byte) []byte { return append(append(append([]byte(nil), b[:i]...), 0), b[i:]...) }

	forms := map[string][]byte{
		"in DER": der, "in DER, cut to 64 bytes": der[:64], "in DER, the last 64 bytes": der[len(der)-64:], "in DER twice": append(append([]byte(nil), der...), der...),
		"r alone": good[:32], "s alone": good[32:], "63 bytes": good[:63], "without its first byte": good[1:], "65 bytes, a zero before": padded(0, good),
		"65 bytes, a zero behind": append(append([]byte(nil), good...), 0), "65 bytes, a zero between": padded(32, good),
		"66 bytes, each with a zero": padded(33, padded(0, good)), "96 bytes": append(append([]byte(nil), good...), good[:32]...), "twice": append(append([]byte(nil), good...), good...),
		"in 48 bytes each": rawOf(r, s, 48), "in 66 bytes each": rawOf(r, s, 66), "with the point's 4 before": append([]byte{4}, good...),
		"s before r": append(append([]byte(nil), good[32:]...), good[:32]...), "little endian": append(backwards(good[:32]), backwards(good[32:])...), "backwards": backwards(good),
		"in hexadecimal": fmt.Appendf(nil, "%x", good), "in base64 once more": []byte(b64(string(good))), "one byte": good[:1], "64 zeros and it": append(make([]byte, 64), good...),

		"r is zero": rawOf(zero, s, 32), "s is zero": rawOf(r, zero, 32), "both are zero": make([]byte, 64), "r is one": rawOf(one, s, 32), "s is one": rawOf(r, one, 32), "both are one": rawOf(one, one, 32),
		"r is n": rawOf(n, s, 32), "s is n": rawOf(r, n, 32), "both are n": rawOf(n, n, 32), "r is n, s is zero": rawOf(n, zero, 32), "r is p": rawOf(p, s, 32), "s is p": rawOf(r, p, 32),
		"r is n less one": rawOf(less(n, one), s, 32), "s is n less one": rawOf(r, less(n, one), 32), "s is n and one": rawOf(r, new(big.Int).Add(n, one), 32),
		"r is all ones": rawOf(largest, s, 32), "s is all ones": rawOf(r, largest, 32), "both are all ones": rawOf(largest, largest, 32),
		"r negated": rawOf(less(n, r), s, 32), "both negated": rawOf(less(n, r), less(n, s), 32), "r and two": rawOf(new(big.Int).Add(r, two), s, 32), "s and two": rawOf(r, new(big.Int).Add(s, two), 32),
		"r twice": rawOf(r, r, 32), "s twice": rawOf(s, s, 32),
	}
	for _, at := range []int{0, 1, 15, 31, 32, 33, 47, 63} {
		for _, bit := range []byte{1, 0x80} {
			flipped := append([]byte(nil), good...)
			flipped[at] ^= bit
			forms[fmt.Sprintf("bit %02x of byte %d flipped", bit, at)] = flipped
		}
	}
	var kinds []kind
	for name, signature := range forms {
		kinds = append(kinds, kind{"ES256 form: " + name, with(signature), errSignature, false})
	}
	shortR, shortS := paddedES(0), paddedES(32)
	kinds = append(kinds,
		kind{"ES256 form: r without its leading zero", withSignature(shortR, signatureOf(shortR)[1:]), errSignature, false},
		kind{"ES256 form: s without its leading zero", withSignature(shortS, slices.Delete(signatureOf(shortS), 32, 33)), errSignature, false},
	)
	// The same forms of DER with integers that are no integers of a signature.
	for name, numbers := range map[string][2]*big.Int{"zeros": {zero, zero}, "negative": {new(big.Int).Neg(r), s}, "r plus n": {new(big.Int).Add(r, n), s}, "s plus n": {r, new(big.Int).Add(s, n)}} {
		kinds = append(kinds, kind{"ES256 form: in DER, " + name, with(derOf(numbers[0], numbers[1])), errSignature, false})
	}
	return kinds
}
