package authz

import (
	"net/http"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// TestServicesAsCallers: to each operation that needs a permission a service account is admitted with exactly that one, by a
// token without a scope and by one with that scope; and refused where the role or the scope lacks it.
func TestServicesAsCallers(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		svc.NewPermission(t, "docs:read")
		tokens := map[string][3]string{} // by permission: all of the role, the scope of it, another scope
		for op, r := range routes {
			if r.needs == "" || r.also != "" {
				continue
			}
			if _, made := tokens[r.needs]; !made {
				client := svc.NewClient(t, svc.NewRole(t, "", r.needs, "docs:read"))
				tokens[r.needs] = [3]string{svc.ClientToken(t, client, ""), svc.ClientToken(t, client, r.needs), svc.ClientToken(t, client, "docs:read")}
			}
			h := &house{Service: svc}
			c := valid()[op]
			c.op, c.target, c.second = op, unknownID, unknownID
			for i, token := range tokens[r.needs] {
				answer := h.send(t, token, c)
				if refused := answer.Status == http.StatusForbidden && answer.Message == "Missing required permission: "+r.needs; refused != (i == 2) || answer.Status == http.StatusUnauthorized {
					t.Errorf("%s with token %d of a service account: %d %s", op, i, answer.Status, answer.Message)
				}
			}
		}
		if len(tokens) < 15 {
			t.Errorf("only %d permissions were tried", len(tokens))
		}
	})
}

// TestScopeOfAnAdministrator: a service account with the role Admin and a token with a scope is no administrator: it can
// neither give Admin nor change what has it, and it grants no more than its scope.
func TestScopeOfAnAdministrator(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		client := svc.NewClient(t, svc.AdminRole)
		whole, narrow := svc.ClientToken(t, client, ""), svc.ClientToken(t, client, "service-accounts:create service-accounts:update service-accounts:delete roles:create roles:read")
		worker := svc.NewClient(t, svc.NewRole(t, "", "roles:read"))
		stronger := svc.NewClient(t, svc.NewRole(t, "", "accounts:read"))
		send := func(token, method, path string, body any) *apitest.Answer {
			t.Helper()
			return svc.Send(t, apitest.Request{Method: method, Path: path, Token: token, Body: body})
		}
		const accounts = "/api/v1/service-accounts"
		for _, c := range []struct {
			method, path string
			body         any
			whole        int
		}{
			{"POST", accounts, map[string]any{"name": "admin-too", "role_id": svc.AdminRole}, 201},
			{"POST", accounts + "/" + stronger.ID + "/secrets", map[string]any{}, 201},
			{"DELETE", accounts + "/" + client.ID + "/secrets/" + apitest.NoID, nil, 404},
			{"PATCH", accounts + "/" + stronger.ID, map[string]any{"description": "x"}, 200},
			{"POST", "/api/v1/roles", map[string]any{"name": "Made", "permission_ids": svc.PermissionIDs(t, "accounts:read")}, 201},
		} {
			send(narrow, c.method, c.path, c.body).Want(t, 403, "")
			send(whole, c.method, c.path, c.body).Want(t, c.whole, "")
		}
		send(narrow, "POST", accounts+"/"+worker.ID+"/secrets", map[string]any{}).Want(t, 201, "") // it holds what the worker does
		send(narrow, "GET", "/api/v1/accounts", nil).Want(t, 403, "Missing required permission: accounts:read")
		// What is for people alone is not for services.
		for _, path := range []string{"/api/v1/auth/password", "/api/v1/auth/email"} {
			body := map[string]any{"current_password": "all-powerful", "new_password": "another-secret"}
			if path == "/api/v1/auth/email" {
				body = map[string]any{"current_password": "all-powerful", "email": "x@example.com"}
			}
			send(whole, "POST", path, body).Want(t, 403, "A service account has no password.")
		}
		send(whole, "GET", "/api/v1/auth/sessions", nil).Want(t, 200, "")
		send(whole, "GET", "/api/v1/auth/me", nil).Want(t, 200, "")
	})
}

// TestScopesNeverWiden: whatever a role holds and a scope has, what the caller may do is what both have.
func TestScopesNeverWiden(t *testing.T) {
	t.Parallel()
	names := []users.PermissionName{"a:a", "b:b", "c:c", "d:d"}
	svc := apitest.Start(t, apitest.Options{})
	for _, n := range names {
		svc.NewPermission(t, string(n))
	}
	role := svc.NewRole(t, "")
	client := svc.NewClient(t, role)
	assign := func(mask int) {
		for i, n := range names {
			id := svc.PermissionIDs(t, string(n))[0]
			if mask>>i&1 == 1 {
				svc.Post(t, "/api/v1/roles/"+role+"/permissions", map[string]any{"permission_ids": []string{id}}).Want(t, 200, "")
			} else {
				svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+id) // may be 404
			}
		}
	}
	assign(15)
	tokens := make([]string, 16)
	for scope := range tokens {
		text := ""
		for i, n := range names {
			if scope>>i&1 == 1 {
				text += " " + string(n)
			}
		}
		if text != "" {
			text = text[1:]
		}
		tokens[scope] = svc.ClientToken(t, client, text)
	}
	for held := range 16 {
		assign(held)
		for scope, token := range tokens {
			caller, err := svc.Users.Authenticate(t.Context(), token)
			must(t, err)
			caller, err = svc.Users.Fresh(t.Context(), caller)
			must(t, err)
			for i, n := range names {
				want := held>>i&1 == 1 && (scope == 0 || scope>>i&1 == 1)
				if caller.May(n) != want || (caller.Require(n) == nil) != want {
					t.Errorf("role %04b, scope %04b: may %s is %t", held, scope, n, caller.May(n))
				}
			}
		}
	}
}
