package foreignhash

import (
	"crypto/rand"
	"fmt"
	"math"
	"strings"

	"golang.org/x/crypto/argon2"
)

// argon2Version is 0x13, that of RFC 9106 and the only one computed. Libraries before 2016 wrote others.
const argon2Version = 19

// argon is argon2i or argon2id.
type argon struct {
	variant           string // argon2i or argon2id
	memoryKiB, passes int
	lanes             int
	salt              []byte
}

func newArgon2(variant string, memoryKiB, passes, lanes int, salt, digest []byte) (Hash, error) {
	switch {
	case variant != "argon2i" && variant != "argon2id":
		return Hash{}, refuse("argon2", "the variant is neither argon2i nor argon2id")
	case passes < 1 || lanes < 1 || memoryKiB < 8*lanes:
		return Hash{}, refuse(variant, "the parameters are below those of RFC 9106")
	case lanes > MaxLanes:
		return Hash{}, refuse(variant, "%d lanes are above the ceiling of %d", lanes, MaxLanes)
	case memoryKiB > MaxMemory>>10:
		return Hash{}, refuse(variant, "memory of %d KiB is above the ceiling of %d KiB", memoryKiB, MaxMemory>>10)
	case passes > math.MaxInt32 || memoryKiB*passes > MaxMemoryPasses>>10:
		return Hash{}, refuse(variant, "%d passes over %d KiB are above the ceiling of %d KiB altogether", passes, memoryKiB, MaxMemoryPasses>>10)
	case len(salt) < 8:
		return Hash{}, refuse(variant, "the salt has fewer than 8 bytes")
	}
	if err := checkSizes(variant, salt, digest); err != nil {
		return Hash{}, err
	}
	return Hash{kind: variant, scheme: argon{variant, memoryKiB, passes, lanes, salt}, digest: digest}, nil
}

// Argon2 are the parameters of a hash of argon2i or argon2id.
type Argon2 struct {
	MemoryKiB int // 8 for each lane, up to MaxMemory
	Passes    int
	Lanes     int // 1 to MaxLanes, each computed on a goroutine of its own
}

// The sizes of a new hash, which RFC 9106 recommends.
const (
	argon2Salt = 16
	argon2Tag  = 32
)

// Check returns an error that says which parameter is out of bounds.
func (a Argon2) Check() error {
	_, err := a.hash(make([]byte, argon2Salt))
	return err
}

// New is a hash of argon2id with a random salt, whose digest is all zeros: With makes a whole hash of it. It panics if Check
// returns an error.
func (a Argon2) New() Hash {
	salt := make([]byte, argon2Salt)
	rand.Read(salt) // ends the process rather than fail
	h, err := a.hash(salt)
	if err != nil {
		panic(err)
	}
	return h
}

func (a Argon2) hash(salt []byte) (Hash, error) {
	return newArgon2("argon2id", a.MemoryKiB, a.Passes, a.Lanes, salt, make([]byte, argon2Tag))
}

// Made reports whether a hash is of the form that New begins.
func (a Argon2) Made(h Hash) bool {
	s, ok := h.scheme.(argon)
	return ok && s.variant == "argon2id" && Argon2{s.memoryKiB, s.passes, s.lanes} == a && len(s.salt) == argon2Salt && len(h.digest) == argon2Tag
}

// IsArgon2 reports whether Derive runs on goroutines of its own.
func (h Hash) IsArgon2() bool {
	_, ok := h.scheme.(argon)
	return ok
}

// readArgon2 reads $argon2id$v=19$m=65536,t=3,p=4$SALT$DIGEST.
func readArgon2(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 6 {
		return Hash{}, refuse("argon2", "not of the form $argon2…$v=19$m=…,t=…,p=…$salt$digest")
	}
	variant := fields[1]
	if variant == "argon2d" {
		return Hash{}, refuse(variant, "argon2d is not supported: only argon2i and argon2id are made for passwords")
	}
	if fields[2] != fmt.Sprintf("v=%d", argon2Version) {
		return Hash{}, refuse(variant, "the version is not %d", argon2Version)
	}
	n, err := numbers(variant, fields[3], "m", "t", "p")
	if err != nil {
		return Hash{}, err
	}
	salt, err := read64(variant, "salt", fields[4])
	if err != nil {
		return Hash{}, err
	}
	digest, err := read64(variant, "digest", fields[5])
	if err != nil {
		return Hash{}, err
	}
	return newArgon2(variant, n[0], n[1], n[2], salt, digest)
}

func (a argon) fields() string {
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s", a.variant, argon2Version, a.memoryKiB, a.passes, a.lanes, plain64.EncodeToString(a.salt))
}

func (argon) encode(digest []byte) string { return plain64.EncodeToString(digest) }

func (a argon) memory() int { return a.memoryKiB << 10 }

// derive runs on goroutines of its own, one for each lane.
func (a argon) derive(password string, size int) []byte {
	f := argon2.IDKey
	if a.variant == "argon2i" {
		f = argon2.Key
	}
	//nolint:gosec // all numbers are within the ceilings
	return f([]byte(password), a.salt, uint32(a.passes), uint32(a.memoryKiB), uint8(a.lanes), uint32(size))
}
