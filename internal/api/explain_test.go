package api_test

import (
	"net/http"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

func TestExplanation(t *testing.T) {
	t.Parallel()
	apitest.OnBoth(t, func(t *testing.T, svc *apitest.Service) {
		svc.NewPermission(t, "orders:read")
		svc.NewPermission(t, "orders:ship")
		reader := svc.NewRole(t, "", "orders:read", "accounts:read")
		clerk := svc.NewRole(t, reader)
		svc.Patch(t, "/api/v1/roles/"+reader, `{"name":"Reader"}`).Want(t, 200, "")
		svc.Patch(t, "/api/v1/roles/"+clerk, `{"name":"Clerk"}`).Want(t, 200, "")
		ada := svc.NewAccount(t, clerk)
		path := "/api/v1/accounts/" + ada.ID

		all := svc.Get(t, path+"/permissions").Want(t, 200, "Permissions retrieved successfully")
		wantData(t, all, `{"account_id":"`+ada.ID+`","is_active":true,"role":"Clerk","permissions":[`+
			`{"name":"accounts:read","path":["Clerk","Reader"]},{"name":"orders:read","path":["Clerk","Reader"]}]}`)
		yes := svc.Get(t, path+"/explain?permission=orders:read").Want(t, 200, "Permission explained successfully")
		wantData(t, yes, `{"account_id":"`+ada.ID+`","permission":"orders:read","allowed":true,"reason":"granted","path":["Clerk","Reader"],`+
			`"granted_by":["Reader","Clerk","Admin"],"permissions_omitted":false,"explanation":"`+ada.Email+` may do orders:read: the role Clerk inherits it from Reader."}`)
		no := svc.Get(t, path+"/explain?permission=orders:ship").Want(t, 200, "")
		wantData(t, no, `{"account_id":"`+ada.ID+`","permission":"orders:ship","allowed":false,"reason":"not_granted","path":[],`+
			`"granted_by":["Admin"],"permissions_omitted":false,"explanation":"`+ada.Email+` may not do orders:ship: the role Clerk neither has it nor inherits it. The only role that gives it is Admin."}`)
		tree := svc.Get(t, "/api/v1/roles/"+reader+"/tree").Want(t, 200, "Role hierarchy retrieved successfully")
		wantData(t, tree, `{"id":"`+reader+`","name":"Reader","inherits_from":[],"permissions":["accounts:read","orders:read"],`+
			`"children":[{"id":"`+clerk+`","name":"Clerk","permissions":[],"children":[]}]}`)
		wantData(t, svc.Get(t, "/api/v1/roles/"+clerk+"/tree").Want(t, 200, ""),
			`{"id":"`+clerk+`","name":"Clerk","inherits_from":[{"id":"`+reader+`","name":"Reader"}],"permissions":[],"children":[]}`)

		// Wrong questions, in the order of the contract.
		svc.Get(t, path+"/explain").WantFaults(t, "permission")
		svc.Get(t, path+"/explain?permission=").WantFaults(t, "permission")
		svc.Get(t, path+"/explain?permission=a%20b").WantFaults(t, "permission")
		svc.Get(t, path+"/explain?permission=a&permission=b").WantFaults(t, "permission")
		svc.Get(t, "/api/v1/accounts/nobody/explain").WantFaults(t, "permission")
		unknown := users.NewID().String()
		for _, p := range []string{"/api/v1/accounts/" + unknown + "/permissions", "/api/v1/accounts/" + unknown + "/explain?permission=a", "/api/v1/accounts/x/permissions"} {
			svc.Get(t, p).Want(t, 404, "Account not found")
		}
		svc.Get(t, "/api/v1/roles/"+unknown+"/tree").Want(t, 404, "Role not found")
		weak := svc.NewAccount(t, svc.NewRole(t, ""))
		for _, p := range []string{path + "/permissions", path + "/explain", "/api/v1/roles/" + reader + "/tree"} {
			svc.Send(t, apitest.Request{Method: http.MethodGet, Path: p}).Want(t, 401, "")
			svc.Send(t, apitest.Request{Method: http.MethodGet, Path: p, Token: weak.Token}).Want(t, 403, "")
		}

		svc.Patch(t, path, `{"is_active":false}`).Want(t, 200, "")
		wantData(t, svc.Get(t, path+"/permissions").Want(t, 200, ""), `{"account_id":"`+ada.ID+`","is_active":false,"role":"Clerk","permissions":[]}`)
		off := svc.Get(t, path+"/explain?permission=orders:read").Want(t, 200, "")
		wantData(t, off, `{"account_id":"`+ada.ID+`","permission":"orders:read","allowed":false,"reason":"account_disabled","path":["Clerk","Reader"],`+
			`"granted_by":["Reader","Clerk","Admin"],"permissions_omitted":false,"explanation":"`+ada.Email+` may do nothing: the account is disabled."}`)
	})
}

func wantData(t *testing.T, a *apitest.Answer, want string) {
	t.Helper()
	if string(a.Data) != want {
		t.Errorf("%s:\n got %s\nwant %s", a.Request.Path, a.Data, want)
	}
}
