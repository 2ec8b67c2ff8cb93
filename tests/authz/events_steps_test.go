package authz

import (
	"net/url"
	"strings"
)

// eventSteps has for each operation that changes something calls that do, in all the ways that events tell apart, and
// calls that do not. They are made in this order.
func eventSteps() []struct {
	op    string
	steps func(w *eventWorld) []eventStep
} {
	type object = map[string]any
	list := func(items ...string) []string { return items }
	return []struct {
		op    string
		steps func(w *eventWorld) []eventStep
	}{
		{"createAccount", func(w *eventWorld) []eventStep {
			made := object{"email": "Eve@Example.com", "password": "a-fresh-secret", "role_id": w.heir}
			return []eventStep{
				on(post, "/accounts", made, 201, "account.created"),
				on(post, "/accounts", made, 409, ""),
				on(post, "/accounts", object{"email": "off@example.com", "password": "a-fresh-secret", "role_id": w.heir, "is_active": false}, 201, "account.created"),
			}
		}},
		{"login", func(w *eventWorld) []eventStep {
			login := func(password string, session bool, status int, kinds string) eventStep {
				return on(post, "/auth/login", object{"email": w.ada.Email, "password": password, "session": session}, status, kinds).by(w.ada)
			}
			return []eventStep{
				login(w.ada.Password, false, 200, ""), // see TestHashUpgradeRecordsAnEvent
				login("a-wrong-secret", true, 401, ""),
				login(w.ada.Password, true, 200, "session.started"),
			}
		}},
		{"refresh", refreshSteps},
		{"logout", func(w *eventWorld) []eventStep {
			s := w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			step := on(post, "/auth/logout", object{"refreshToken": s.RefreshToken}, 200, "session.ended").of(w.ada, s)
			again := step
			again.kinds = ""
			return []eventStep{step, again}
		}},
		{"revokeToken", func(w *eventWorld) []eventStep {
			s := w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			step := on(post, "", url.Values{"token": {s.RefreshToken}}, 200, "session.ended").by(w.ada)
			step.call.Path = "/oauth2/revoke"
			again := step
			again.kinds = ""
			return []eventStep{step, again}
		}},
		{"endOwnSession", func(w *eventWorld) []eventStep {
			one := w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			path := "/auth/sessions/" + one.ID
			return []eventStep{on(del, path, nil, 404, ""), on(del, path, nil, 200, "session.ended").by(w.ada), on(del, path, nil, 404, "").by(w.ada)}
		}},
		{"endOtherSessions", func(w *eventWorld) []eventStep {
			one := w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			w.LoginSession(w.t, w.bob.Email, w.bob.Password)
			return []eventStep{
				on(del, "/auth/sessions", nil, 200, "session.ended session.ended").of(w.ada, one), // one is of the login before
				on(del, "/auth/sessions", nil, 200, "").of(w.ada, one),
				on(del, "/auth/sessions", nil, 200, "session.ended").by(w.ada),
			}
		}},
		{"endSession", func(w *eventWorld) []eventStep {
			one := w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			path := "/accounts/" + w.ada.ID + "/sessions/" + one.ID
			return []eventStep{on(del, path, nil, 200, "session.ended"), on(del, path, nil, 404, "")}
		}},
		{"endSessions", func(w *eventWorld) []eventStep {
			w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			path := "/accounts/" + w.ada.ID + "/sessions"
			return []eventStep{on(del, path, nil, 200, "session.ended"), on(del, path, nil, 200, "")}
		}},
		{"createAPIKey", func(w *eventWorld) []eventStep {
			made := object{"name": "Made", "permissions": list("thing:use", "thing:spare")}
			return []eventStep{
				on(post, "/auth/api-keys", made, 201, "api_key.created").by(w.ada),
				on(post, "/auth/api-keys", made, 409, "").by(w.ada),
				on(post, "/auth/api-keys", object{"name": "Other", "permissions": list("accounts:read")}, 403, "").by(w.ada),
			}
		}},
		{"rotateAPIKey", func(w *eventWorld) []eventStep {
			key := w.NewAPIKey(w.t, w.ada.Token, "thing:use")
			path := "/auth/api-keys/" + key.ID + "/rotate"
			return []eventStep{
				on(post, path, object{"overlap": "1h"}, 201, "api_key.created api_key.rotated").by(w.ada),
				on(post, path, object{}, 409, "").by(w.ada),
			}
		}},
		{"endOwnAPIKey", func(w *eventWorld) []eventStep {
			path := "/auth/api-keys/" + w.NewAPIKey(w.t, w.bob.Token, "thing:use").ID
			return []eventStep{on(del, path, nil, 404, ""), on(del, path, nil, 200, "api_key.ended").by(w.bob), on(del, path, nil, 404, "").by(w.bob)}
		}},
		{"endAPIKey", func(w *eventWorld) []eventStep {
			path := "/accounts/" + w.bob.ID + "/api-keys/" + w.NewAPIKey(w.t, w.bob.Token, "thing:use").ID
			return []eventStep{on(del, path, nil, 200, "api_key.ended"), on(del, path, nil, 404, "")}
		}},
		{"endAPIKeys", func(w *eventWorld) []eventStep {
			w.NewAPIKey(w.t, w.bob.Token, "thing:use")
			w.NewAPIKey(w.t, w.bob.Token, "thing:use")
			revoke := on(post, "", url.Values{"token": {w.NewAPIKey(w.t, w.bob.Token, "thing:use").Key}}, 200, "api_key.ended").by(w.bob)
			revoke.call.Path = "/oauth2/revoke"
			path := "/accounts/" + w.bob.ID + "/api-keys"
			return []eventStep{revoke, on(del, path, nil, 200, "api_key.ended api_key.ended"), on(del, path, nil, 200, "")}
		}},
		{"changePassword", func(w *eventWorld) []eventStep {
			w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			kept := w.LoginSession(w.t, w.ada.Email, w.ada.Password)
			return []eventStep{
				on(post, "/auth/password", object{"current_password": "a-wrong-secret", "new_password": "a-fresh-secret"}, 403, "").by(w.ada),
				on(post, "/auth/password", object{"current_password": w.ada.Password, "new_password": "a-fresh-secret"}, 200,
					"account.password_changed session.ended").of(w.ada, kept),
			}
		}},
		{"changeEmail", func(w *eventWorld) []eventStep {
			change := func(email string, status int, kinds string) eventStep {
				return on(post, "/auth/email", object{"current_password": w.bob.Password, "email": email}, status, kinds).by(w.bob)
			}
			return []eventStep{
				change(w.bob.Email, 200, ""),
				change(strings.ToUpper(w.bob.Email), 200, "account.email_changed"),
				change("eve@example.com", 409, ""),
				change("bob@example.com", 200, "account.email_changed"),
			}
		}},
		{"updateAccount", func(w *eventWorld) []eventStep {
			path := "/accounts/" + w.bob.ID
			return []eventStep{
				on(patch, path, object{"role_id": w.heir}, 200, "account.updated"),
				on(patch, path, object{"role_id": w.heir}, 200, ""),
				on(patch, path+"?dry_run=true", object{"role_id": w.holder, "is_active": false, "password": "another-secret"}, 200, ""),
				on(patch, path, object{"is_active": false}, 200, "account.updated session.ended"), // that of endOtherSessions
				on(patch, path, object{"is_active": true}, 200, "account.updated"),
				on(patch, path, object{"email": "robert@example.com"}, 200, "account.email_changed"),
				on(patch, path, object{"email": "eve@example.com"}, 409, ""),
				on(patch, path, object{"password": "another-secret"}, 200, "account.password_changed"),
				on(patch, path, object{"email": "bob@example.com", "password": "a-third-secret", "role_id": w.holder, "is_active": false}, 200,
					"account.updated account.email_changed account.password_changed"),
			}
		}},
		{"impersonateAccount", func(w *eventWorld) []eventStep {
			path := "/accounts/" + w.bob.ID + "/impersonate"
			return []eventStep{
				on(post, path, object{}, 409, ""),
				on(patch, "/accounts/"+w.bob.ID, object{"is_active": true}, 200, "account.updated"),
				on(post, path, object{"reason": "Ticket 4711"}, 200, "account.impersonated"),
				on(post, path, object{}, 200, "account.impersonated"),
				on(post, path, object{"reason": strings.Repeat("x", 256)}, 422, ""),
				on(post, "/accounts/"+w.AdminID+"/impersonate", object{}, 403, ""),
			}
		}},
		{"deleteAccount", func(w *eventWorld) []eventStep {
			w.LoginSession(w.t, w.ada.Email, "a-fresh-secret")
			return []eventStep{
				on(del, "/accounts/"+w.AdminID, nil, 409, ""),
				on(del, "/accounts/"+w.bob.ID, nil, 200, "account.deleted"),
				on(del, "/accounts/"+w.bob.ID, nil, 404, ""),
				on(del, "/accounts/"+w.ada.ID, nil, 200, "session.ended session.ended api_key.ended api_key.ended api_key.ended account.deleted"), // one session was kept with the password, all keys were
			}
		}},
		{"createServiceAccount", createServiceSteps},
		{"updateServiceAccount", updateServiceSteps},
		{"deleteServiceAccount", deleteServiceSteps},
		{"createClientSecret", createSecretSteps},
		{"deleteClientSecret", deleteSecretSteps},
		{"createClientKey", createClientKeySteps},
		{"deleteClientKey", deleteClientKeySteps},
		{"createClientTrust", createTrustSteps},
		{"deleteClientTrust", deleteTrustSteps},
		{"createRole", func(w *eventWorld) []eventStep {
			made := object{"name": "Made", "description": "as said", "parent_id": w.holder, "permission_ids": list(w.used, w.unused, w.used)}
			return []eventStep{
				on(post, "/roles?dry_run=true", made, 200, ""),
				on(post, "/roles", made, 201, "role.created"),
				on(post, "/roles", made, 409, ""),
				on(post, "/roles", object{"name": "Bare"}, 201, "role.created"),
			}
		}},
		{"updateRole", func(w *eventWorld) []eventStep {
			path := "/roles/" + w.heir
			return []eventStep{
				on(patch, path, object{"name": "Heir", "description": "inherits"}, 200, "role.updated"),
				on(patch, path, object{"name": "Heir", "parent_id": w.holder}, 200, ""),
				on(patch, path, object{"parent_id": w.idle}, 200, "role.updated"),
				on(patch, path, object{"parent_id": nil, "description": nil}, 200, "role.updated"),
				on(patch, path+"?dry_run=true", object{"parent_id": w.holder}, 200, ""),
				on(patch, "/roles/"+w.AdminRole, object{"parent_id": w.holder}, 200, "role.updated"),
			}
		}},
		{"assignPermissions", func(w *eventWorld) []eventStep {
			path := "/roles/" + w.heir + "/permissions"
			return []eventStep{
				on(post, path, object{"permission_ids": list(w.used)}, 200, "role.permissions_assigned"),
				on(post, path, object{"permission_ids": list(w.used)}, 200, ""),
				on(post, path, object{"permission_ids": list(w.unused, w.used, w.spare, w.spare)}, 200, "role.permissions_assigned"),
				on(post, "/roles/"+w.AdminRole+"/permissions", object{"permission_ids": list(w.used)}, 200, ""),
			}
		}},
		{"removePermission", func(w *eventWorld) []eventStep {
			path := "/roles/" + w.heir + "/permissions/" + w.spare
			return []eventStep{
				on(del, path+"?dry_run=true", nil, 200, ""),
				on(del, path, nil, 200, "role.permission_removed"),
				on(del, path, nil, 404, ""),
			}
		}},
		{"deleteRole", func(w *eventWorld) []eventStep {
			return []eventStep{
				on(del, "/roles/"+w.holder, nil, 409, ""),
				on(del, "/roles/"+w.idle, nil, 200, "role.deleted"),
			}
		}},
		{"createPermission", func(*eventWorld) []eventStep {
			return []eventStep{
				on(post, "/permissions", object{"name": "made:use", "description": "Use what is made"}, 201, "permission.created"),
				on(post, "/permissions", object{"name": "made:use"}, 409, ""),
			}
		}},
		{"updatePermission", func(w *eventWorld) []eventStep {
			path := "/permissions/" + w.spare
			return []eventStep{
				on(patch, path, object{"name": "thing:renamed", "description": "Renamed"}, 200, "permission.updated"),
				on(patch, path, object{"name": "thing:renamed"}, 200, ""),
				on(patch, path, object{"description": nil}, 200, "permission.updated"),
			}
		}},
		{"deletePermission", func(w *eventWorld) []eventStep {
			return []eventStep{
				on(del, "/permissions/"+w.used+"?dry_run=true", nil, 200, ""),
				on(del, "/permissions/"+w.used, nil, 200, "permission.deleted"),
				on(del, "/permissions/"+w.spare, nil, 200, "permission.deleted"),
			}
		}},
		{"importKey", importSteps},
		{"rotateKeys", rotateSteps},
		{"revokeKey", revokeSteps},
		{"rewrapKeys", rewrapSteps},
		{"clearThrottle", clearThrottleSteps},
		{"clearThrottles", clearThrottlesSteps},
		{"planDeclaration", func(w *eventWorld) []eventStep { return declarationSteps(w)[:1] }},
		{"applyDeclaration", func(w *eventWorld) []eventStep { return declarationSteps(w)[1:] }},
	}
}

