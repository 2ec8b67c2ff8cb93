package users

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Skeleton brings a text into a form in which texts that look alike are equal: skeleton(X) of UTS 39, §4. Ports have
// one because its table is larger than this package.
//
// Names are compared by sight so that no role passes for another in a list, in an explanation or in a token, and no
// permission for one of the system's. What was there before is left alone: only a name that is chosen is judged.
type Skeleton func(string) string

// look is one way in which a name looks: as it is shown, or with the case of letters left out of account.
type look struct {
	text  string
	blind bool // without regard to case
}

// looks are the ways in which a name looks. Compatibility variants, such as fullwidth letters, are what they stand for.
// Without regard to case the digits 0 and 1 stay what they are: they look like O and l, but who names roles "Zone 1" and
// "Zone L" has not meant to deceive, and as they are shown the two differ.
func (k Skeleton) looks(name RoleName) [2]look {
	plain := norm.NFKC.String(string(name))
	var blind strings.Builder
	rest := foldText(plain)
	for {
		i := strings.IndexAny(rest, "01")
		if i < 0 {
			blind.WriteString(k(rest))
			return [2]look{{k(plain), false}, {blind.String(), true}}
		}
		blind.WriteString(k(rest[:i]))
		blind.WriteByte(rest[i])
		rest = rest[i+1:]
	}
}

// looksOf is looks for the name of a role, which are worked out once.
func (k Skeleton) looksOf(n *node) [2]look {
	if known := n.looks.Load(); known != nil {
		return *known
	}
	looks := k.looks(n.Name)
	n.looks.Store(&looks)
	return looks
}

// RoleLooks are names of roles by how they look. Each name is in it twice, with regard to case and without.
type RoleLooks struct {
	skeleton Skeleton
	seen     map[look]RoleName
}

// RoleLooks returns the names of all roles of a graph, with room for more.
func (k Skeleton) RoleLooks(g *Graph, more int) *RoleLooks {
	l := &RoleLooks{k, make(map[look]RoleName, 2*(len(g.roles)+more))}
	for _, n := range g.roles {
		l.add(n.Name, k.looksOf(n))
	}
	return l
}

// Add adds a name. Of several that look alike the first stays.
func (l *RoleLooks) Add(name RoleName) { l.add(name, l.skeleton.looks(name)) }

func (l *RoleLooks) add(name RoleName, looks [2]look) {
	for _, look := range looks {
		if _, exists := l.seen[look]; !exists {
			l.seen[look] = name
		}
	}
}

// Check is ErrConflict for a name that looks like the system role's, or like another that was added. The same name in
// another case is none of its concern: the Store refuses that.
func (l *RoleLooks) Check(name RoleName) error {
	if err := l.skeleton.checkImitation(name); err != nil {
		return err
	}
	for _, look := range l.skeleton.looks(name) {
		if other, exists := l.seen[look]; exists && other.Key() != name.Key() {
			return looksLike(other)
		}
	}
	return nil
}

// checkImitation is ErrConflict for a name that looks like the system role's.
func (k Skeleton) checkImitation(name RoleName) error {
	if name.Key() != AdminRole.Key() && k.imitates(string(name), string(AdminRole)) {
		return conflict("The name looks like Admin, which is the name of the system role.")
	}
	return nil
}

// freeRoleName is RoleLooks.Check for the other roles of a graph.
func (k Skeleton) freeRoleName(g *Graph, role Role) error {
	if err := k.checkImitation(role.Name); err != nil {
		return err
	}
	wanted, key := k.looks(role.Name), role.Name.Key()
	for _, n := range g.roles {
		if n.ID == role.ID {
			continue
		}
		if has := k.looksOf(n); (has[0] == wanted[0] || has[1] == wanted[1]) && n.Name.Key() != key {
			return looksLike(n.Name)
		}
	}
	return nil
}

func looksLike(other RoleName) error {
	return conflict("The name looks like that of another role: " + string(other))
}

// imitates reports whether a looks like b in any mixture of cases and spaces. It is meant for the few names that only
// the system has, and goes further than looks: 1, I, l and i are one.
func (k Skeleton) imitates(a, b string) bool {
	for _, x := range k.guises(a) {
		for _, y := range k.guises(b) {
			if x == y {
				return true
			}
		}
	}
	return false
}

func (k Skeleton) guises(s string) [3]string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
	return [3]string{foldText(k(plain)), foldText(k(foldText(plain))), foldText(k(strings.ToUpper(plain)))}
}
