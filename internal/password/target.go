package password

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/foreignhash"
)

// target is a stored hash that is taken apart. Its text, from left to right:
//
//	$imported$as-typed,first-72            the marks of an imported hash; may be missing
//	$wrapped$salted-md5$at=start$c2FsdA    how a weak hash was made, whose digest stands for the password in what
//	                                       follows; may be missing
//	$2b$12$<salt><digest>                  one of our own formats, or of package foreignhash
type target struct {
	marks   foreignhash.Marks
	recipe  *foreignhash.Hash // nil if the hash is not wrapped
	foreign *foreignhash.Hash // nil if it is bcrypt
	bcrypt  stored
}

const wrapPrefix = "$wrapped"

// parseTarget takes a hash apart. It says false to everything that is not in the form in which hashes are kept: others'
// forms are read at an import alone.
func parseTarget(hash users.PasswordHash) (target, bool) {
	var t target
	text := string(hash)
	t.marks, text = foreignhash.CutMarks(text)
	if inner, ok := strings.CutPrefix(text, wrapPrefix+"$"); ok {
		fields := strings.SplitN(inner, "$", 4)
		if len(fields) != 4 {
			return target{}, false
		}
		recipe, err := foreignhash.ReadRecipe("$" + strings.Join(fields[:3], "$"))
		if err != nil {
			return target{}, false
		}
		t.recipe, text = &recipe, "$"+fields[3]
	}
	if s, ok := parse(users.PasswordHash(text)); ok {
		t.bcrypt = s
		return t, t.recipe == nil || s.scheme == plain
	}
	h, err := foreignhash.Read(text)
	if err != nil || h.IsBcrypt() || h.Text() != text || t.recipe != nil && h.Kind() != argon2id {
		return target{}, false
	}
	t.foreign = &h
	return t, true
}

// argon2id is the one kind of package foreignhash that may be the default.
const argon2id = "argon2id"

// memory is how many bytes computing the hash takes. A weak hash under a strong one takes none.
func (t target) memory() int64 {
	if t.foreign == nil {
		return 0
	}
	return int64(t.foreign.Memory())
}

// imported reports whether the hash comes from another system as far as its text shows: our own are neither marked nor
// wrapped, nor of a kind that is not ours.
func (t target) imported() bool {
	return t.recipe != nil || t.foreign != nil || t.marks != foreignhash.Marks{}
}

// first72 reports whether the hash is compared with the first 72 bytes of a longer password.
func (t target) first72() bool {
	return t.marks.First72 && t.recipe == nil && t.foreign == nil && t.bcrypt.scheme == plain
}

// wrapKey is what a strong hash gets in the place of the password: 43 characters, from the first bytes of a weak digest, which
// are the same in each length that a digest of PBKDF2 may have.
func wrapKey(weak []byte) string {
	sum := sha256.Sum256(weak[:foreignhash.MinDigest])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
