package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// The names of permissions to come belong to the service, whichever way they are asked for.
func TestReservedPermissionNames(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		own := svc.NewPermission(t, "app:sessions:revoke")
		for _, resource := range strings.Fields("accounts roles permissions tokens changes sessions keys audit clients webhooks throttles service-accounts api-keys factors settings Sessions ro1es") {
			name := resource + ":borrow"
			for what, r := range map[string]apitest.Request{
				"make":    {Method: "POST", Path: "/api/v1/permissions", Body: map[string]any{"name": name}},
				"try":     {Method: "POST", Path: "/api/v1/permissions?dry_run=true", Body: map[string]any{"name": name}},
				"rename":  {Method: "PATCH", Path: "/api/v1/permissions/" + own, Body: map[string]any{"name": name}},
				"plan":    {Method: "POST", Path: "/api/v1/declarations/plan", Body: map[string]any{"service": "shop", "permissions": []any{map[string]any{"name": name}}}},
				"declare": {Method: "POST", Path: "/api/v1/declarations/apply", Body: map[string]any{"service": "shop", "permissions": []any{map[string]any{"name": name}}}},
			} {
				r.Token = svc.AdminToken
				if answer := svc.Send(t, r).Want(t, 409, ""); !strings.Contains(string(answer.Body), "reserved") {
					t.Errorf("%s %s: %s", what, name, answer.Body)
				}
			}
		}
		svc.Post(t, "/api/v1/permissions", map[string]any{"name": "accounts:read"}).Want(t, 409, "A permission with this name already exists.")

		// What was there before the names were reserved stops the next start, until it has another name. One that only
		// looks so can't become the system's, and stays.
		svc.Exec(t, `UPDATE permissions SET name = 'Sessions:revoke' WHERE name = 'app:sessions:revoke'`)
		if err := svc.Users.Bootstrap(t.Context()); err != nil {
			t.Error(err)
		}
		svc.Patch(t, "/api/v1/permissions/"+own, map[string]any{"name": "Sessions:revoke", "description": "ours"}).Want(t, 200, "")
		svc.Exec(t, `UPDATE permissions SET name = 'sessions:revoke' WHERE name = 'Sessions:revoke'`)
		if err := svc.Users.Bootstrap(t.Context()); err == nil || !strings.Contains(err.Error(), "sessions:revoke. Rename") {
			t.Errorf("the next start: %v", err)
		}
		svc.Patch(t, "/api/v1/permissions/"+own, map[string]any{"name": "shop:revoke"}).Want(t, 200, "")
		if err := svc.Users.Bootstrap(t.Context()); err != nil {
			t.Error(err)
		}
		// A system permission that another account has made is none, even one of today.
		svc.Exec(t, `DELETE FROM permissions WHERE name = 'changes:read'`, `UPDATE permissions SET name = 'changes:read' WHERE name = 'shop:revoke'`)
		if err := svc.Users.Bootstrap(t.Context()); err == nil {
			t.Error("a permission made by others has become the system's")
		}
		svc.Exec(t, `DELETE FROM permissions WHERE name = 'changes:read'`)
		if err := svc.Users.Bootstrap(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// No role passes for another by its looks.
func TestLookalikeRoleNames(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		svc.Post(t, "/api/v1/roles", map[string]any{"name": "Manager"}).Want(t, 201, "")
		clerk := svc.Post(t, "/api/v1/roles", map[string]any{"name": "Clerk"}).Want(t, 201, "").Text(t, "id")
		for name, status := range map[string]int{
			"Аdmin": 409, "Adm\u0131n": 409, "Ａｄｍｉｎ": 409, "ADM1N": 409, "Mаnager": 409, "manаger": 409, "MANAGER": 409,
			"Ad\u200bmin": 422, "Admin\ufe0f": 422, "Man\u00adager": 422, "Man\u202eager": 422, "Admin\u2800": 422,
		} {
			answers := []*apitest.Answer{
				svc.Post(t, "/api/v1/roles", map[string]any{"name": name}),
				svc.Post(t, "/api/v1/roles?dry_run=true", map[string]any{"name": name}),
				svc.Patch(t, "/api/v1/roles/"+clerk, map[string]any{"name": name}),
			}
			if name != "MANAGER" { // that is one role, in another case
				declaration := map[string]any{"service": "shop", "roles": []any{map[string]any{"name": name}}}
				answers = append(answers, svc.Post(t, "/api/v1/declarations/plan", declaration), svc.Post(t, "/api/v1/declarations/apply", declaration))
			}
			for _, answer := range answers {
				answer.Want(t, status, "")
				if status == 422 && !strings.Contains(string(answer.Body), "name") {
					t.Errorf("%q: %s", name, answer.Body)
				}
			}
		}
		svc.Patch(t, "/api/v1/roles/"+clerk, map[string]any{"name": "CLERK"}).Want(t, 200, "")

		// What is there from before starts, and can be changed in all but the name.
		id := users.NewID()
		svc.Exec(t, fmt.Sprintf(`INSERT INTO roles (id, name, name_key, is_system, created_at, updated_at)
			SELECT '%s', 'Аdmin', 'аdmin', '0', created_at, updated_at FROM roles WHERE name = 'Manager'`, id))
		if err := svc.Users.Bootstrap(t.Context()); err != nil {
			t.Error(err)
		}
		path := "/api/v1/roles/" + id.String()
		svc.Patch(t, path, map[string]any{"name": "Аdmin", "description": "old"}).Want(t, 200, "")
		svc.Patch(t, path, map[string]any{"name": "АDMIN"}).Want(t, 409, "")
		svc.Patch(t, path, map[string]any{"name": "Owner"}).Want(t, 200, "")
	})
}

