package authz

func ownAccount(who caller) string { return who.account }

// accountTable is who may read, change, disable and delete whom.
func accountTable() table {
	t := table{name: "accounts", world: world("accounts")}
	targets := []string{
		self, root, "a:offAdmin", "a:all", "a:allkid", "a:mgr", "a:mgrkid", "a:mgrY", "a:mgrXY", "a:x", "a:y", "a:none",
		"a:off", "a:offMgr", "a:only accounts:read", unknownID, "NOT-AN-ID", "01980000-0000-7000-8000-00000000000A",
	}
	for _, target := range targets {
		t.crossSelf(ownAccount,
			call{op: "getAccount", target: target},
			call{op: "getAccountPermissions", target: target},
			call{op: "explainPermission", target: target, query: explained},
			call{op: "deleteAccount", target: target},
			call{op: "impersonateAccount", target: target, body: body{"reason": "A ticket"}},
			call{op: "updateAccount", target: target, body: body{}},
			call{op: "updateAccount", target: target, body: body{"is_active": false}},
			call{op: "updateAccount", target: target, body: body{"is_active": true}},
			call{op: "updateAccount", target: target, body: body{"email": "fresh@world.example"}},
			call{op: "updateAccount", target: target, body: body{"email": "Y@WORLD.example"}},
			call{op: "updateAccount", target: target, body: body{"password": "another-secret"}},
			call{op: "updateAccount", target: target, body: body{"password": "another-secret", "is_active": false, "role_id": "r:none"}},
			call{op: "updateAccount", target: target, body: body{"email": "fresh@world.example", "role_id": unknownID}},
		)
	}
	return t
}

// given are the roles that are given to accounts and named as parents: each relation to each caller is there.
var given = []string{admin, "r:all", "r:allkid", "r:mgr", "r:mgrkid", "r:mgrXY", "r:mgrY", "r:x", "r:y", "r:none"}

// accountRoleTable is who may give which role to whom.
func accountRoleTable() table {
	t := table{name: "giving roles", world: world("accounts")}
	for _, role := range append(given, "r:only accounts:update", "r:freeX", unknownID, "NOT-AN-ID") {
		for _, target := range []string{self, root, "a:offAdmin", "a:x", "a:mgrkid", "a:mgrXY", "a:off", unknownID} {
			t.crossSelf(ownAccount, call{op: "updateAccount", target: target, body: body{"role_id": role}})
		}
		t.cross(
			call{op: "createAccount", body: body{"email": "fresh@world.example", "password": "another-secret", "role_id": role}},
			call{op: "createAccount", body: body{"email": "x@World.Example", "password": "another-secret", "role_id": role}},
			call{op: "createAccount", body: body{"email": "fresh@world.example", "password": "another-secret", "role_id": role, "is_active": false}},
		)
	}
	return t
}
