package authn

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// rights holds the permissions of roles: each role has its own and inherits those of its parent. All permissions of a
// role are computed when they are first needed. Once shared, nothing else of it changes.
type rights struct {
	roles       pieces[*role]
	permissions *permissions
	assigned    int // permissions of their own that all roles have
	shared      bool

	worked  sync.Map     // id → []string: what was asked for
	entries atomic.Int64 // of all lists in worked

	everything sync.Once
	byName     sync.Once
	all        []string      // names of all permissions that there are, sorted
	ids        map[string]id // of the roles
}

type role struct {
	name   string
	parent id   // zero is none
	all    bool // it holds every permission that there is
	own    []uint32
}

// permissions gives each permission a number, in the order of their first statement. Roles keep the numbers.
// Only following uses the numbers by id, so that they are no part of what is shared.
type permissions struct {
	numbers map[id]uint32
	names   []string // by number; empty where there is none of that id
	count   int      // of the names
}

// maxWorked bounds how many names are kept in the lists of what roles may do, at 16 bytes each.
const maxWorked = 1 << 20

func newRights() *rights {
	return &rights{permissions: &permissions{numbers: map[id]uint32{}}}
}

// after returns the rights after a statement. Parts without other readers are changed in place, the rest is copied.
func (r *rights) after(s *statement, limits *Changes) (*rights, error) {
	next := r
	if r.shared {
		p := *r.permissions
		if len(s.permissions) > 0 {
			p.names = slices.Clone(p.names)
		}
		next = &rights{roles: r.roles, permissions: &p, assigned: r.assigned}
	}
	for _, told := range s.permissions {
		next.permissions.name(told.id, told.name)
	}
	for _, told := range s.roles {
		if err := next.take(told); err != nil {
			return nil, err
		}
	}
	switch {
	case next.roles.count > limits.MaxRoles:
		return nil, errTooManyRoles
	case next.permissions.count > limits.MaxPermissions || len(next.permissions.names) > 2*limits.MaxPermissions:
		// Numbers are never given again. Having begun anew, there are as many as there are permissions.
		return nil, errTooManyPermissions
	case next.assigned > limits.MaxAssignments:
		return nil, errTooManyAssignments
	}
	return next, nil
}

// take takes what is told of a role.
func (r *rights) take(told toldRole) error {
	before, known := r.roles.get(told.id)
	if told.continued && !known {
		return errContinues
	}
	if known && !told.continued {
		r.assigned -= len(before.own)
	}
	if told.name == "" {
		r.roles.remove(told.id)
		return nil
	}
	now := &role{name: told.name, parent: told.parent, all: told.all}
	if told.continued {
		now.own = slices.Clip(before.own) // others may read it
	}
	now.own = slices.Grow(now.own, len(told.permissions))
	for _, u := range told.permissions {
		now.own = append(now.own, r.permissions.number(u))
	}
	r.assigned += len(told.permissions)
	r.roles.set(told.id, now)
	return nil
}

// number returns that of a permission, which may be one that has not been told of yet.
func (p *permissions) number(u id) uint32 {
	n, known := p.numbers[u]
	if !known {
		n = uint32(len(p.names)) //nolint:gosec // MaxPermissions bounds it
		p.numbers[u] = n
		p.names = append(p.names, "")
	}
	return n
}

func (p *permissions) name(u id, name string) {
	n := p.number(u)
	if p.names[n] != "" {
		p.count--
	}
	if name != "" {
		p.count++
	}
	p.names[n] = name
}

// named returns the id of the role with a name, zero if there is none.
func (r *rights) named(name string) id {
	r.byName.Do(func() {
		r.ids = make(map[string]id, r.roles.count)
		for _, part := range r.roles.parts {
			for u, role := range part {
				r.ids[role.name] = u
			}
		}
	})
	return r.ids[name]
}

// of returns the name of a role and the sorted names of all that it may do; neither where the role is unknown.
func (r *rights) of(u id) (name string, permissions []string, known bool) {
	role, known := r.roles.get(u)
	if !known {
		return "", nil, false
	}
	if list, ok := r.worked.Load(u); ok {
		return role.name, list.([]string), true
	}
	list := r.workOut(role)
	if r.entries.Add(int64(len(list)+1)) > maxWorked {
		r.worked.Clear()
		r.entries.Store(int64(len(list) + 1))
	}
	r.worked.Store(u, list)
	return role.name, list, true
}

// workOut follows the chain of parents as the service does: it ends at a parent that is unknown, and where it would
// come to a role for the second time, which only SQL by hand can bring about.
func (r *rights) workOut(from *role) []string {
	held := make([]uint64, (len(r.permissions.names)+63)/64)
	seen := map[*role]bool{}
	for role, known := from, true; known && !seen[role]; role, known = r.roles.get(role.parent) {
		if role.all {
			return r.everyName()
		}
		for _, n := range role.own {
			held[n/64] |= 1 << (n % 64)
		}
		seen[role] = true
	}
	names := []string{}
	for i, word := range held {
		for ; word != 0; word &= word - 1 {
			if name := r.permissions.names[i*64+bits.TrailingZeros64(word)]; name != "" {
				names = append(names, name)
			}
		}
	}
	return sorted(names)
}

func (r *rights) everyName() []string {
	r.everything.Do(func() {
		names := []string{}
		for _, name := range r.permissions.names {
			if name != "" {
				names = append(names, name)
			}
		}
		r.all = sorted(names)
	})
	return r.all
}

// sorted returns names in the order that Principal promises.
func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Clip(slices.Compact(names))
}
