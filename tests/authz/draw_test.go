package authz

import (
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"
)

// drawWorld makes three to six roles in a forest, and four to six accounts.
func drawWorld(rt *rapid.T) state {
	rows := []rank{{name: "reader", own: []string{"accounts:read", "roles:read", "permissions:read"}}}
	count := rapid.IntRange(3, 6).Draw(rt, "roles")
	for n := range count {
		row := rank{name: fmt.Sprint(n), alone: true}
		if parent := rapid.IntRange(-3, n-1).Draw(rt, "parent"); parent >= 0 {
			row.parent = fmt.Sprint(parent)
		}
		switch rapid.IntRange(0, 3).Draw(rt, "kind") {
		case 0:
			row.own = append(systemNames(), rapid.SliceOfDistinct(rapid.SampledFrom(things), rapid.ID).Draw(rt, "own")...)
		case 1:
			row.own = rapid.SliceOfDistinct(rapid.SampledFrom(append(systemNames(), things...)), rapid.ID).Draw(rt, "own")
		case 2:
			row.own = rapid.SliceOfDistinct(rapid.SampledFrom(things), rapid.ID).Draw(rt, "own")
		}
		rows = append(rows, row)
	}
	s := build(things, rows)
	if rapid.Bool().Draw(rt, "Admin inherits") {
		r := s.Roles[admin]
		r.Parent = "r:0"
		s.Roles[admin] = r
	}
	for n := range rapid.IntRange(4, 6).Draw(rt, "accounts") {
		role := admin
		if k := rapid.IntRange(-1, count-1).Draw(rt, "role"); k >= 0 {
			role = fmt.Sprintf("r:%d", k)
		}
		s.add(fmt.Sprint(n), role, rapid.IntRange(0, 5).Draw(rt, "active") < 5)
	}
	return s
}

// drawCaller picks an account, mostly one that may do something, now and then with a token of an older version
// or none at all.
func drawCaller(rt *rapid.T, s state) caller {
	able := maps.Clone(s.Accounts)
	if rapid.IntRange(0, 9).Draw(rt, "able") < 9 {
		maps.DeleteFunc(able, func(_ string, a account) bool { return !a.Active || len(s.holds(a.Role)) < 8 })
	}
	name := pick(rt, "caller", able)
	who := caller{name, s.Accounts[name].Version}
	switch rapid.IntRange(0, 19).Draw(rt, "token") {
	case 19:
		who.version = max(1, who.version-1) // which is the current one of an account that was just made
	case 18:
		return caller{}
	}
	return who
}

// pick draws the name of a thing, but never of what snapshots are read with.
func pick[T any](rt *rapid.T, label string, things map[string]T) string {
	list := slices.DeleteFunc(slices.Sorted(maps.Keys(things)), func(name string) bool {
		return name == reader || name == "r:reader"
	})
	if len(list) == 0 {
		return unknownID
	}
	return rapid.SampledFrom(list).Draw(rt, label)
}

// pickOrNot is pick, but now and then of nothing.
func pickOrNot[T any](rt *rapid.T, label string, things map[string]T) string {
	if rapid.IntRange(0, 19).Draw(rt, label+" exists") == 19 {
		return unknownID
	}
	return pick(rt, label, things)
}

// The texts are few, so that they clash.
var (
	someEmails      = []string{"0@world.example", "1@World.Example", "p@world.example", "P@world.example", "q@world.example"}
	someRoles       = []string{"Role 0", "ROLE 1", "Fresh", "fresh", "Stale", "admin"}
	somePermissions = []string{"docs:x", "docs:fresh", "docs:stale", "DOCS:x", "roles:read"}
	somePasswords   = []string{password, "another-secret", "a-third-secret"}
)

// changing are the operations that change something.
var changing = []string{
	"createAccount", "updateAccount", "updateAccount", "updateAccount", "deleteAccount",
	"createRole", "updateRole", "updateRole", "updateRole", "deleteRole", "assignPermissions", "assignPermissions", "removePermission",
	"createPermission", "updatePermission", "deletePermission", "changePassword", "changeEmail",
}

// drawCall makes the call of step n.
func drawCall(rt *rapid.T, s state, n int) call {
	c := call{op: rapid.SampledFrom(changing).Draw(rt, "op"), as: fmt.Sprintf("new %d", n), body: body{}}
	text := func(field string, from []string) {
		c.body[field] = rapid.SampledFrom(from).Draw(rt, field)
	}
	maybe := func(field string, set func()) {
		if rapid.IntRange(0, 2).Draw(rt, "has "+field) == 0 {
			set()
		}
	}
	permissions := func() {
		list := make([]string, rapid.IntRange(0, 3).Draw(rt, "how many"))
		for i := range list {
			list[i] = pickOrNot(rt, "permission", s.Permissions)
		}
		c.body["permission_ids"] = list
	}
	parent := func() {
		if c.body["parent_id"] = nil; rapid.IntRange(0, 4).Draw(rt, "has parent") > 0 {
			c.body["parent_id"] = pickOrNot(rt, "parent", s.Roles)
		}
	}
	active := func() { c.body["is_active"] = rapid.Bool().Draw(rt, "is_active") }
	switch c.op {
	case "createAccount":
		text("email", someEmails)
		text("password", somePasswords[1:])
		c.body["role_id"] = pickOrNot(rt, "role", s.Roles)
		maybe("is_active", active)
	case "updateAccount":
		c.target = pickOrNot(rt, "target", s.Accounts)
		maybe("email", func() { text("email", someEmails) })
		maybe("password", func() { text("password", somePasswords[1:]) })
		maybe("role_id", func() { c.body["role_id"] = pickOrNot(rt, "role", s.Roles) })
		maybe("is_active", active)
	case "createRole":
		text("name", someRoles)
		maybe("parent_id", parent)
		maybe("permission_ids", permissions)
	case "updateRole":
		c.target = pickOrNot(rt, "target", s.Roles)
		maybe("name", func() { text("name", someRoles) })
		maybe("description", func() { c.body["description"] = nil })
		maybe("parent_id", parent)
	case "assignPermissions":
		c.target = pickOrNot(rt, "target", s.Roles)
		permissions()
	case "removePermission":
		c.target, c.second = pickOrNot(rt, "target", s.Roles), pickOrNot(rt, "permission", s.Permissions)
	case "createPermission":
		text("name", somePermissions)
	case "updatePermission":
		c.target = pickOrNot(rt, "target", s.Permissions)
		maybe("name", func() { text("name", somePermissions) })
		maybe("description", func() { text("description", []string{"fresh"}) })
	case "changePassword":
		text("current_password", somePasswords)
		text("new_password", somePasswords[1:])
	case "changeEmail":
		text("current_password", somePasswords)
		text("email", someEmails)
	case "deleteAccount":
		c.target = pickOrNot(rt, "target", s.Accounts)
	case "deleteRole":
		c.target = pickOrNot(rt, "target", s.Roles)
	case "deletePermission":
		c.target = pickOrNot(rt, "target", s.Permissions)
	}
	if routes[c.op].method == "DELETE" {
		c.body = nil
	}
	return c
}
