package authz

func ownRole(who caller) string { return "r:" + who.account[len("a:"):] }

// roleOf is ownRole for callers whose account is not called like their role.
func roleOf(who caller) string {
	if who.account == "a:admin" {
		return admin
	}
	return ownRole(who)
}

// roleTable is who may read, rename, describe and delete which role.
func roleTable() table {
	t := table{name: "roles", world: world("roles")}
	targets := []string{
		self, admin, "r:all", "r:allkid", "r:mgr", "r:mgrkid", "r:mgrY", "r:mgrXY", "r:x", "r:none", "r:freeNone", "r:freeX",
		"r:freeY", "r:freeMgr", "r:freeAll", "r:branch", "r:leaf", "r:only roles:read", unknownID, "NOT-AN-ID",
	}
	for _, target := range targets {
		t.crossSelf(roleOf,
			call{op: "getRole", target: target},
			call{op: "getRoleTree", target: target},
			call{op: "deleteRole", target: target},
			call{op: "updateRole", target: target, body: body{}},
			call{op: "updateRole", target: target, body: body{"name": "Fresh"}},
			call{op: "updateRole", target: target, body: body{"name": "ADMIN"}},
			call{op: "updateRole", target: target, body: body{"name": "role X"}},
			call{op: "updateRole", target: target, body: body{"description": "fresh"}},
			call{op: "updateRole", target: target, body: body{"description": nil, "name": "Fresh"}},
		)
	}
	return t
}

// parentTable is who may hang which role below which.
func parentTable() table {
	t := table{name: "parents", world: world("roles")}
	parents := append(given, self, "r:leaf", "r:twig", unknownID, "NOT-AN-ID")
	for _, parent := range parents {
		for _, target := range []string{self, admin, "r:freeNone", "r:freeY", "r:freeMgr", "r:mgrXY", "r:branch", "r:twig", unknownID} {
			t.crossSelf(roleOf, call{op: "updateRole", target: target, body: body{"parent_id": parent}})
		}
		if parent == self {
			continue
		}
		t.cross(
			call{op: "createRole", body: body{"name": "Fresh", "parent_id": parent}},
			call{op: "createRole", body: body{"name": "role x", "parent_id": parent}},
			call{op: "createRole", body: body{"name": "Fresh", "parent_id": parent, "permission_ids": []string{"p:docs:x"}}},
			call{op: "createRole", body: body{"name": "Fresh", "parent_id": parent, "permission_ids": []string{"p:docs:y"}}},
		)
	}
	for _, target := range []string{self, admin, "r:freeNone", "r:mgrkid", "r:mgrXY", "r:twig", "r:leaf", unknownID} {
		t.crossSelf(roleOf, call{op: "updateRole", target: target, body: body{"parent_id": nil}})
	}
	return t
}

// assignmentTable is who may add which permissions to which role, and take which from it.
func assignmentTable() table {
	t := table{name: "assignments", world: world("roles")}
	lists := [][]string{
		{"p:docs:x"}, {"p:docs:y"}, {"p:docs:z"}, {"p:roles:update"}, {"p:accounts:delete"},
		{"p:docs:x", "p:docs:y"}, {"p:docs:x", "p:docs:x"}, {"p:docs:x", unknownID}, {"NOT-AN-ID", "p:docs:y", unknownID}, {},
	}
	targets := []string{self, admin, "r:freeNone", "r:freeX", "r:freeY", "r:freeMgr", "r:allkid", "r:mgrXY", "r:branch", "r:twig", unknownID, "NOT-AN-ID"}
	for _, target := range targets {
		for _, list := range lists {
			t.crossSelf(roleOf, call{op: "assignPermissions", target: target, body: body{"permission_ids": list}})
		}
		for _, p := range []string{"p:docs:x", "p:docs:y", "p:roles:update", "p:accounts:read", unknownID, "NOT-AN-ID"} {
			t.crossSelf(roleOf, call{op: "removePermission", target: target, second: p})
		}
	}
	for _, list := range lists {
		t.cross(call{op: "createRole", body: body{"name": "Fresh", "permission_ids": list}})
	}
	return t
}
