package authz

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// changing are the operations that change something, and asking those that do not; login and follow, which is no
// operation but a follower of the changes that catches up, are among these. Some are there more often.
var (
	changing = strings.Fields(`createAccount updateAccount updateAccount updateAccount updateAccount deleteAccount
		createRole createRole updateRole updateRole updateRole deleteRole assignPermissions assignPermissions removePermission
		createPermission updatePermission deletePermission changePassword changeEmail applyDeclaration applyDeclaration`)
	asking = strings.Fields(`getMe listAccounts listRoles listPermissions getAccount getRole getPermission getRoleTree
		getAccountPermissions explainPermission checkPermissions checkPermissions evaluateAccess evaluateAccesses forwardAuth forwardAuth
		introspectToken introspectToken planDeclaration login login follow`)
)

// drawing makes steps, each for the state that the model says those before have led to.
type drawing struct {
	random
	s state
	n int // steps so far
}

// next makes a step, or two: a dry run and the same in earnest.
func (d *drawing) next() []step {
	who := d.caller()
	c := d.call(who)
	one := stepOf(who, c)
	one.Past = who != "" && d.chance(3)
	one.Replica = d.between(0, 1)
	if c.op == "follow" {
		return []step{one}
	}
	caller := caller{who, d.s.Accounts[who].Version}
	if one.Past {
		caller.version = 0 // what it may be is for the run to find out; here nothing is done with it
	}
	before := d.s
	d.s = judge(d.s, caller, c).next
	if slices.Contains(rehearsable, c.op) && d.chance(30) {
		dry := one
		dry.Dry, dry.New = true, ""
		if d.chance(20) {
			d.s = before
			return []step{dry}
		}
		return []step{dry, one}
	}
	return []step{one}
}

// caller is mostly an account of the coalition, at times an administrator, and seldom nobody.
func (d *drawing) caller() string {
	var members, administrators []string
	for _, id := range keys(d.s.Accounts) {
		switch a := d.s.Accounts[id]; {
		case d.s.administers(id):
			administrators = append(administrators, id)
		case knowsPassword(a) && (a.Active || d.chance(10)):
			members = append(members, id)
		}
	}
	switch {
	case d.chance(2):
		return ""
	case len(members) == 0 || d.chance(12):
		return oneOf(d.random, administrators)
	}
	return oneOf(d.random, members)
}

// op is mostly one that the caller's role has the permission for.
func (d *drawing) op(who string) string {
	list := changing
	if d.chance(22) {
		list = asking
	}
	if held := d.s.names(d.s.holds(d.s.Accounts[who].Role)); d.chance(92) {
		list = slices.DeleteFunc(slices.Clone(list), func(op string) bool {
			r := routes[op]
			return r.needs != "" && !slices.Contains(held, r.needs) || r.also != "" && !slices.Contains(held, r.also)
		})
	}
	return oneOf(d.random, list)
}

func (d *drawing) call(who string) call {
	d.n++
	c := call{op: d.op(who), as: fmt.Sprintf("new-%d", d.n), body: body{}}
	switch {
	case strings.Contains(c.op, "Account") && c.op != "listAccounts" || strings.HasPrefix(c.op, "change") || c.op == "login" || c.op == "explainPermission":
		d.account(who, &c)
	case c.op == "checkPermissions" || strings.HasPrefix(c.op, "evaluate") || c.op == "forwardAuth" || c.op == "introspectToken":
		d.question(who, &c)
	case strings.HasSuffix(c.op, "Declaration"):
		c.body = d.declaration()
	case strings.Contains(c.op, "Role") || strings.HasSuffix(c.op, "Permissions") || c.op == "removePermission":
		d.role(who, &c)
	case strings.Contains(c.op, "Permission"):
		d.permission(&c)
	}
	if m := routes[c.op].method; m != "POST" && m != "PATCH" {
		c.body = nil
	}
	if routes[c.op].status != 201 && c.op != "applyDeclaration" {
		c.as = ""
	}
	return c
}

func (d *drawing) text(c *call, field string, from []string) { c.body[field] = oneOf(d.random, from) }

