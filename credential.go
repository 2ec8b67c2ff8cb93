package users

import (
	"crypto/sha256"
	"encoding/base64"
	"hash/crc32"
	"math/big"
	"strings"
)

// A credential is a random secret that this service issues and keeps no more of than digests. It is written so that a
// double click selects all of it, a scanner of source code recognizes it without false positives, and a mistyped one is
// refused without a query:
//
//	svcr_ 0Wq3…65 characters…Zk 3nJx0B
//
// (without the spaces): a prefix that names its kind, the bytes as a number in base62 (0-9 A-Z a-z), with leading zeros,
// and the CRC-32 (IEEE) of all characters before it, as six characters in base62.

// The prefixes of the kinds of credentials.
const (
	RefreshTokenPrefix = "svcr_" // refresh tokens
	ClientSecretPrefix = "svcs_" // secrets of service accounts
)

const (
	base62Digits    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	credentialCheck = 6 // characters of the checksum
)

// formatCredential writes bytes as a credential with a prefix.
func formatCredential(prefix string, secret []byte) string {
	text := prefix + encodeBase62(new(big.Int).SetBytes(secret), base62Length(len(secret)))
	return text + checksumOf(text)
}

// parseCredential returns the size bytes of a credential with a prefix; false for any text that formatCredential does not
// write.
func parseCredential(prefix, text string, size int) ([]byte, bool) {
	digits := base62Length(size)
	if len(text) != len(prefix)+digits+credentialCheck || !strings.HasPrefix(text, prefix) {
		return nil, false
	}
	body := text[:len(prefix)+digits]
	if text[len(body):] != checksumOf(body) {
		return nil, false
	}
	n := new(big.Int)
	for _, c := range []byte(body[len(prefix):]) {
		digit := strings.IndexByte(base62Digits, c)
		if digit < 0 {
			return nil, false
		}
		n.Mul(n, big.NewInt(62)).Add(n, big.NewInt(int64(digit)))
	}
	if n.BitLen() > 8*size {
		return nil, false
	}
	return n.FillBytes(make([]byte, size)), true
}

// base62Length is how many characters size bytes take in base62, at most: 65 for 48.
func base62Length(size int) int {
	most := new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	length := 0
	for n := big.NewInt(1); n.Cmp(most) < 0; length++ {
		n.Mul(n, big.NewInt(62))
	}
	return length
}

func encodeBase62(n *big.Int, length int) string {
	text := make([]byte, length)
	digit := new(big.Int)
	for i := length - 1; i >= 0; i-- {
		n.QuoRem(n, big.NewInt(62), digit)
		text[i] = base62Digits[digit.Int64()]
	}
	return string(text)
}

func checksumOf(text string) string {
	return encodeBase62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), credentialCheck)
}

// Digest is what is kept of a secret of 16 random bytes or more: its SHA-256, in base64url without padding, 43 characters.
// A secret that is random needs no slow hash.
type Digest string

// digestSecret returns the digest of a secret.
func digestSecret(secret []byte) Digest {
	sum := sha256.Sum256(secret)
	return Digest(base64.RawURLEncoding.EncodeToString(sum[:]))
}
