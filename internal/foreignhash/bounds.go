package foreignhash

import (
	"fmt"
	"strings"
)

// Ceilings on what a hash may ask for. Each lies above what systems set by default, and costs about a second of one
// processor at most.
const (
	// MaxMemory is the memory of one argon2 or scrypt hash: 128 MiB. Django takes 100 MiB, Keycloak 7 or 64, passlib 64.
	MaxMemory = 128 << 20
	// MaxMemoryPasses is that memory times the passes over it, of argon2 (t) and scrypt (p): 512 MiB.
	MaxMemoryPasses = 512 << 20
	// MaxLanes is argon2's p. Django takes 8.
	MaxLanes = 16
	// MaxIterations is that of PBKDF2 with SHA-1 and SHA-256. Django 5.2 takes 1,000,000, and OWASP asks 1,400,000 of SHA-1.
	MaxIterations = 2_000_000
	// MaxIterationsSHA512 is that with SHA-512, whose iterations take longer. OWASP asks for 220,000.
	MaxIterationsSHA512 = 1_000_000
	// MinIterations is where PBKDF2 counts as weak below.
	MinIterations = 10_000
	// MaxPhpassLog is phpass's logarithm of iterations. WordPress and phpBB take 13 and 11.
	MaxPhpassLog = 18
	// MaxBcryptCost is package password's MaxCost.
	MaxBcryptCost = 16

	// MinDigest is how many bytes a digest has at least: fewer are found by chance.
	MinDigest = 16

	maxText   = 2048 // characters of any form
	maxSalt   = 1024 // bytes
	maxDigest = 128
)

// Error says why a text is not a hash that can be verified. It repeats neither salt nor digest.
type Error struct {
	Kind   string // such as "argon2id"; empty if the form was not recognised
	Reason string // such as "memory of 4096 MiB is above the ceiling of 128 MiB"
}

func (e *Error) Error() string {
	if e.Kind == "" {
		return e.Reason
	}
	return e.Kind + ": " + e.Reason
}

// refuse is the Error of a kind.
func refuse(kind, format string, values ...any) error {
	return &Error{Kind: kind, Reason: fmt.Sprintf(format, values...)}
}

// checkSizes refuses a salt or digest of an unlikely size.
func checkSizes(kind string, salt, digest []byte) error {
	switch {
	case len(salt) > maxSalt:
		return refuse(kind, "the salt has %d bytes, more than %d", len(salt), maxSalt)
	case len(digest) < MinDigest || len(digest) > maxDigest:
		return refuse(kind, "the digest has %d bytes, not %d to %d", len(digest), MinDigest, maxDigest)
	}
	return nil
}

// number reads a number without sign or leading zeros.
func number(kind, name, text string) (int, error) {
	n := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0, refuse(kind, "%s is not a number", name)
		}
		n = 10*n + int(c-'0')
	}
	if text == "" || text[0] == '0' && text != "0" {
		return 0, refuse(kind, "%s is not a number", name)
	}
	return n, nil
}

// numbers reads parameters such as m=65536,t=3,p=4 that have exactly these names, in this order.
func numbers(kind, text string, names ...string) ([]int, error) {
	values := make([]int, 0, len(names))
	rest := text
	for i, name := range names {
		var field string
		var more bool
		field, rest, more = strings.Cut(rest, ",")
		if len(field) <= len(name) || field[:len(name)] != name || field[len(name)] != '=' || more != (i < len(names)-1) {
			return nil, refuse(kind, "the parameters are not of the form %s", form(names))
		}
		n, err := number(kind, name, field[len(name)+1:])
		if err != nil {
			return nil, err
		}
		values = append(values, n)
	}
	return values, nil
}
