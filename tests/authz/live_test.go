package authz

import (
	"testing"
)

// TestRightsAreLive makes each kind of change and sends, with a token from before it, the very next request.
func TestRightsAreLive(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		s := build(things, []rank{
			{name: "grand", own: []string{"permissions:read"}},
			{name: "parent", parent: "grand", own: []string{"accounts:read"}},
			{name: "own", parent: "parent", own: []string{"roles:read", "docs:x"}, alone: true},
			{name: "other", own: []string{"roles:create"}, alone: true},
		})
		s.add("worker", "r:own", true)
		s.add("reader", admin, true)
		h.install(t, s)
		for _, scenario := range liveScenarios {
			t.Run(scenario.name, func(t *testing.T) {
				defer h.restore(t)
				w := worker{T: t, h: h, old: h.token(t, s, h.live("a:worker")), root: h.token(t, s, h.live(root))}
				for _, op := range []string{"listAccounts", "listRoles", "listPermissions", "getMe"} {
					w.asks(op, 200)
				}
				w.asks("deleteAccount", 403)
				scenario.play(w)
			})
		}
	})
}

var liveScenarios = []struct {
	name string
	play func(w worker)
}{
	{"a permission is taken from the role and given back", func(w worker) {
		w.admin(call{op: "removePermission", target: "r:own", second: "p:roles:read"})
		w.asks("listRoles", 403)
		w.admin(call{op: "assignPermissions", target: "r:own", body: body{"permission_ids": []string{"p:roles:read"}}})
		w.asks("listRoles", 200)
	}},
	{"a permission is taken from the parent's parent", func(w worker) {
		w.admin(call{op: "removePermission", target: "r:grand", second: "p:permissions:read"})
		w.asks("listPermissions", 403)
		w.asks("listAccounts", 200)
	}},
	{"the parent's parent gets a permission", func(w worker) {
		w.admin(call{op: "assignPermissions", target: "r:grand", body: body{"permission_ids": []string{"p:accounts:delete"}}})
		w.asks("deleteAccount", 403) // of an administrator: the rules now, no more the missing permission
		a := w.h.send(w, w.old, call{op: "deleteAccount", target: unknownID})
		a.Want(w, 404, "Account not found")
	}},
	{"the role loses its parent", func(w worker) {
		w.role("r:own", body{"parent_id": nil})
		w.asks("listAccounts", 403)
		w.asks("listPermissions", 403)
		w.asks("listRoles", 200)
	}},
	{"the parent moves", func(w worker) {
		w.role("r:parent", body{"parent_id": "r:other"})
		w.asks("listPermissions", 403)
		w.asks("listAccounts", 200)
		w.h.send(w, w.old, call{op: "createRole", body: body{"name": "Fresh"}}).Want(w, 201, "")
		w.h.know("new", w.named("roles", "Fresh"))
	}},
	{"the account moves", func(w worker) {
		w.account(body{"role_id": "r:grand"})
		w.asks("listAccounts", 403)
		w.asks("listRoles", 403)
		w.asks("listPermissions", 200)
		w.account(body{"role_id": "r:own"})
		w.asks("listRoles", 200)
	}},
	{"the account becomes an administrator and is one no more", func(w worker) {
		w.account(body{"role_id": admin})
		w.h.send(w, w.old, call{op: "createPermission", body: body{"name": "docs:fresh"}}).Want(w, 201, "")
		w.h.know("new", w.named("permissions", "docs:fresh"))
		w.account(body{"role_id": "r:own"})
		w.h.send(w, w.old, call{op: "createPermission", body: body{"name": "docs:more"}}).Want(w, 403, "Missing required permission: permissions:create")
	}},
	{"a permission is deleted, another renamed", func(w worker) {
		w.admin(call{op: "updatePermission", target: "p:docs:x", body: body{"name": "docs:renamed"}})
		w.holds("accounts:read", "docs:renamed", "permissions:read", "roles:read")
		w.admin(call{op: "deletePermission", target: "p:docs:x"})
		w.holds("accounts:read", "permissions:read", "roles:read")
	}},
	{"the account is disabled; enabling it again revives no token", func(w worker) {
		w.account(body{"is_active": false})
		for _, op := range []string{"getMe", "listRoles", "deleteAccount"} {
			w.asks(op, 401)
		}
		w.login(password, 401)
		w.account(body{"is_active": true})
		w.asks("getMe", 401)
		w.old = w.login(password, 200)
		w.asks("getMe", 200)
		w.account(body{"is_active": true}) // as it is already: nothing happens to tokens
		w.asks("getMe", 200)
	}},
	{"the account disables itself", func(w worker) {
		w.admin(call{op: "assignPermissions", target: "r:own", body: body{"permission_ids": []string{"p:accounts:update"}}})
		w.h.send(w, w.old, call{op: "updateAccount", target: "a:worker", body: body{"is_active": false}}).Want(w, 200, "Account updated successfully")
		w.asks("getMe", 401)
		w.h.send(w, w.old, call{op: "updateAccount", target: "a:worker", body: body{"is_active": true}}).Want(w, 401, "")
	}},
	{"the account is deleted", func(w worker) {
		w.admin(call{op: "deleteAccount", target: "a:worker"})
		w.asks("getMe", 401)
		w.asks("listRoles", 401)
		w.login(password, 401)
	}},
	{"an administrator sets another password", func(w worker) {
		w.account(body{"password": "another-secret"})
		w.asks("getMe", 401)
		w.login(password, 401)
		w.old = w.login("another-secret", 200)
		w.asks("listRoles", 200)
	}},
	{"the account changes its password", func(w worker) {
		change := call{op: "changePassword", body: body{"current_password": password, "new_password": "another-secret"}}
		fresh := w.h.send(w, w.old, change).Want(w, 200, "Password updated successfully").Text(w, "token")
		w.asks("getMe", 401)
		w.h.send(w, w.old, change).Want(w, 401, "")
		w.old = fresh
		w.asks("getMe", 200)
		w.login(password, 401)
		w.login("another-secret", 200)
	}},
	{"a wrong current password changes nothing", func(w worker) {
		w.h.send(w, w.old, call{op: "changePassword", body: body{"current_password": "wrong", "new_password": "another-secret"}}).Want(w, 403, "")
		w.h.send(w, w.old, call{op: "changeEmail", body: body{"current_password": "wrong", "email": "fresh@world.example"}}).Want(w, 403, "")
		w.asks("getMe", 200)
		w.login(password, 200)
	}},
	{"the account changes its e-mail, which kills no token", func(w worker) {
		w.h.send(w, w.old, call{op: "changeEmail", body: body{"current_password": password, "email": "fresh@world.example"}}).
			Want(w, 200, "Account updated successfully")
		w.asks("getMe", 200)
		w.account(body{"email": "fresher@world.example"})
		w.asks("getMe", 200)
	}},
	{"what the token claims does not matter", func(w worker) {
		who := w.h.live("a:worker")
		liar := w.h.mint(w, who, admin, []string{"Admin"}, systemNames())
		w.h.send(w, liar, call{op: "deleteAccount", target: unknownID}).Want(w, 403, "Missing required permission: accounts:delete")
		modest := w.h.mint(w, w.h.live(root), "", []string{"Role own"}, nil)
		w.h.send(w, modest, call{op: "deleteAccount", target: unknownID}).Want(w, 404, "Account not found")
	}},
}
