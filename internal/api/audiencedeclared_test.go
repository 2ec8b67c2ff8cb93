package api_test

import (
	"fmt"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// Audiences are declared under the rules of all that is declared.
func TestDeclaredAudiences(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, "", "roles:read", "permissions:read", "permissions:create"))
	send := func(token, verb string, body map[string]any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/declarations/" + verb, Token: token, Body: body})
	}
	document := func(service, audience, prefix string) map[string]any {
		return map[string]any{"service": service, "audience": audience, "permission_prefix": prefix}
	}
	change := func(a *apitest.Answer) string {
		t.Helper()
		var plan struct {
			Changes  []struct{ Action, Kind, Name, Details string }
			Orphaned []struct{ Kind, Name string }
		}
		a.Want(t, 200, "").Into(t, &plan)
		return fmt.Sprint(plan.Changes, plan.Orphaned)
	}
	const made = "[{create audience orders permission_prefix orders:}] []"
	if got := change(send(person.Token, "plan", document("orders", "orders", "orders:"))); got != made {
		t.Error(got)
	}
	if got := change(send(person.Token, "apply", document("orders", "orders", "orders:"))); got != made {
		t.Error(got)
	}
	send(person.Token, "apply", document("orders", "orders", "orders.")).Want(t, 403, "Missing required permission: permissions:update")
	send(person.Token, "apply", map[string]any{"service": "orders", "prune": true}).Want(t, 403, "Missing required permission: permissions:delete")
	if got := change(send(person.Token, "apply", map[string]any{"service": "orders"})); got != "[] [{audience orders}]" {
		t.Error(got)
	}
	for _, verb := range []string{"plan", "apply"} {
		send(svc.AdminToken, verb, document("billing", "orders", "billing:")).Want(t, 409, "The audience orders: The audience orders belongs to the service orders; the service billing can't declare it.")
		send(svc.AdminToken, verb, document("billing", "billing", "sessions:")).Want(t, 409, "")
		send(svc.AdminToken, verb, map[string]any{"service": "billing", "audience": "billing"}).WantFaults(t, "permission_prefix")
		send(svc.AdminToken, verb, map[string]any{"service": "billing", "permission_prefix": "billing:", "audience": nil}).WantFaults(t, "audience")
		send(svc.AdminToken, verb, document("billing", "a b", "billing")).WantFaults(t, "audience", "permission_prefix")
	}
}
