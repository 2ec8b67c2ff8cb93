package password

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	users "github.com/svc-users/svc-users"
)

// The formats, with cost 12:
//
//	$2b$12$<salt><digest>                        plain; also 2a, 2x and 2y
//	$django-bcrypt-sha256$2b$12$<salt><digest>   Django's; also 2a, 2x and 2y
//	$bcrypt-sha256$v=2,t=2b,r=12$<salt>$<digest> passlib since 1.7.3
//	$bcrypt-sha256$2b,12$<salt>$<digest>         passlib before; also 2a
//
// Salt and digest are 22 and 31 characters of bcrypt's own base64.

// version is the prefix of new hashes. All of 2a, 2b and 2y mean the same computation since the errors that
// told them apart were mended; 2b is what Python writes, and every implementation of today reads it. versionSigned is
// that of hashes made with one of the errors, which took the bytes of a key as signed.
const (
	version       = "2b"
	versionSigned = "2x"
)

const (
	prefixSHA256 = "$bcrypt-sha256$"
	prefixDjango = "$django-bcrypt-sha256"
	paramsV2     = "v=2,t=" + version + ",r="
)

// encoding is bcrypt's base64. It refuses padding bits that are set, which no implementation writes in a
// digest; encodingLoose takes them, for the salts that some old ones did write so.
var (
	encoding      = encodingLoose.Strict()
	encodingLoose = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
)

// salt64Len is the length of a salt in characters.
var salt64Len = encoding.EncodedLen(saltSize)

// stored is a parsed hash.
type stored struct {
	scheme  scheme
	version string // 2a, 2b, 2x or 2y
	cost    int
	salt    [saltSize]byte
	salt64  string // the salt as it stands in the text
	digest  [digestSize]byte
}

// newStored has a random salt and no digest yet.
func newStored(kind scheme, cost int) stored {
	s := stored{scheme: kind, version: version, cost: cost}
	rand.Read(s.salt[:]) // ends the process rather than fail
	s.salt64 = encoding.EncodeToString(s.salt[:])
	return s
}

// text is the hash in its format.
func (s stored) text() users.PasswordHash {
	digest64 := encoding.EncodeToString(s.digest[:])
	switch s.scheme {
	case sha256v2:
		return users.PasswordHash(fmt.Sprintf("%s%s%d$%s$%s", prefixSHA256, paramsV2, s.cost, s.salt64, digest64))
	case sha256v1:
		return users.PasswordHash(fmt.Sprintf("%s%s,%d$%s$%s", prefixSHA256, s.version, s.cost, s.salt64, digest64))
	case django:
		return users.PasswordHash(fmt.Sprintf("%s$%s$%02d$%s%s", prefixDjango, s.version, s.cost, s.salt64, digest64))
	default:
		return users.PasswordHash(fmt.Sprintf("$%s$%02d$%s%s", s.version, s.cost, s.salt64, digest64))
	}
}

// key is what bcrypt gets for a password.
func (s stored) key(password string) []byte {
	key := keysFor(s.salt64, password)[s.scheme]
	if s.version == versionSigned {
		return signedKey(key)
	}
	return key
}

// parse takes a hash apart. It says false to everything that is not exactly of one of the formats, with a
// cost of MinCost to MaxCost.
func parse(hash users.PasswordHash) (stored, bool) {
	var s stored
	var cost, digest64 string
	if rest, ok := strings.CutPrefix(string(hash), prefixSHA256); ok {
		parts := strings.Split(rest, "$")
		if len(parts) != 3 {
			return stored{}, false
		}
		s.salt64, digest64 = parts[1], parts[2]
		if cost, ok = strings.CutPrefix(parts[0], paramsV2); ok {
			s.scheme, s.version = sha256v2, version
		} else {
			s.scheme = sha256v1
			s.version, cost, _ = strings.Cut(parts[0], ",")
		}
	} else {
		text, isDjango := strings.CutPrefix(string(hash), prefixDjango)
		parts := strings.Split(text, "$")
		if len(parts) != 4 || parts[0] != "" || len(parts[3]) < salt64Len {
			return stored{}, false
		}
		s.version, cost = parts[1], parts[2]
		if isDjango {
			s.scheme = django
		}
		s.salt64, digest64 = parts[3][:salt64Len], parts[3][salt64Len:]
	}
	ok := s.readVersion() && s.readCost(cost) && s.readSalt() && s.readDigest(digest64)
	return s, ok
}

func (s *stored) readVersion() bool {
	switch s.version {
	case "2a", "2b":
		return true
	case "2x", "2y":
		return s.scheme == plain || s.scheme == django
	}
	return false
}

// readCost takes a cost in the one spelling its format has: two digits in plain bcrypt, no leading zero in
// bcrypt-sha256.
func (s *stored) readCost(text string) bool {
	n, err := strconv.Atoi(text)
	if err != nil || n < MinCost || n > MaxCost {
		return false
	}
	spelling := "%d"
	if s.scheme == plain || s.scheme == django {
		spelling = "%02d"
	}
	s.cost = n
	return text == fmt.Sprintf(spelling, n)
}

// readSalt decodes the salt. In version 2 its text is a key, and one salt in two spellings would be two keys:
// passlib refuses all spellings but one, and so do we.
func (s *stored) readSalt() bool {
	e := encodingLoose
	if s.scheme == sha256v2 {
		e = encoding
	}
	return decode(e, s.salt[:], s.salt64)
}

func (s *stored) readDigest(text string) bool { return decode(encoding, s.digest[:], text) }

// decode fills dst from exactly as many characters as it takes. Line ends, which package base64 skips, leave
// it short.
func decode(e *base64.Encoding, dst []byte, text string) bool {
	if len(text) != e.EncodedLen(len(dst)) {
		return false
	}
	n, err := e.Decode(dst, []byte(text))
	return err == nil && n == len(dst)
}
