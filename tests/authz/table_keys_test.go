package authz

import "strings"

// keyTable is who may see, make and end whose API keys, and what may be done with them: each operation with keys that list
// all that their accounts hold, and less.
func keyTable() table {
	t := table{name: "keys", world: world("api-keys")}
	targets := []string{
		self, root, "a:all", "a:mgr", "a:mgrkid", "a:mgrY", "a:mgrXY", "a:x", "a:y", "a:none", "a:off", "a:offAdmin", unknownID, "NOT-AN-ID",
	}
	for _, target := range targets {
		t.crossSelf(ownAccount, call{op: "listAPIKeys", target: target}, call{op: "endAPIKeys", target: target})
		for _, key := range []string{"k:admin", "k:mgr", "k:x-1", unknownID, "NOT-AN-ID"} {
			t.crossSelf(ownAccount, call{op: "endAPIKey", target: target, second: key})
		}
	}
	t.cross(call{op: "listOwnAPIKeys"})
	for _, key := range []string{"k:admin", "k:mgr", "k:x-2", unknownID, "NOT-AN-ID"} {
		t.cross(call{op: "getOwnAPIKey", target: key}, call{op: "endOwnAPIKey", target: key}, call{op: "rotateAPIKey", target: key, body: body{}})
	}
	for _, permission := range []string{"docs:x", "docs:y", "accounts:read", "api-keys:read"} {
		t.cross(call{op: "createAPIKey", body: body{"name": "Fresh", "permissions": []string{permission}}})
	}
	calls := valid()
	for _, op := range keys(calls) {
		c := calls[op]
		c.op = op
		if need := routes[op].needs; !routes[op].public {
			t.withKeys(c, "a:admin", "a:all", "a:mgr")
			t.cells = append(t.cells, cell{who: caller{"a:admin", 3}, call: c, key: "docs:x"})
			if need != "" {
				t.cells = append(t.cells, cell{who: caller{"a:admin", 3}, call: c, key: need})
			}
		}
	}
	// A key deletes nothing that holds more than it lists, though its account may.
	for _, c := range []call{
		{op: "deleteAccount", target: "a:mgrkid"}, {op: "deleteAccount", target: "a:x"}, {op: "deleteAccount", target: "a:admin"},
		{op: "deleteRole", target: "r:freeX"}, {op: "deleteRole", target: "r:freeMgr"}, {op: "deletePermission", target: "p:docs:x"},
		{op: "removePermission", target: "r:freeX", second: "p:docs:x"}, {op: "removePermission", target: "r:freeMgr", second: "p:docs:x"},
	} {
		for _, list := range []string{"accounts:delete", "accounts:delete docs:x", "roles:delete roles:update permissions:delete", "roles:delete roles:update permissions:delete docs:x"} {
			t.cells = append(t.cells, cell{who: caller{"a:admin", 3}, call: c, key: list}, cell{who: caller{"a:mgr", 3}, call: c, key: list})
		}
		t.withKeys(c, "a:admin", "a:mgr")
	}
	return t
}

// withKeys adds a cell for an API key of each account that lists all that the account holds.
func (t *table) withKeys(c call, accounts ...string) {
	for _, name := range accounts {
		a := t.world.Accounts[name]
		with := cell{who: caller{name, a.Version}, call: c, key: strings.Join(t.world.names(t.world.holds(a.Role)), " ")}
		for _, other := range t.cells {
			if t.world.title(other) == t.world.title(with) {
				return
			}
		}
		t.cells = append(t.cells, with)
	}
}
