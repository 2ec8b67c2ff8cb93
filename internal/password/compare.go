package password

import (
	"crypto/subtle"

	users "github.com/svc-users/svc-users"
)

// compare does the whole work first and only then decides. Every way to say no, from a missing hash to a NUL,
// goes through the same preparation and the same number of rounds as saying yes.
func (h *Hasher) compare(hash users.PasswordHash, password string) users.PasswordCheck {
	s, readable := parse(hash)
	if !readable {
		s = h.dummyHash
	}

	key := keysFor(s.salt64, password)[s.scheme]
	digest := h.bcrypt(key, s.salt, rounds(s.cost))
	if s.cost < h.cost {
		// A cheaper hash would answer sooner and so give away that the account exists.
		h.bcrypt(key, s.salt, rounds(h.cost)-rounds(s.cost))
	}

	same := subtle.ConstantTimeCompare(digest[:], s.digest[:]) == 1
	match := same && readable && takes(s.scheme, password)
	return users.PasswordCheck{Match: match, Outdated: match && !h.current(s, password), Unreadable: !readable}
}

// current reports whether Hash would keep this password in the same form today. The prefixes $2a$ and $2y$
// name the same computation as $2b$; they are replaced so that in the end there is one kind.
func (h *Hasher) current(s stored, password string) bool {
	return s.scheme == schemeFor(password) && s.version == version && s.cost == h.cost
}
