package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// maxPlain is how many bytes of a password bcrypt reads.
const maxPlain = 72

// scheme is what is done to a password before bcrypt sees it.
type scheme int

const (
	plain    scheme = iota // nothing
	sha256v1               // SHA-256; passlib wrote it until 2020
	sha256v2               // HMAC-SHA-256 under the salt, so that no table of known SHA-256 digests fits
	django                 // SHA-256 in hexadecimal; Django's bcrypt_sha256
	schemes                // how many there are
)

// schemeFor is the scheme new hashes of a password get.
func schemeFor(password string) scheme {
	if len(password) > maxPlain {
		return sha256v2
	}
	return plain
}

// takes reports whether a hash of the scheme may match the password at all. bcrypt reads its key in a circle
// with a NUL after it, so that "a" and "a\x00a" are the same to it, and stops at 72 bytes. A NUL is refused
// under every scheme, because such a password cannot have been chosen.
func takes(s scheme, password string) bool {
	return !hasNUL(password) && (s != plain || len(password) <= maxPlain)
}

func hasNUL(password string) bool { return strings.IndexByte(password, 0) >= 0 }

// keysFor prepares the password under every scheme, whichever will be needed: how long this takes then
// depends on the password alone, which a caller that measures it knows anyway. salt64 is the salt as it stands in
// the hash; passlib keys the HMAC with that text, not with the bytes it means.
//
// A key ends in the NUL that the C implementations included with the string. The digests go in as base64,
// for raw bytes may hold a NUL.
func keysFor(salt64, password string) [schemes][]byte {
	v1 := sha256.Sum256([]byte(password))
	mac := hmac.New(sha256.New, []byte(salt64))
	mac.Write([]byte(password))
	return [schemes][]byte{
		plain:    append([]byte(password[:min(len(password), maxPlain)]), 0),
		sha256v1: append(base64.StdEncoding.AppendEncode(nil, v1[:]), 0),
		sha256v2: append(base64.StdEncoding.AppendEncode(nil, mac.Sum(nil)), 0),
		django:   append(hex.AppendEncode(nil, v1[:]), 0),
	}
}

// signedKey makes the key with which bcrypt does what an implementation did until 2011 that took the bytes of a key as
// signed, so that a byte of 0x80 or more overwrote those before it in its word of four. The key repeats until its 18
// words are full.
func signedKey(key []byte) []byte {
	signed := make([]byte, 0, maxPlain)
	for i := 0; i < maxPlain; i += 4 {
		var word uint32
		for j := range 4 {
			word = word<<8 | uint32(int32(int8(key[(i+j)%len(key)]))) //nolint:gosec // the sign is the point
		}
		signed = binary.BigEndian.AppendUint32(signed, word)
	}
	return signed
}