func (d *drawing) maybe(n int, set func()) {
	if d.chance(n) {
		set()
	}
}

// someRole prefers roles that the caller could give.
func (d *drawing) someRole(who string) string {
	own := d.s.Accounts[who].Role
	return pick(d.random, d.s.Roles, func(id string) bool {
		return len(d.s.more(id, own)) == 0 && (id != admin || d.s.administers(who)) || d.chance(30)
	})
}

func (d *drawing) account(who string, c *call) {
	passwords := coalitionPasswords[1:]
	if d.s.administers(who) {
		passwords = adminPasswords
	}
	confirm := func() {
		if c.body["current_password"] = d.s.Accounts[who].Password; who == "" || d.chance(20) {
			d.text(c, "current_password", coalitionPasswords)
		}
	}
	switch c.op {
	case "login":
		of := pick(d.random, d.s.Accounts, func(id string) bool { return knowsPassword(d.s.Accounts[id]) })
		if c.body["email"] = d.s.Accounts[of].Email; of == unknownID || d.chance(10) {
			d.text(c, "email", someEmails)
		}
		if c.body["password"] = d.s.Accounts[of].Password; of == unknownID || d.chance(20) {
			d.text(c, "password", coalitionPasswords)
		}
		return
	case "changePassword":
		confirm()
		d.text(c, "new_password", passwords)
		return
	case "changeEmail":
		confirm()
		d.text(c, "email", someEmails)
		return
	case "createAccount":
		d.text(c, "email", someEmails)
		d.text(c, "password", passwords)
		c.body["role_id"] = d.someRole(who)
		d.maybe(20, func() { c.body["is_active"] = d.chance(50) })
		return
	}
	if c.target = pick(d.random, d.s.Accounts, nil); c.op != "updateAccount" {
		c.query = map[string]string{"explainPermission": "permission=" + url.QueryEscape(d.someName())}[c.op]
		return
	}
	d.maybe(20, func() { d.text(c, "email", someEmails) })
	d.maybe(25, func() { d.text(c, "password", passwords) })
	d.maybe(50, func() { c.body["role_id"] = d.someRole(who) })
	d.maybe(35, func() { c.body["is_active"] = d.chance(50) })
}

func (d *drawing) someIDs(who string) []string {
	held := d.s.holds(d.s.Accounts[who].Role)
	list := make([]string, d.between(0, 2))
	for i := range list {
		list[i] = pick(d.random, d.s.Permissions, func(id string) bool { return held[id] || d.chance(25) })
	}
	return list
}

func (d *drawing) role(who string, c *call) {
	parent := func() {
		if c.body["parent_id"] = nil; d.chance(80) {
			c.body["parent_id"] = d.someRole(who)
		}
	}
	if c.op != "createRole" && c.op != "listRoles" && c.op != "listPermissions" {
		c.target = pick(d.random, d.s.Roles, nil)
	}
	switch c.op {
	case "createRole":
		d.text(c, "name", someRoles)
		d.maybe(40, parent)
		d.maybe(40, func() { c.body["permission_ids"] = d.someIDs(who) })
	case "updateRole":
		d.maybe(25, func() { d.text(c, "name", someRoles) })
		d.maybe(20, func() { c.body["description"] = nil })
		d.maybe(60, parent)
	case "assignPermissions":
		c.body["permission_ids"] = append(d.someIDs(who), pick(d.random, d.s.Permissions, nil))
	case "removePermission":
		own := d.s.Roles[c.target].Own
		c.second = pick(d.random, d.s.Permissions, func(id string) bool { return own[id] || d.chance(10) })
	}
}

func (d *drawing) permission(c *call) {
	if c.op != "createPermission" {
		c.target = pick(d.random, d.s.Permissions, func(id string) bool { return !system(d.s.Permissions[id].Name) || d.chance(10) })
	}
	switch c.op {
	case "createPermission":
		d.text(c, "name", somePermissions)
	case "updatePermission":
		d.maybe(70, func() { d.text(c, "name", somePermissions) })
		d.maybe(30, func() { d.text(c, "description", []string{"fresh"}) })
	}
}
