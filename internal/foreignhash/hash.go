package foreignhash

import (
	"crypto/subtle"
	"strings"
)

// Hash is a hash that Read has taken apart.
type Hash struct {
	kind   string
	scheme scheme // nil for the kinds of bcrypt
	digest []byte
	text   string // of the kinds of bcrypt
}

// scheme computes the digest of a password. It contains the salt and all parameters.
type scheme interface {
	// fields are the three of the kept form before the digest: name, parameters and salt.
	fields() string
	// derive returns a digest of the given size.
	derive(password string, size int) []byte
	// memory is how many bytes derive takes, apart from a few kilobytes.
	memory() int
	// encode writes a digest as the kept form has it.
	encode(digest []byte) string
}

// Kind names the algorithm, such as "pbkdf2-sha256".
func (h Hash) Kind() string { return h.kind }

// IsBcrypt reports whether only package password can compute the hash.
func (h Hash) IsBcrypt() bool { return h.scheme == nil }

// Text is the hash in the form that is kept. Read reads it.
func (h Hash) Text() string {
	if h.scheme == nil {
		return h.text
	}
	return h.scheme.fields() + "$" + h.scheme.encode(h.digest)
}

// Recipe is the kept form without the digest, such as "$salted-md5$at=start$c2FsdA": what it takes to compute the digest
// of a password. ReadRecipe reads it.
func (h Hash) Recipe() string { return h.scheme.fields() }

// Cost is the algorithm with all its parameters, such as "$pbkdf2-sha256$i=600000": all hashes of a cost take as long.
func (h Hash) Cost() string {
	recipe := h.Recipe()
	return recipe[:strings.LastIndexByte(recipe, '$')]
}

// Digest is what the right password gives.
func (h Hash) Digest() []byte { return h.digest }

// With is the hash with another digest.
func (h Hash) With(digest []byte) Hash {
	h.digest = digest
	return h
}

// Memory is how many bytes computing the digest takes.
func (h Hash) Memory() int {
	if h.scheme == nil {
		return 0
	}
	return h.scheme.memory()
}

// Derive computes the digest of a password. It must not be called for bcrypt.
func (h Hash) Derive(password string) []byte { return h.scheme.derive(password, len(h.digest)) }

// Matches reports whether the hash is that of a password. A password with a NUL matches nothing: none can be chosen, and
// some systems end a password there.
func (h Hash) Matches(password string) bool {
	got := h.Derive(password)
	return subtle.ConstantTimeCompare(got, h.digest) == 1 && strings.IndexByte(password, 0) < 0
}

// Weak reports whether the hash is of an algorithm that is guessed at millions of passwords a second on one machine, so
// that it must not be kept as it is: digests without iterations, phpass, and PBKDF2 of few iterations.
func (h Hash) Weak() bool {
	switch s := h.scheme.(type) {
	case salted, phpass:
		return true
	case pbkdf2:
		return s.iterations < MinIterations
	}
	return false
}
