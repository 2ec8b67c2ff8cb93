package users

import (
	"cmp"
	"fmt"
)

// Limits bound how many roles, permissions and assignments there may be, because every replica and every service that
// follows changes keeps all of them in memory. What is there beyond a limit stays; there is only made no more. Zero
// stands for the usual.
type Limits struct {
	Roles       int
	Permissions int // those of the system included
	Assignments int // of permissions to roles
}

// UsualLimits are those of a service whose settings say nothing.
var UsualLimits = Limits{Roles: 100_000, Permissions: 100_000, Assignments: 1_000_000}

func (l Limits) orUsual() Limits {
	return Limits{
		Roles: cmp.Or(l.Roles, UsualLimits.Roles), Permissions: cmp.Or(l.Permissions, UsualLimits.Permissions),
		Assignments: cmp.Or(l.Assignments, UsualLimits.Assignments),
	}
}

// Made is how many there are.
func (g *Graph) Made() Limits {
	return Limits{Roles: len(g.roles), Permissions: len(g.permissions), Assignments: g.assignments}
}

// MayMake is ErrConflict where so many more roles, permissions or assignments than were made already would be too many.
func (l Limits) MayMake(made, more Limits) error {
	for _, kind := range []struct {
		what               string
		there, more, limit int
		setting            string
	}{
		{"roles", made.Roles, more.Roles, l.Roles, "MAX_ROLES"},
		{"permissions", made.Permissions, more.Permissions, l.Permissions, "MAX_PERMISSIONS"},
		{"assignments of permissions to roles", made.Assignments, more.Assignments, l.Assignments, "MAX_ASSIGNMENTS"},
	} {
		if kind.more > 0 && kind.there+kind.more > kind.limit {
			return conflict(fmt.Sprintf("There are %d %s, and at most %d may be made (%s).", kind.there, kind.what, kind.limit, kind.setting))
		}
	}
	return nil
}

// distinct counts ids that may be repeated.
func distinct(list []ID) int {
	seen := make(map[ID]bool, len(list))
	for _, id := range list {
		seen[id] = true
	}
	return len(seen)
}
