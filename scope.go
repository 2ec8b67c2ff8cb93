package users

import (
	"slices"
	"strings"
)

// Scope is what a credential is restricted to: a set of permission names (RFC 6749 §3.3). It grants nothing. What a caller
// may do is what its account may do at that moment and its scope has; so a name of which there is no permission, or which
// the account does not hold, allows nothing. The zero Scope is empty.
type Scope struct{ names []PermissionName } // sorted, each once

// NewScope returns the scope of these names, which may be repeated.
func NewScope(names ...PermissionName) Scope {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return Scope{slices.Compact(sorted)}
}

// ParseScope reads what Scope.String has written; false for any other text.
func ParseScope(text string) (Scope, bool) {
	var names []PermissionName
	for field := range strings.SplitSeq(text, " ") {
		name, err := ParsePermissionName(field)
		if err != nil || len(names) > 0 && names[len(names)-1] >= name {
			return Scope{}, text == ""
		}
		names = append(names, name)
	}
	return Scope{names}, true
}

// String is the sorted names with a space between them, such as "orders:read orders:ship".
func (s Scope) String() string { return strings.Join(texts(s.names), " ") }

// Has reports whether a name is in the scope.
func (s Scope) Has(p PermissionName) bool {
	_, found := slices.BinarySearch(s.names, p)
	return found
}

// Names are the names in the scope, sorted.
func (s Scope) Names() []PermissionName { return slices.Clone(s.names) }

// Size is about how many bytes the scope takes in memory.
func (s Scope) Size() int {
	size := 0
	for _, name := range s.names {
		size += 16 + len(name)
	}
	return size
}

// in returns the permissions of a graph whose names are in the scope.
func (s Scope) in(g *Graph) set {
	slots := make([]int, 0, len(s.names))
	for _, name := range s.names {
		if p, ok := g.byName.get(name); ok {
			slots = append(slots, p.slot)
		}
	}
	return newSet(slots...)
}

// Restricted reports whether the caller acts by an API key, by a token that was exchanged, or by one for a declared audience. Such a
// caller cannot change who may do what, nor any password, e-mail, session or key; see RefuseRestricted. A token of a service account that has a
// scope is not restricted so: it gives what is in its scope, under the subset rule.
func (c Caller) Restricted() bool { return !c.APIKey.IsZero() || c.exchanged || !c.narrowing.IsZero() }

// RefuseRestricted is ErrForbidden for a caller that is Restricted. A credential that is less than its account must not be
// turned into one that is more, and whatever gives a right could be: a password, a session, another key, a role.
func (c Caller) RefuseRestricted() error {
	switch {
	case c.exchanged:
		return forbidden("An exchanged token is not accepted here; use an access token from a login.")
	case c.Restricted():
		return forbidden("An API key is not accepted here; use an access token from a login.")
	}
	return nil
}
