package authz

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

const (
	readerRole = "r:reader"
	// othersPassword is that of accounts outside the coalition, at the beginning.
	othersPassword = "somebody-else-s-secret"
)

// The texts are few, so that they clash.
var (
	someEmails      = []string{"0@world.example", "1@World.Example", "p@world.example", "P@world.example", "q@world.example"}
	someRoles       = []string{"Role 0", "ROLE 1", "Fresh", "fresh", "Stale", "admin"}
	somePermissions = []string{"docs:x", "docs:fresh", "docs:stale", "DOCS:x", "roles:read"}
	someServices    = []string{"docs", "shop"}
	// coalitionPasswords are those that members have and choose, and adminPasswords those that administrators do.
	coalitionPasswords = []string{password, "another-secret", "a-third-secret"}
	adminPasswords     = []string{"chosen-from-above"}
)

// drawScenario makes a small world with a coalition of one to three accounts, and what is then asked for. The model
// alone says how it goes on: the service is not needed for it.
func drawScenario(d random) scenario {
	sc := scenario{World: drawWorld(d)}
	drawn := &drawing{random: d, s: sc.World}
	for range d.between(15, 40) {
		sc.Steps = append(sc.Steps, drawn.next()...)
	}
	return sc
}

// random is the one source of chance, so that a seed gives the same scenario each time.
type random struct{ *rand.Rand }

// between is one of low to high, both included.
func (d random) between(low, high int) int { return low + d.IntN(high-low+1) }

// chance is true n times in a hundred.
func (d random) chance(n int) bool { return d.IntN(100) < n }

func oneOf[T any](d random, list []T) T { return list[d.IntN(len(list))] }

// drawWorld makes three to six roles in a forest, one to three members of the coalition, and one to three others.
func drawWorld(d random) state {
	rows := []rank{{name: "reader", own: []string{"accounts:read", "service-accounts:read", "roles:read", "permissions:read", "changes:read"}, alone: true}}
	count := d.between(3, 6)
	for n := range count {
		row := rank{name: fmt.Sprint(n), alone: true}
		if n > 0 && d.chance(45) {
			row.parent = fmt.Sprint(d.between(0, n-1))
		}
		row.own = drawRights(d)
		rows = append(rows, row)
	}
	s := build(things, rows)
	for id, r := range s.Roles {
		if id != admin && id != readerRole && d.chance(15) {
			r.Owner = oneOf(d, someServices)
			s.Roles[id] = r
		}
	}
	for _, name := range things {
		if p := s.Permissions["p:"+name]; d.chance(20) {
			p.Owner = oneOf(d, someServices)
			s.Permissions["p:"+name] = p
		}
	}
	if d.chance(30) {
		r := s.Roles[admin]
		r.Parent = "r:0"
		s.Roles[admin] = r
	}
	free := func() string { return fmt.Sprintf("r:%d", d.between(0, count-1)) }
	for n := range d.between(1, 3) {
		s.add(fmt.Sprint(n), free(), true)
	}
	for n := range d.between(1, 3) {
		role := free()
		if d.chance(30) {
			role = admin
		}
		s.add(fmt.Sprint("other", n), role, d.chance(75))
	}
	s.add("reader", readerRole, true)
	for id, a := range s.Accounts {
		if id == root || id == reader || a.Email[0] == 'o' {
			a.Password = othersPassword
			s.Accounts[id] = a
		}
	}
	return s
}

// drawRights are everything, many of the permissions of the API, some, or none, and some others.
func drawRights(d random) []string {
	if d.chance(12) {
		return append(systemNames(), things...)
	}
	share := oneOf(d, []int{90, 100, 60, 25, 0})
	var own []string
	for _, name := range append(systemNames(), things...) {
		n := share
		if slices.Contains(things, name) {
			n = 40
		}
		if d.chance(n) {
			own = append(own, name)
		}
	}
	return own
}

// pick draws the name of a thing, but never of what the test itself needs. Now and then it is none.
func pick[T any](d random, things map[string]T, fits func(string) bool) string {
	list := slices.DeleteFunc(keys(things), func(name string) bool {
		return name == reader || name == readerRole || fits != nil && !fits(name)
	})
	if len(list) == 0 || d.chance(2) {
		return unknownID
	}
	return oneOf(d, list)
}