// Production must not serve with a published password, whatever the e-mail of its account is by now.
func TestDemoPasswordsAreMarked(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		wants := func(when string, want ...string) {
			t.Helper()
			found, err := svc.Users.DemoAccounts(t.Context())
			if err != nil || !slices.Equal(found, want) {
				t.Errorf("%s: %q %v", when, found, err)
			}
		}
		wants("before")
		if _, err := svc.Users.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
		wants("seeded", "admin@example.com", "user@example.com")
		account := func(email string) users.Account {
			t.Helper()
			e, err := users.ParseEmail(email)
			if err != nil {
				t.Fatal(err)
			}
			a, _, err := svc.Store.AccountByEmail(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		admin := account("admin@example.com").ID
		path := "/api/v1/accounts/" + admin.String()
		svc.Patch(t, path, map[string]any{"email": "boss@company.test"}).Want(t, 200, "")
		wants("with another e-mail", "user@example.com", "boss@company.test")
		svc.Login(t, "boss@company.test", "admin123")
		wants("after a login", "user@example.com", "boss@company.test")
		// A new hash of the same password, as an upgrade makes it, and SQL by hand say nothing of another password.
		hash, err := svc.Store.PasswordHash(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		if err := svc.Store.InRowTx(t.Context(), func(tx users.RowTx) error {
			_, err := tx.ReplacePasswordHash(t.Context(), admin, hash, hash+"x")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		svc.Exec(t, `UPDATE accounts SET password_hash = '`+string(hash)+`' WHERE email_key = 'boss@company.test'`)
		wants("after another hash", "user@example.com", "boss@company.test")
		svc.Patch(t, path+"?dry_run=true", map[string]any{"password": "quite another"}).Want(t, 200, "")
		wants("after a dry run", "user@example.com", "boss@company.test")
		token := svc.Login(t, "boss@company.test", "admin123")
		svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/password", Token: token, Body: map[string]any{
			"current_password": "admin123", "new_password": "quite another",
		}}).Want(t, 200, "")
		wants("with another password", "user@example.com")
		svc.Patch(t, "/api/v1/accounts/"+account("user@example.com").ID.String(), map[string]any{"password": "quite another", "email": "one@company.test"}).Want(t, 200, "")
		wants("with another password and e-mail")
	})
}