// refreshSteps continue sessions: a refresh that is repeated, here without a window, once and twice.
func refreshSteps(w *eventWorld) []eventStep {
	s := w.LoginSession(w.t, w.ada.Email, w.ada.Password)
	step := func(status int, kinds string) eventStep {
		return on(post, "/auth/refresh", map[string]any{"refreshToken": s.RefreshToken}, status, kinds).by(w.ada)
	}
	return []eventStep{step(200, ""), step(200, "session.recovered"), step(401, "session.reused"), step(401, "")}
}

// declarationSteps make things by a declaration, change them and take them away.
func declarationSteps(*eventWorld) []eventStep {
	type object = map[string]any
	named := func(name string, more object) object { more["name"] = name; return more }
	apply := func(prune bool, permissions, roles []object, kinds string) eventStep {
		body := object{"service": "shop", "permissions": permissions, "roles": roles}
		if prune {
			body["prune"] = true
		}
		return on(post, "/declarations/apply", body, 200, kinds)
	}
	first := []object{named("shop:buy", object{}), named("shop:sell", object{"description": "Sell things"})}
	roles := []object{
		named("Buyer", object{"permissions": []string{"shop:buy"}}),
		named("Seller", object{"parent": "Buyer", "permissions": []string{"shop:sell"}}),
	}
	ours := func(prefix string, prune bool, kinds string) eventStep {
		body := object{"service": "mall", "prune": prune}
		if prefix != "" {
			body["audience"], body["permission_prefix"] = "https://mall.example", prefix
		}
		return on(post, "/declarations/apply", body, 200, kinds)
	}
	plan := apply(false, first, roles, "")
	plan.call.Path = "/api/v1/declarations/plan"
	return []eventStep{
		plan,
		apply(false, first, roles, "permission.created permission.created role.created role.created declaration.applied"),
		apply(false, first, roles, ""),
		apply(false, []object{named("made:use", object{})}, []object{}, "permission.updated declaration.applied"),
		apply(true, []object{named("shop:buy", object{"description": "Buy things"})},
			[]object{named("Buyer", object{"description": "Buys", "permissions": []string{}}), named("seller", object{"permissions": []string{"shop:buy"}})},
			"permission.updated role.updated role.updated role.permissions_assigned role.permission_removed role.permission_removed permission.deleted permission.deleted declaration.applied"),
		ours("mall:", false, "audience.created declaration.applied"),
		ours("mall:", true, ""),
		ours("mall.", false, "audience.updated declaration.applied"),
		ours("", false, ""),
		ours("", true, "audience.deleted declaration.applied"),
	}
}
