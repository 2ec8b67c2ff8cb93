package foreignhash

import (
	stdpbkdf2 "crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // PBKDF2 does not rest on its collisions
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strconv"
	"strings"
)

// pbkdf2 is that of RFC 8018 with one of three hash functions.
type pbkdf2 struct {
	function   string // sha1, sha256 or sha512
	iterations int
	salt       []byte
}

var pbkdf2Functions = map[string]struct {
	new     func() hash.Hash
	size    int
	ceiling int
}{
	"sha1":   {sha1.New, sha1.Size, MaxIterations},
	"sha256": {sha256.New, sha256.Size, MaxIterations},
	"sha512": {sha512.New, sha512.Size, MaxIterationsSHA512},
}

// newPBKDF2 checks the bounds. Of a digest longer than one block of the function only the first block is kept: each
// further block takes all iterations again, and the first alone is as hard to match.
func newPBKDF2(function string, iterations int, salt, digest []byte) (Hash, error) {
	kind := "pbkdf2-" + function
	f, ok := pbkdf2Functions[function]
	switch {
	case !ok:
		return Hash{}, refuse("pbkdf2", "the hash function is not sha1, sha256 or sha512")
	case iterations < 1:
		return Hash{}, refuse(kind, "no iterations")
	case iterations > f.ceiling:
		return Hash{}, refuse(kind, "%d iterations are above the ceiling of %d", iterations, f.ceiling)
	}
	if err := checkSizes(kind, salt, digest); err != nil {
		return Hash{}, err
	}
	return Hash{kind: kind, scheme: pbkdf2{function, iterations, salt}, digest: digest[:min(len(digest), f.size)]}, nil
}

// readPBKDF2 reads $pbkdf2-sha256$i=600000$SALT$DIGEST, and passlib's forms, which have the bare number, and of which
// $pbkdf2$ is SHA-1's.
func readPBKDF2(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 5 {
		return Hash{}, refuse("pbkdf2", "not of the form $pbkdf2-…$i=…$salt$digest")
	}
	function := "sha1"
	if fields[1] != "pbkdf2" {
		function = strings.TrimPrefix(fields[1], "pbkdf2-")
	}
	return pbkdf2Fields(function, strings.TrimPrefix(fields[2], "i="), fields[3], fields[4])
}

func pbkdf2Fields(function, iterations, salt64, digest64 string) (Hash, error) {
	salt, err := read64("pbkdf2", "salt", salt64)
	if err != nil {
		return Hash{}, err
	}
	return pbkdf2WithSalt(function, iterations, salt, digest64, read64)
}

func pbkdf2WithSalt(function, iterations string, salt []byte, digest string, read reader) (Hash, error) {
	n, err := number("pbkdf2", "the number of iterations", iterations)
	if err != nil {
		return Hash{}, err
	}
	d, err := read("pbkdf2", "digest", digest)
	if err != nil {
		return Hash{}, err
	}
	return newPBKDF2(function, n, salt, d)
}

func (p pbkdf2) fields() string {
	return "$pbkdf2-" + p.function + "$i=" + strconv.Itoa(p.iterations) + "$" + plain64.EncodeToString(p.salt)
}

func (pbkdf2) encode(digest []byte) string { return plain64.EncodeToString(digest) }

func (pbkdf2) memory() int { return 0 }

func (p pbkdf2) derive(password string, size int) []byte {
	digest, err := stdpbkdf2.Key(pbkdf2Functions[p.function].new, password, p.salt, p.iterations, size)
	if err != nil {
		panic("foreignhash: PBKDF2 with parameters that were not checked")
	}
	return digest
}
