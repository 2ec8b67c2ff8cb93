package password

import (
	"crypto/subtle"
	"strconv"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/foreignhash"
)

// noPassword begins what is stored for an account without a password. Nothing matches it, as nothing matches a hash that
// cannot be read, but it is no fault either.
const noPassword = '!'

// compare does the whole work first and only then decides. Every way to say no, from a missing hash to a NUL,
// goes through the same preparation and the same work as saying yes.
//
// A password that was typed in another form than NFC is compared in both, though only a marked hash can match the typed
// one: the second comparison is made with any hash, since its time would else tell the marked ones.
func (h *Hasher) compare(hash users.PasswordHash, p users.Password) users.PasswordCheck {
	t, readable := parseTarget(hash)
	readable = readable && t.memory() <= h.budget
	if !readable {
		t = h.dummy
	}
	password := p.Reveal()
	same, extra := h.try(t, password)
	match := same && readable && t.takes(password)
	tries := time.Duration(1)
	if typed, differs := p.Typed(); differs {
		other, marked := h.dummy, readable && t.marks.AsTyped
		if marked {
			other = t
		}
		same, more := h.try(other, typed)
		match = match || same && marked && t.takes(typed)
		tries, extra = 2, extra+more
	}
	if !match {
		h.fill(tries*h.work.mostExtra(time.Now()) - extra)
	}
	return users.PasswordCheck{
		Match: match, Outdated: match && !h.current(t, password),
		Marked:     match && t.marks != foreignhash.Marks{},
		Unreadable: !readable && (len(hash) == 0 || hash[0] != noPassword),
	}
}

// try does the work of one comparison, topped up to that of a hash of our own, and reports whether the digest is the same:
// a cheaper hash would answer sooner and so give away that the account exists. extra is how much longer than ours a hash of
// another system took.
func (h *Hasher) try(t target, password string) (same bool, extra time.Duration) {
	if t.recipe != nil {
		weak, took := h.derive(*t.recipe, password)
		_, extra = h.work.note(t.recipe.Cost(), took, 0, time.Now())
		password = wrapKey(weak)
	}
	switch {
	case t.foreign != nil:
		digest, took := h.derive(*t.foreign, password)
		same = subtle.ConstantTimeCompare(digest, t.foreign.Digest()) == 1
		if h.argon2 != nil && h.argon2.Made(*t.foreign) {
			h.work.noteOwn(took)
			return same, extra
		}
		quickest, more := h.work.note(t.foreign.Cost(), took, h.fullWork(), time.Now())
		h.fill(h.fullWork() - quickest)
		return same, extra + more
	case h.argon2 == nil && t.bcrypt.cost < h.cost:
		same = h.matches(t.bcrypt, password)
		h.rounds(t.bcrypt.key(password), t.bcrypt.salt, rounds(h.cost)-rounds(t.bcrypt.cost))
		return same, extra
	}
	same = h.matches(t.bcrypt, password)
	took := h.work.timeOf(rounds(t.bcrypt.cost))
	if t.imported() {
		_, more := h.work.note("bcrypt "+strconv.Itoa(t.bcrypt.cost), took, h.fullWork(), time.Now())
		extra += more
	}
	h.fill(h.fullWork() - took)
	return same, extra
}

// matches computes bcrypt.
func (h *Hasher) matches(s stored, password string) bool {
	digest := h.rounds(s.key(password), s.salt, rounds(s.cost))
	return subtle.ConstantTimeCompare(digest[:], s.digest[:]) == 1
}

// takes reports whether the hash may match the password at all.
func (t target) takes(password string) bool {
	if t.foreign == nil && t.recipe == nil {
		return takes(t.bcrypt.scheme, password) || t.first72() && !hasNUL(password)
	}
	return !hasNUL(password)
}

// current reports whether Hash would keep this password in the same form today. The prefixes $2a$ and $2y$
// name the same computation as $2b$; they are replaced so that in the end there is one kind.
func (h *Hasher) current(t target, password string) bool {
	switch {
	case t.recipe != nil || t.marks != foreignhash.Marks{}:
		return false
	case h.argon2 != nil:
		return t.foreign != nil && h.argon2.Made(*t.foreign)
	default:
		s := t.bcrypt
		return t.foreign == nil && s.scheme == schemeFor(password) && s.version == version && s.cost == h.cost
	}
}
