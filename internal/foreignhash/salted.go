package foreignhash

import (
	"crypto/md5"  //nolint:gosec // this is what the other system used, and why its hashes count as weak
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
)

// salted is one digest of salt and password, without iterations.
type salted struct {
	function string // md5, sha1, sha256 or sha512
	atEnd    bool   // the salt stands after the password, not before it
	salt     []byte // may be empty
}

var saltedFunctions = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

func newSalted(function string, atEnd bool, salt, digest []byte) (Hash, error) {
	kind := "salted-" + function
	f, ok := saltedFunctions[function]
	if !ok {
		return Hash{}, refuse(kind, "the hash function is not md5, sha1, sha256 or sha512")
	}
	if err := checkSizes(kind, salt, digest); err != nil {
		return Hash{}, err
	}
	if size := f().Size(); len(digest) != size {
		return Hash{}, refuse(kind, "the digest has %d bytes and not %d", len(digest), size)
	}
	return Hash{kind: kind, scheme: salted{function, atEnd, salt}, digest: digest}, nil
}

// readSalted reads $salted-sha1$at=end$SALT$DIGEST.
func readSalted(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 5 || fields[2] != "at=start" && fields[2] != "at=end" {
		return Hash{}, refuse("salted", "not of the form $salted-…$at=start|end$salt$digest")
	}
	kind := fields[1]
	salt, err := read64(kind, "salt", fields[3])
	if err != nil {
		return Hash{}, err
	}
	digest, err := read64(kind, "digest", fields[4])
	if err != nil {
		return Hash{}, err
	}
	return newSalted(strings.TrimPrefix(kind, "salted-"), fields[2] == "at=end", salt, digest)
}

// readHexSalted reads md5$salt$hex, as Django writes it, and the same of the other functions. The salt is text.
func readHexSalted(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	kind := "salted-" + fields[0]
	if len(fields) != 3 {
		return Hash{}, refuse(kind, "not of the form %s$salt$hexadecimal digest", fields[0])
	}
	digest, err := readHex(kind, "digest", fields[2])
	if err != nil {
		return Hash{}, err
	}
	return newSalted(fields[0], false, []byte(fields[1]), digest)
}

// readLDAP reads {SSHA}BASE64, the digest with the salt after it (RFC 2307 and its usual extensions), of function.
func readLDAP(function, text string) (Hash, error) {
	kind := "salted-" + function
	b, err := readLoose64(kind, "digest", text)
	if err != nil {
		return Hash{}, err
	}
	size := min(saltedFunctions[function]().Size(), len(b))
	return newSalted(function, true, b[size:], b[:size])
}

func (s salted) fields() string {
	at := "start"
	if s.atEnd {
		at = "end"
	}
	return "$salted-" + s.function + "$at=" + at + "$" + plain64.EncodeToString(s.salt)
}

func (salted) encode(digest []byte) string { return plain64.EncodeToString(digest) }

func (salted) memory() int { return 0 }

func (s salted) derive(password string, size int) []byte {
	h := saltedFunctions[s.function]()
	if s.atEnd {
		h.Write([]byte(password))
		h.Write(s.salt)
	} else {
		h.Write(s.salt)
		h.Write([]byte(password))
	}
	return h.Sum(nil)[:size]
}
