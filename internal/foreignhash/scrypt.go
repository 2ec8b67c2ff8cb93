package foreignhash

import (
	"fmt"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// scryptParams are those of RFC 7914: N = 2^ln.
type scryptParams struct {
	ln, r, p int
	salt     []byte
}

func newScrypt(ln, r, p int, salt, digest []byte) (Hash, error) {
	s := scryptParams{ln, r, p, salt}
	if err := s.check("scrypt"); err != nil {
		return Hash{}, err
	}
	if err := checkSizes("scrypt", salt, digest); err != nil {
		return Hash{}, err
	}
	return Hash{kind: "scrypt", scheme: s, digest: digest}, nil
}

func (s scryptParams) check(kind string) error {
	switch {
	case s.ln < 1 || s.r < 1 || s.p < 1:
		return refuse(kind, "N, r or p is too small")
	case s.ln > 20 || s.r > 64 || s.memory() > MaxMemory:
		return refuse(kind, "memory of 128·2^%d·%d bytes is above the ceiling of %d MiB", s.ln, s.r, MaxMemory>>20)
	case s.p > 1<<10 || s.memory()*s.p > MaxMemoryPasses:
		return refuse(kind, "p of %d is too much work: 128·N·r·p is above the ceiling of %d MiB", s.p, MaxMemoryPasses>>20)
	}
	return nil
}

// readScrypt reads $scrypt$ln=14,r=8,p=1$SALT$DIGEST.
func readScrypt(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 5 {
		return Hash{}, refuse("scrypt", "not of the form $scrypt$ln=…,r=…,p=…$salt$digest")
	}
	n, err := numbers("scrypt", fields[2], "ln", "r", "p")
	if err != nil {
		return Hash{}, err
	}
	salt, err := read64("scrypt", "salt", fields[3])
	if err != nil {
		return Hash{}, err
	}
	digest, err := read64("scrypt", "digest", fields[4])
	if err != nil {
		return Hash{}, err
	}
	return newScrypt(n[0], n[1], n[2], salt, digest)
}

// scryptFields reads N, r and p as numbers, with a salt that is text.
func scryptFields(nText, rText, pText, salt, digest string, read reader) (Hash, error) {
	values := [3]int{}
	for i, text := range []string{nText, rText, pText} {
		v, err := number("scrypt", []string{"N", "r", "p"}[i], text)
		if err != nil {
			return Hash{}, err
		}
		values[i] = v
	}
	n := values[0]
	if n < 2 || n&(n-1) != 0 {
		return Hash{}, refuse("scrypt", "N is not a power of two")
	}
	d, err := read("scrypt", "digest", digest)
	if err != nil {
		return Hash{}, err
	}
	return newScrypt(bits.Len(uint(n))-1, values[1], values[2], []byte(salt), d)
}

func (s scryptParams) fields() string {
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s", s.ln, s.r, s.p, plain64.EncodeToString(s.salt))
}

func (scryptParams) encode(digest []byte) string { return plain64.EncodeToString(digest) }

func (s scryptParams) memory() int { return 128 << s.ln * s.r }

func (s scryptParams) derive(password string, size int) []byte {
	key, err := scrypt.Key([]byte(password), s.salt, 1<<s.ln, s.r, s.p, size)
	if err != nil {
		panic("foreignhash: scrypt with parameters that were not checked")
	}
	return key
}
