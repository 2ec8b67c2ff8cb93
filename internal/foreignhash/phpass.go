package foreignhash

import (
	"crypto/md5" //nolint:gosec // this is what the other system used, and why its hashes count as weak
	"fmt"
	"strings"
)

// phpass is that of Openwall's PHP library, which WordPress and phpBB used: MD5, iterated 2^log times.
type phpass struct {
	log  int
	salt []byte // 8 characters
}

const phpassAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// readPortable reads $P$BSALTSALTDIGEST…, where B stands for 13, and the same with $H$.
func readPortable(text string) (Hash, error) {
	if len(text) != 34 {
		return Hash{}, refuse("phpass", "it has %d characters and not 34", len(text))
	}
	digest, err := decodePortable(text[12:])
	if err != nil {
		return Hash{}, err
	}
	return newPhpass(strings.IndexByte(phpassAlphabet, text[3]), []byte(text[4:12]), digest)
}

// decodePortable decodes phpass's base64, whose groups begin with the low bits.
func decodePortable(text string) ([]byte, error) {
	var out []byte
	bits, count := 0, 0
	for _, c := range []byte(text) {
		v := strings.IndexByte(phpassAlphabet, c)
		if v < 0 {
			return nil, refuse("phpass", "the digest cannot be decoded")
		}
		bits |= v << count
		if count += 6; count >= 8 {
			out = append(out, byte(bits&0xff))
			bits >>= 8
			count -= 8
		}
	}
	if bits != 0 || len(out) != md5.Size {
		return nil, refuse("phpass", "the digest cannot be decoded")
	}
	return out, nil
}

func newPhpass(log int, salt, digest []byte) (Hash, error) {
	switch {
	case log < 7 || log > 30:
		return Hash{}, refuse("phpass", "the number of iterations is not one that phpass has")
	case log > MaxPhpassLog:
		return Hash{}, refuse("phpass", "2^%d iterations are above the ceiling of 2^%d", log, MaxPhpassLog)
	case len(salt) != 8 || len(digest) != md5.Size:
		return Hash{}, refuse("phpass", "the salt or digest is of the wrong size")
	}
	return Hash{kind: "phpass", scheme: phpass{log, salt}, digest: digest}, nil
}

// readPhpass reads $phpass$ln=13$SALT$DIGEST.
func readPhpass(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 5 {
		return Hash{}, refuse("phpass", "not of the form $phpass$ln=…$salt$digest")
	}
	n, err := numbers("phpass", fields[2], "ln")
	if err != nil {
		return Hash{}, err
	}
	salt, err := read64("phpass", "salt", fields[3])
	if err != nil {
		return Hash{}, err
	}
	digest, err := read64("phpass", "digest", fields[4])
	if err != nil {
		return Hash{}, err
	}
	return newPhpass(n[0], salt, digest)
}

func (p phpass) fields() string {
	return fmt.Sprintf("$phpass$ln=%d$%s", p.log, plain64.EncodeToString(p.salt))
}

func (phpass) encode(digest []byte) string { return plain64.EncodeToString(digest) }

func (phpass) memory() int { return 0 }

func (p phpass) derive(password string, size int) []byte {
	sum := md5.Sum(append(append([]byte(nil), p.salt...), password...)) //nolint:gosec // see above
	buffer := append(make([]byte, md5.Size, md5.Size+len(password)), password...)
	for range 1 << p.log {
		copy(buffer, sum[:])
		sum = md5.Sum(buffer) //nolint:gosec // see above
	}
	return append([]byte(nil), sum[:size]...)
}
