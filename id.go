package users

import "github.com/google/uuid"

// ID names an account, a role or a permission: a UUID, version 7 where we make it, so that ids sort by
// creation. The zero ID names nothing and stands for "none".
type ID uuid.UUID

// NewID makes a version 7 UUID (RFC 9562). It panics only if the system has no randomness to give, a state in
// which nothing of this service could be trusted.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

// ParseID reads the canonical spelling, 36 characters in lower case, of a UUID of any version. Any other
// spelling, and the all-zero UUID, is no id: one thing must not have two names.
func ParseID(s string) (ID, bool) {
	if len(s) != 36 {
		return ID{}, false
	}
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s || u == uuid.Nil {
		return ID{}, false
	}
	return ID(u), true
}

// String is the canonical spelling.
func (id ID) String() string { return uuid.UUID(id).String() }

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Compare orders ids by their bytes, which is also the order of their spellings.
func (id ID) Compare(other ID) int {
	for i := range id {
		if id[i] != other[i] {
			return int(id[i]) - int(other[i])
		}
	}
	return 0
}
