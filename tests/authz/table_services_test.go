package authz

// serviceTable is who may read, make, change, disable and delete which service account.
func serviceTable() table {
	t := table{name: "service accounts", world: world("service-accounts")}
	targets := []string{"v:admin", "v:all", "v:mgr", "v:mgrXY", "v:x", "v:y", "v:off", "a:x", unknownID, "NOT-AN-ID"}
	for _, target := range targets {
		t.cross(
			call{op: "getServiceAccount", target: target},
			call{op: "deleteServiceAccount", target: target},
			call{op: "listClientSecrets", target: target},
			call{op: "createClientSecret", target: target, body: body{}},
			call{op: "deleteClientSecret", target: target, second: unknownID},
			call{op: "listClientKeys", target: target},
			call{op: "createClientKey", target: target, body: body{"jwks_url": "https://keys.example/jwks"}},
			call{op: "deleteClientKey", target: target, second: unknownID},
			call{op: "listClientTrusts", target: target},
			call{op: "createClientTrust", target: target, body: body{"issuer": "https://ci.example", "subject": "a:b:*"}},
			call{op: "deleteClientTrust", target: target, second: unknownID},
			call{op: "updateServiceAccount", target: target, body: body{}},
			call{op: "updateServiceAccount", target: target, body: body{"is_active": false}},
			call{op: "updateServiceAccount", target: target, body: body{"is_active": true, "description": nil}},
			call{op: "updateServiceAccount", target: target, body: body{"name": "fresh", "description": "fresh"}},
			call{op: "updateServiceAccount", target: target, body: body{"name": "svc-x"}},
			call{op: "updateServiceAccount", target: target, body: body{"owner_id": "a:none"}},
			call{op: "updateServiceAccount", target: target, body: body{"owner_id": nil}},
			call{op: "updateServiceAccount", target: target, body: body{"owner_id": unknownID, "role_id": unknownID}},
		)
	}
	for _, role := range append(given, unknownID, "NOT-AN-ID") {
		for _, target := range []string{"v:admin", "v:x", "v:mgrXY", "v:off", unknownID} {
			t.cross(call{op: "updateServiceAccount", target: target, body: body{"role_id": role}})
		}
		t.cross(
			call{op: "createServiceAccount", body: body{"name": "fresh", "role_id": role}},
			call{op: "createServiceAccount", body: body{"name": "svc-x", "role_id": role, "description": "fresh"}},
			call{op: "createServiceAccount", body: body{"name": "fresh", "role_id": role, "owner_id": "a:x", "is_active": false}},
		)
	}
	return t
}
