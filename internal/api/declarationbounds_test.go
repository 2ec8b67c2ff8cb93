package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

// What is too much, or forbidden in its last line, is refused before anybody has to wait for it.
func TestDeclarationsThatCannotBe(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	const apply = "/api/v1/declarations/apply"
	var permissions, roles, last []map[string]any
	for i := range 1000 {
		permissions = append(permissions, map[string]any{"name": fmt.Sprintf("p:%d", i)})
		var held []string
		for k := range 9 {
			held = append(held, fmt.Sprintf("p:%d", (i*9+k)%1000))
		}
		roles = append(roles, map[string]any{"name": fmt.Sprintf("Declared %d", i), "permissions": held})
	}
	much := map[string]any{"service": "much", "permissions": permissions, "roles": roles}
	if a := svc.Post(t, apply, much).WantFaults(t, ""); !strings.Contains(string(a.Body), "11000 changes") {
		t.Errorf("%s", a.Body)
	}
	svc.Post(t, "/api/v1/declarations/plan", much).Want(t, 200, "Declaration planned successfully")

	secret := svc.NewPermission(t, "x:secret")
	caller := svc.NewAccount(t, svc.NewRole(t, "", "roles:read", "permissions:read", "roles:create", "permissions:update"))
	send := func(body any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: apply, Token: caller.Token, Body: body})
	}
	for _, role := range roles[:500] {
		last = append(last, map[string]any{"name": role["name"]})
	}
	last = append(last, map[string]any{"name": "Last", "permissions": []string{"x:secret"}})
	began := time.Now()
	refused := send(map[string]any{"service": "sly", "roles": last}).Want(t, 403, "You can't grant what you do not hold: x:secret")
	t.Logf("refused after %v: %s", time.Since(began), refused.Message)
	send(map[string]any{"service": "sly", "permissions": []any{map[string]any{"name": "y:z"}}}).Want(t, 403, "Missing required permission: permissions:create")
	// Nor does who may change permissions take over one that they do not hold.
	send(map[string]any{"service": "sly", "permissions": []any{map[string]any{"name": "x:secret"}}}).
		Want(t, 403, "You can't take over a permission that you do not hold: x:secret")
	svc.Post(t, apply, map[string]any{"service": "true", "permissions": []any{map[string]any{"name": "x:secret"}}}).Want(t, 200, "")
	if a := svc.Get(t, "/api/v1/permissions/"+secret).Want(t, 200, ""); strings.Contains(string(a.Body), "owner") {
		t.Errorf("%s", a.Body)
	}
}
