package authz

import "time"

// createServiceSteps makes service accounts in all ways.
func createServiceSteps(w *eventWorld) []eventStep {
	made := map[string]any{"name": "worker", "description": "Works", "role_id": w.heir}
	return []eventStep{
		on(post, "/service-accounts?dry_run=true", made, 200, ""),
		on(post, "/service-accounts", made, 201, "account.created"),
		on(post, "/service-accounts", made, 409, ""),
		on(post, "/service-accounts", map[string]any{"name": "idler", "role_id": w.heir, "is_active": false}, 201, "account.created"),
	}
}

// updateServiceSteps changes each field of a service account.
func updateServiceSteps(w *eventWorld) []eventStep {
	id := w.Post(w.t, "/api/v1/service-accounts", map[string]any{"name": "robot", "role_id": w.heir}).Want(w.t, 201, "").Text(w.t, "id")
	path := "/service-accounts/" + id
	change := func(body map[string]any, status int, kinds string) eventStep {
		return on(patch, path, body, status, kinds)
	}
	return []eventStep{
		on(patch, path+"?dry_run=true", map[string]any{"name": "android"}, 200, ""),
		change(map[string]any{"name": "android", "description": "Dreams"}, 200, "account.updated"),
		change(map[string]any{"name": "android", "description": "Dreams", "role_id": w.heir, "is_active": true}, 200, ""),
		change(map[string]any{"name": "worker"}, 409, ""),
		change(map[string]any{"owner_id": nil, "description": nil}, 200, "account.updated"),
		change(map[string]any{"owner_id": w.AdminID, "role_id": w.AdminRole}, 200, "account.updated"),
		change(map[string]any{"is_active": false}, 200, "account.updated"),
		change(map[string]any{"is_active": true, "role_id": w.heir}, 200, "account.updated"),
	}
}

// deleteServiceSteps deletes a service account, which is no person.
func deleteServiceSteps(w *eventWorld) []eventStep {
	id := w.Post(w.t, "/api/v1/service-accounts", map[string]any{"name": "goner", "role_id": w.heir}).Want(w.t, 201, "").Text(w.t, "id")
	w.NewSecret(w.t, id)
	return []eventStep{
		on(del, "/accounts/"+id, nil, 404, ""),
		on(del, "/service-accounts/"+id+"?dry_run=true", nil, 200, ""),
		on(del, "/service-accounts/"+id, nil, 200, "client_secret.deleted account.deleted"),
		on(del, "/service-accounts/"+id, nil, 404, ""),
	}
}

// createSecretSteps makes secrets of a service account, one that expires and one that would not.
func createSecretSteps(w *eventWorld) []eventStep {
	id := w.Post(w.t, "/api/v1/service-accounts", map[string]any{"name": "keeper", "role_id": w.heir}).Want(w.t, 201, "").Text(w.t, "id")
	path := "/service-accounts/" + id + "/secrets"
	return []eventStep{
		on(post, path, map[string]any{"expires_at": nil}, 422, ""),
		on(post, path, map[string]any{"expires_at": time.Now().Add(24 * time.Hour)}, 201, "client_secret.created"),
		on(post, path, map[string]any{}, 201, "client_secret.created"),
		on(post, path, map[string]any{}, 409, ""),
	}
}

// deleteSecretSteps deletes one of two secrets.
func deleteSecretSteps(w *eventWorld) []eventStep {
	id := w.Post(w.t, "/api/v1/service-accounts", map[string]any{"name": "rotator", "role_id": w.heir}).Want(w.t, 201, "").Text(w.t, "id")
	first, _ := w.NewSecret(w.t, id)
	w.NewSecret(w.t, id)
	path := "/service-accounts/" + id + "/secrets/" + first
	return []eventStep{on(del, path, nil, 200, "client_secret.deleted"), on(del, path, nil, 404, "")}
}

// newKeeper makes a service account and returns its path.
func newKeeper(w *eventWorld, name string) string {
	return "/service-accounts/" + w.Post(w.t, "/api/v1/service-accounts", map[string]any{"name": name, "role_id": w.heir}).Want(w.t, 201, "").Text(w.t, "id")
}

// createClientKeySteps registers a key and a JWK set.
func createClientKeySteps(w *eventWorld) []eventStep {
	path := newKeeper(w, "signer") + "/keys"
	jwk := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	return []eventStep{
		on(post, path, map[string]any{}, 422, ""),
		on(post, path, map[string]any{"jwk": jwk}, 201, "client_key.created"),
		on(post, path, map[string]any{"jwk": jwk}, 409, ""),
		on(post, path, map[string]any{"jwks_url": "https://keys.example/jwks"}, 201, "client_key.created"),
	}
}

// deleteClientKeySteps deletes a key.
func deleteClientKeySteps(w *eventWorld) []eventStep {
	path := newKeeper(w, "former-signer") + "/keys"
	path += "/" + w.Post(w.t, "/api/v1"+path, map[string]any{"jwks_url": "https://keys.example/jwks"}).Want(w.t, 201, "").Text(w.t, "id")
	return []eventStep{on(del, path, nil, 200, "client_key.deleted"), on(del, path, nil, 404, "")}
}

// createTrustSteps trusts an issuer, with claims and without.
func createTrustSteps(w *eventWorld) []eventStep {
	path := newKeeper(w, "job") + "/trusts"
	trust := map[string]any{"issuer": "https://ci.example", "subject": "a:b:*"}
	return []eventStep{
		on(post, path, map[string]any{"issuer": "ci", "subject": "*"}, 422, ""),
		on(post, path, trust, 201, "client_trust.created"),
		on(post, path, trust, 409, ""),
		on(post, path, map[string]any{
			"issuer": "https://ci.example", "subject": "a:b:c", "audience": "users", "jwks_url": "https://ci.example/jwks",
			"claims": []any{map[string]any{"name": "ref", "value": "main"}, map[string]any{"name": "repository", "value": "a/b"}},
		}, 201, "client_trust.created"),
	}
}

// deleteTrustSteps deletes a trust.
func deleteTrustSteps(w *eventWorld) []eventStep {
	path := newKeeper(w, "former-job") + "/trusts"
	path += "/" + w.Post(w.t, "/api/v1"+path, map[string]any{"issuer": "https://ci.example", "subject": "a:b:*"}).Want(w.t, 201, "").Text(w.t, "id")
	return []eventStep{on(del, path, nil, 200, "client_trust.deleted"), on(del, path, nil, 404, "")}
}
