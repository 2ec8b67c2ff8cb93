package system

import (
	"net/http"
)

// loss is a way to lose a right, and how to get it back.
type loss struct {
	name    string
	status  int  // of the subject's requests after the loss
	forGood bool // for the token: giving back the right makes a new token
	bySQL   bool // not through a replica
	take    func(s *subject)
	give    func(s *subject)
}

const (
	unauthorized = http.StatusUnauthorized
	forbidden    = http.StatusForbidden
)

// losses are through the API.
var losses = []loss{
	{"a role loses a permission", forbidden, false, false, func(s *subject) {
		s.change(http.MethodDelete, "roles/"+s.parent+"/permissions/"+s.right, nil)
	}, func(s *subject) {
		s.change(http.MethodPost, "roles/"+s.parent+"/permissions", map[string]any{"permission_ids": []string{s.right}})
	}},
	{"a role's parent is moved", forbidden, false, false, func(s *subject) {
		s.change(http.MethodPatch, "roles/"+s.child, map[string]any{"parent_id": s.roles["User"]})
	}, func(s *subject) {
		s.change(http.MethodPatch, "roles/"+s.child, map[string]any{"parent_id": s.parent})
	}},
	{"an account gets another role", forbidden, false, false, func(s *subject) {
		s.account(map[string]any{"role_id": s.roles["User"]})
	}, func(s *subject) {
		s.account(map[string]any{"role_id": s.child})
	}},
	{"an account is disabled", unauthorized, true, false, func(s *subject) {
		s.account(map[string]any{"is_active": false})
	}, func(s *subject) {
		s.account(map[string]any{"is_active": true})
		s.login()
	}},
	{"an administrator changes the password", unauthorized, true, false, func(s *subject) {
		s.person.password = newPassword()
		s.account(map[string]any{"password": s.person.password})
	}, (*subject).login},
	{"the account changes its password", unauthorized, true, false, func(s *subject) {
		chosen := newPassword()
		s.token = s.here.want(http.StatusOK, http.MethodPost, "/api/v1/auth/password", s.token,
			map[string]any{"current_password": s.password, "new_password": chosen}).text("token")
		s.password = chosen
	}, func(*subject) {}}, // the response had a valid token
	{"an account is deleted", unauthorized, true, false, func(s *subject) {
		s.change(http.MethodDelete, "accounts/"+s.id, nil)
	}, renew},
}

// renew replaces a deleted account by a new one.
func renew(s *subject) { s.person = s.newPerson(s.child) }

// lossesBySQL are by an operator with a SQL shell.
var lossesBySQL = []loss{
	{"SQL takes a permission from a role", forbidden, false, true, func(s *subject) {
		s.sql(`DELETE FROM role_permissions WHERE role_id = '` + s.parent + `'`)
	}, func(s *subject) {
		s.sql(`INSERT INTO role_permissions (role_id, permission_id) VALUES ('` + s.parent + `', '` + s.right + `')`)
	}},
	{"SQL moves a role's parent", forbidden, false, true, func(s *subject) {
		s.sql(`UPDATE roles SET parent_id = NULL WHERE id = '` + s.child + `'`)
	}, func(s *subject) {
		s.sql(`UPDATE roles SET parent_id = '` + s.parent + `' WHERE id = '` + s.child + `'`)
	}},
	{"SQL gives an account another role", forbidden, false, true, func(s *subject) {
		s.sql(`UPDATE accounts SET role_id = '` + s.roles["User"] + `' WHERE id = '` + s.id + `'`)
	}, func(s *subject) {
		s.sql(`UPDATE accounts SET role_id = '` + s.child + `' WHERE id = '` + s.id + `'`)
	}},
	{"SQL disables an account", unauthorized, true, true, func(s *subject) {
		s.sql(`UPDATE accounts SET is_active = false WHERE id = '` + s.id + `'`)
	}, func(s *subject) {
		s.sql(`UPDATE accounts SET is_active = true WHERE id = '` + s.id + `'`)
		s.login()
	}},
	{"SQL ends an account's tokens, and revives them", unauthorized, false, true, func(s *subject) {
		s.sql(`UPDATE accounts SET token_version = token_version + 1 WHERE id = '` + s.id + `'`)
	}, func(s *subject) {
		s.sql(`UPDATE accounts SET token_version = token_version - 1 WHERE id = '` + s.id + `'`)
	}},
	{"SQL deletes an account", unauthorized, true, true, func(s *subject) {
		s.sql(`DELETE FROM accounts WHERE id = '` + s.id + `'`)
	}, renew},
}

// lossesOfPermission delete or rename the permission itself, which is no system permission.
var lossesOfPermission = []loss{
	{"a permission is deleted", forbidden, false, false, func(s *subject) {
		s.change(http.MethodDelete, "permissions/"+s.right, nil)
	}, func(s *subject) {
		made := s.here.want(http.StatusCreated, http.MethodPost, "/api/v1/permissions", s.admin.token, map[string]any{"name": s.name})
		s.right = made.text("id")
		s.change(http.MethodPost, "roles/"+s.parent+"/permissions", map[string]any{"permission_ids": []string{s.right}})
	}},
	{"a permission is renamed", forbidden, false, false, func(s *subject) {
		s.change(http.MethodPatch, "permissions/"+s.right, map[string]any{"name": s.name + "d"})
	}, func(s *subject) {
		s.change(http.MethodPatch, "permissions/"+s.right, map[string]any{"name": s.name})
	}},
	{"SQL deletes a permission", forbidden, false, true, func(s *subject) {
		s.sql(`DELETE FROM permissions WHERE id = '` + s.right + `'`)
	}, func(s *subject) {
		s.sql(`INSERT INTO permissions (id, name, created_at, updated_at) VALUES ('` + s.right + `', '` + s.name + `', now(), now())`)
		s.sql(`INSERT INTO role_permissions (role_id, permission_id) VALUES ('` + s.parent + `', '` + s.right + `')`)
	}},
}
