package authz

// permissionCalls are all that can be done with the permissions of these names.
func permissionCalls(t *table, targets ...string) {
	for _, target := range targets {
		t.cross(
			call{op: "getPermission", target: target},
			call{op: "deletePermission", target: target},
			call{op: "updatePermission", target: target, body: body{}},
			call{op: "updatePermission", target: target, body: body{"name": "docs:fresh"}},
			call{op: "updatePermission", target: target, body: body{"name": "docs:x"}},
			call{op: "updatePermission", target: target, body: body{"name": "DOCS:X"}},
			call{op: "updatePermission", target: target, body: body{"description": "fresh"}},
			call{op: "updatePermission", target: target, body: body{"description": "fresh", "name": "docs:fresh"}},
			call{op: "updatePermission", target: target, body: body{"name": "roles:read"}},
		)
	}
}

// permissionTable is who may do what with permissions that many roles hold, stronger ones among them.
func permissionTable() table {
	t := table{name: "permissions", world: world("permissions")}
	permissionCalls(&t, "p:docs:x", "p:docs:y", "p:docs:z", "p:accounts:read", "p:permissions:update", unknownID, "NOT-AN-ID")
	for _, name := range []string{"docs:fresh", "docs:x", "DOCS:X", "roles:read"} {
		t.cross(call{op: "createPermission", body: body{"name": name}}, call{op: "createPermission", body: body{"name": name, "description": "fresh"}})
	}
	return t
}

// freePermissionTable is the same where some permissions are held by Admin alone, some by weak roles alone, and
// some by roles that are stronger than some callers.
func freePermissionTable() table {
	mine := []string{"permissions:create", "permissions:read", "permissions:update", "permissions:delete"}
	t := table{name: "free permissions", world: build([]string{"docs:x", "docs:y", "docs:free", "docs:weak", "docs:shared", "docs:heirloom"}, []rank{
		{name: "mgr", own: append([]string{"docs:x", "docs:weak", "docs:shared", "docs:heirloom"}, mine...)},
		{name: "mgrkid", parent: "mgr"},
		{name: "mgrXY", parent: "mgr", own: []string{"docs:y"}},
		{name: "all", own: append([]string{"docs:x", "docs:y", "docs:weak", "docs:shared"}, mine...)},
		{name: "weak", own: []string{"docs:weak"}, alone: true},
		{name: "odd", own: []string{"docs:shared", "docs:y"}, alone: true},
		// It is taken from the ancestor; the heir, who holds more than mgr, only loses with it.
		{name: "ancestor", own: []string{"docs:heirloom"}, alone: true},
		{name: "heir", parent: "ancestor", own: []string{"docs:y"}, alone: true},
		{name: "only permissions:create", own: []string{"permissions:create"}},
		{name: "only permissions:read", own: []string{"permissions:read"}},
		{name: "only permissions:update", own: []string{"permissions:update"}},
		{name: "only permissions:delete", own: []string{"permissions:delete"}},
		{name: "but permissions:create"}, {name: "but permissions:read"},
		{name: "but permissions:update"}, {name: "but permissions:delete"},
	})}
	t.world.add("admin", admin, true)
	t.world.add("reader", admin, true)
	// A system permission that its own caller alone carries, and one that none but Admin has.
	permissionCalls(&t, "p:docs:free", "p:docs:heirloom", "p:docs:weak", "p:docs:shared", "p:docs:x", "p:docs:y", "p:permissions:delete", "p:accounts:create")
	return t
}
