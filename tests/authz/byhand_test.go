package authz

import "testing"

// These answers were read out of the contract by a person, sentence by sentence. The table compares the
// service with the oracle; this compares the oracle with the text.
func TestOracleByHand(t *testing.T) {
	t.Parallel()
	w := world("")
	patch := func(target string, b body) call { return call{op: "updateAccount", target: target, body: b} }
	give := func(target, role string) call { return patch(target, body{"role_id": role}) }
	edit := func(target string, b body) call { return call{op: "updateRole", target: target, body: b} }
	hang := func(target, parent string) call { return edit(target, body{"parent_id": parent}) }
	add := func(target string, permissions ...string) call {
		return call{op: "assignPermissions", target: target, body: body{"permission_ids": permissions}}
	}
	take := func(target, p string) call { return call{op: "removePermission", target: target, second: p} }
	kill := func(op, target string) call { return call{op: op, target: target} }
	rename := func(target, name string) call {
		return call{op: "updatePermission", target: target, body: body{"name": name}}
	}
	for _, section := range []struct {
		says  string
		cells []row
	}{
		{"each endpoint asks for its permission", []row{
			{"none", call{op: "listAccounts"}, 403}, {"only accounts:read", call{op: "listAccounts"}, 200},
			{"only roles:update", take("r:freeX", "p:docs:x"), 403}, {"but roles:update", add("r:freeNone", "p:docs:x"), 403},
			{"none", call{op: "getMe"}, 200}, {"off", call{op: "getMe"}, 401},
		}},
		{"nobody can hand out what they do not hold: a role", []row{
			{"mgr", give("a:x", "r:mgrkid"), 200}, {"mgr", give("a:x", "r:y"), 403}, {"mgr", give("a:x", "r:mgrXY"), 403},
			{"all", give("a:x", "r:allkid"), 200}, {"mgrXY", give("a:x", "r:y"), 200},
		}},
		{"… a permission", []row{
			{"mgr", add("r:freeNone", "p:docs:x"), 200}, {"mgr", add("r:freeNone", "p:docs:y"), 403},
			{"mgr", add("r:freeNone", "p:docs:x", "p:docs:y"), 403}, {"mgr", add("r:freeNone", "p:docs:x", unknownID), 422},
			{"mgr", add("r:freeNone"), 422}, {"mgr", add("r:freeX", "p:docs:x", "p:docs:x"), 200}, {"mgr", add(unknownID, "p:docs:y"), 404},
		}},
		{"… a parent", []row{
			{"mgr", hang("r:freeNone", "r:x"), 200}, {"mgr", hang("r:freeNone", "r:y"), 403}, {"mgr", hang("r:branch", "r:y"), 403},
			{"mgr", edit("r:mgrkid", body{"parent_id": nil}), 200}, {"mgr", hang("r:freeNone", unknownID), 422},
		}},
		{"nor change what holds more", []row{
			{"mgr", patch("a:mgrXY", body{"is_active": false}), 403}, {"mgr", patch("a:y", body{"email": "f@world.example"}), 403},
			{"mgr", kill("deleteAccount", "a:mgrXY"), 403}, {"mgr", kill("deleteAccount", "a:mgrkid"), 200},
			{"mgr", edit("r:mgrXY", body{"description": "fresh"}), 403}, {"mgr", kill("deleteRole", "r:freeY"), 403},
			{"mgr", take("r:mgrXY", "p:docs:y"), 403}, {"mgr", kill("deleteRole", "r:freeMgr"), 200},
			{"mgr", add("r:mgrXY", "p:docs:x"), 403},
		}},
		{"on oneself one may only lose", []row{
			{"mgr", give("a:mgr", "r:x"), 200}, {"mgr", give("a:mgr", "r:mgrXY"), 403}, {"mgr", give("a:mgr", "r:y"), 403},
			{"mgr", patch("a:mgr", body{"is_active": false}), 200}, {"mgr", kill("deleteAccount", "a:mgr"), 200},
			{"mgr", take("r:mgr", "p:roles:update"), 200}, {"mgr", add("r:mgr", "p:docs:y"), 403}, {"mgr", hang("r:mgr", "r:y"), 403},
			{"mgr", patch("a:mgr", body{"password": "another-secret"}), 403}, {"mgr", patch("a:mgr", body{"email": "f@world.example"}), 403},
			{"admin", patch("a:admin", body{"password": "another-secret"}), 403},
		}},
		{"renaming a permission that a role holds is for Admin", []row{
			{"all", rename("p:docs:x", "docs:fresh"), 403}, {"admin", rename("p:docs:x", "docs:fresh"), 200},
			{"admin", rename("p:docs:x", "docs:y"), 409}, {"admin", rename("p:roles:read", "docs:fresh"), 409},
			{"all", rename("p:docs:x", "docs:x"), 200},
		}},
		{"to delete a permission one holds it, and all who lose it hold no more", []row{
			{"mgr", kill("deletePermission", "p:docs:z"), 403}, {"mgr", kill("deletePermission", "p:docs:x"), 403},
			{"all", kill("deletePermission", "p:docs:x"), 200}, {"admin", kill("deletePermission", "p:roles:read"), 409},
		}},
		{"the role Admin", []row{
			{"admin", edit(admin, body{"name": "Chief"}), 409}, {"all", edit(admin, body{"name": "Chief"}), 409},
			{"mgr", edit(admin, body{"name": "Chief"}), 403}, {"admin", kill("deleteRole", admin), 409},
			{"admin", take(admin, "p:docs:x"), 409}, {"admin", hang("r:freeNone", admin), 409}, {"all", hang("r:freeNone", admin), 409},
			{"mgr", hang("r:freeNone", admin), 403}, {"admin", hang(admin, "r:mgr"), 200}, {"admin", edit(admin, body{"parent_id": nil}), 200},
			{"admin", edit(admin, body{"description": "fresh"}), 200},
			{"all", give("a:x", admin), 403}, {"admin", give("a:x", admin), 200},
			{"all", patch("a:root", body{"is_active": false}), 403}, {"all", kill("deleteAccount", "a:offAdmin"), 403},
			{"admin", kill("deleteAccount", "a:root"), 200},
		}},
		{"cycles and things in use", []row{
			{"admin", hang("r:branch", "r:leaf"), 409}, {"admin", hang("r:branch", "r:branch"), 409}, {"mgr", hang("r:branch", "r:leaf"), 403},
			{"admin", kill("deleteRole", "r:branch"), 409}, {"admin", kill("deleteRole", "r:x"), 409}, {"admin", kill("deleteRole", "r:leaf"), 200},
		}},
	} {
		t.Run(section.says, func(t *testing.T) {
			t.Parallel()
			for _, c := range section.cells {
				if got := judge(w, caller{"a:" + c.who, 3}, c.call).status; got != c.status {
					t.Errorf("%s by %s on %s: the oracle says %d, the contract %d", describe(c.call), c.who, c.call.target, got, c.status)
				}
			}
		})
	}
}

// row is who, what, and the status that the contract gives it.
type row struct {
	who    string
	call   call
	status int
}
