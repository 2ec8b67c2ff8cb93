package authz

import "net/url"

// someName is the name of a permission, or of none.
func (d *drawing) someName() string {
	id := pick(d.random, d.s.Permissions, nil)
	if p, ok := d.s.Permissions[id]; ok {
		return p.Name
	}
	return "docs:none"
}

func (d *drawing) question(who string, c *call) {
	switch c.op {
	case "introspectToken":
		of := pick(d.random, d.s.Accounts, nil)
		d.maybe(15, func() { of += aPastToken })
		c.body["token"] = of
	case "checkPermissions":
		c.body["permissions"] = []string{d.someName(), d.someName()}
		d.maybe(50, func() { c.body["account_id"] = pick(d.random, d.s.Accounts, nil) })
	case "evaluateAccess", "evaluateAccesses":
		c.body["subject"] = who
		d.maybe(50, func() { c.body["subject"] = pick(d.random, d.s.Accounts, nil) })
		c.body["permissions"] = []string{d.someName(), d.someName()}
	case "forwardAuth":
		values := url.Values{}
		for range d.between(0, 2) {
			values.Add("require", d.someName())
		}
		c.query = values.Encode()
	}
}

// declaration is about the names that are there, and a few others.
func (d *drawing) declaration() body {
	var names, roles []string
	for _, id := range keys(d.s.Permissions) {
		if name := d.s.Permissions[id].Name; !system(name) {
			names = append(names, name)
		}
	}
	for _, id := range keys(d.s.Roles) {
		if id != admin && id != readerRole {
			roles = append(roles, d.s.Roles[id].Name)
		}
	}
	names, roles = append(names, somePermissions...), append(roles, someRoles...)
	b := body{"service": oneOf(d.random, someServices), "prune": d.chance(30)}
	var permissions []any
	for range d.between(0, 2) {
		p := map[string]any{"name": oneOf(d.random, names)}
		d.maybe(30, func() { p["description"] = "fresh" })
		permissions = append(permissions, p)
	}
	var declared []any
	for range d.between(0, 2) {
		r := map[string]any{"name": oneOf(d.random, roles)}
		d.maybe(30, func() { r["parent"] = oneOf(d.random, roles) })
		held := []string{}
		for range d.between(0, 2) {
			held = append(held, oneOf(d.random, append(systemNames(), names...)))
		}
		r["permissions"] = held
		declared = append(declared, r)
	}
	d.maybe(85, func() { b["permissions"] = emptyNot(permissions) })
	d.maybe(85, func() { b["roles"] = emptyNot(declared) })
	return b
}

// emptyNot makes an empty list of none, which JSON would have as null.
func emptyNot(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}
