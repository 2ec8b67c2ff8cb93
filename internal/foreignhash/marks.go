package foreignhash

import "strings"

// Marks say what is known of the system that a kept hash comes from. They stand before the hash and go with it, so that a
// hash of our own never has one:
//
//	$imported$as-typed,first-72$2b$12$…
//	$imported$as-typed$pbkdf2-sha256$i=600000$…
type Marks struct {
	// AsTyped: the system hashed passwords as they were typed, in no normal form of Unicode, so the hash is compared with
	// the password as typed too.
	AsTyped bool
	// First72: the system cut passwords at 72 bytes, as most that use bcrypt do, so a plain bcrypt hash is compared with the
	// first 72 bytes of a longer password.
	First72 bool
}

const (
	markPrefix  = "$imported$"
	markAsTyped = "as-typed"
	markFirst72 = "first-72"
)

// Prefix is what stands before a hash with these marks; nothing if there are none.
func (m Marks) Prefix() string {
	switch m {
	case Marks{AsTyped: true}:
		return markPrefix + markAsTyped
	case Marks{First72: true}:
		return markPrefix + markFirst72
	case Marks{AsTyped: true, First72: true}:
		return markPrefix + markAsTyped + "," + markFirst72
	}
	return ""
}

// CutMarks takes the marks off a text: the rest begins with "$". Text that does not begin with marks is returned whole.
func CutMarks(text string) (Marks, string) {
	rest, ok := strings.CutPrefix(text, markPrefix)
	if !ok {
		return Marks{}, text
	}
	end := strings.IndexByte(rest, '$')
	if end < 0 {
		return Marks{}, text
	}
	for _, m := range []Marks{{AsTyped: true}, {First72: true}, {AsTyped: true, First72: true}} {
		if markPrefix+rest[:end] == m.Prefix() {
			return m, rest[end:]
		}
	}
	return Marks{}, text
}
