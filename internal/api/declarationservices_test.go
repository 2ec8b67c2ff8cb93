package api_test

import (
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// Service accounts are declared, changed, taken over, orphaned and pruned with the roles that they hold, on both databases.
func TestDeclaredServiceAccounts(t *testing.T) {
	t.Parallel()
	for _, engine := range apitest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			svc := apitest.Start(t, apitest.Options{Engine: engine})
			type object = map[string]any
			clerk := object{"name": "Clerk"}
			declare := func(what string, body object) *apitest.Answer {
				t.Helper()
				body["service"] = "orders"
				svc.Post(t, "/api/v1/declarations/plan", body).Want(t, 200, "")
				return svc.Post(t, "/api/v1/declarations/"+what, body)
			}
			find := func() []struct {
				Name       string  `json:"name"`
				OwnerID    *string `json:"owner_id"`
				DeclaredBy *string `json:"declared_by"`
				Role       struct{ Name string }
			} {
				t.Helper()
				var list []struct {
					Name       string  `json:"name"`
					OwnerID    *string `json:"owner_id"`
					DeclaredBy *string `json:"declared_by"`
					Role       struct{ Name string }
				}
				svc.Get(t, "/api/v1/service-accounts?sort=name").Want(t, 200, "").Into(t, &list)
				return list
			}
			worker := object{"name": "orders-worker", "role": "Clerk"}
			declare("apply", object{"roles": []object{clerk}, "service_accounts": []object{worker}}).Want(t, 200, "")
			if list := find(); len(list) != 1 || list[0].Name != "orders-worker" || list[0].Role.Name != "Clerk" || list[0].DeclaredBy == nil || *list[0].DeclaredBy != "orders" || list[0].OwnerID != nil {
				t.Fatalf("declared: %+v", list)
			}
			again := declare("apply", object{"roles": []object{clerk}, "service_accounts": []object{worker}}).Want(t, 200, "")
			if string(again.Data) != `{"service":"orders","changes":[],"orphaned":[]}` {
				t.Errorf("declared again: %s", again.Data)
			}
			// The role can't go while the account holds it; with the account it can, in one plan.
			svc.Post(t, "/api/v1/declarations/plan", object{"service": "orders", "prune": true, "service_accounts": []object{worker}}).WantFaults(t, "service_accounts.0.role")
			declare("apply", object{"prune": true}).Want(t, 200, "")
			if list := find(); len(list) != 0 {
				t.Errorf("pruned: %+v", list)
			}
			if roles := svc.Get(t, "/api/v1/roles?q=Clerk").Want(t, 200, ""); string(roles.Data) != "[]" {
				t.Errorf("the role is still there: %s", roles.Data)
			}
			// One that was made by hand is taken over.
			declare("apply", object{"roles": []object{clerk}}).Want(t, 200, "")
			var clerks []struct{ ID string }
			svc.Get(t, "/api/v1/roles?q=Clerk").Into(t, &clerks)
			svc.Post(t, "/api/v1/service-accounts", object{"name": "orders-worker", "role_id": clerks[0].ID}).Want(t, 201, "")
			declare("apply", object{"roles": []object{clerk}, "service_accounts": []object{worker}}).Want(t, 200, "")
			if list := find(); len(list) != 1 || list[0].DeclaredBy == nil || list[0].OwnerID != nil {
				t.Errorf("taken over: %+v", list)
			}
			// Without the right to read service accounts nothing of them is told, and nothing else hindered.
			few := svc.NewAccount(t, svc.NewRole(t, "", "roles:read", "permissions:read"))
			refused := svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/declarations/plan", Token: few.Token, Body: object{"service": "orders"}})
			refused.Want(t, 403, "Missing required permission: service-accounts:read")
			svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/declarations/plan", Token: few.Token, Body: object{"service": "billing"}}).Want(t, 200, "")
		})
	}
}
