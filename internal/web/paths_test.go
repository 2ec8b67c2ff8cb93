package web_test

import (
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestPathsAreExact(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, path := range []string{
		"/nothing", "/api", "/api/v1", "/api/v1/", "/api/v1/accounts/", "/api/v1//accounts", "//api/v1/accounts", "/API/v1/accounts",
		"/api/v1/Accounts", "/api/v1/accounts/../roles", "/api/v1/./accounts", "/api/v1/%61ccounts", "/api/v1/accounts%2F", "/livez/",
		"/docs/", "/docs/index.html", "/openapi.json/", "/api/v1/accounts/" + apitest.NoID + "/", "/api/v1/roles/" + apitest.NoID + "/permissions/",
		"/api/v1/accounts/" + apitest.NoID + "/x", "/.well-known/", "/oauth2/authorize", "/api/v1/accounts;x",
	} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "BREW"} {
			answer := svc.Send(t, apitest.Request{Method: method, Path: path, Token: svc.AdminToken}).Want(t, 404, "Not found")
			if answer.Header.Get("Location") != "" {
				t.Errorf("%s %s is redirected", method, path)
			}
		}
	}
	for _, id := range []string{"none", strings.ToUpper(apitest.NoID), "{" + apitest.NoID + "}", strings.ReplaceAll(apitest.NoID, "-", ""), "%00", "%20", "00000000-0000-0000-0000-000000000000"} {
		for _, resource := range []string{"accounts", "roles", "permissions"} {
			path := "/api/v1/" + resource + "/" + id
			svc.Get(t, path).Want(t, 404, "")
			svc.Patch(t, path, map[string]any{}).Want(t, 404, "")
			svc.Delete(t, path).Want(t, 404, "")
		}
	}
}

func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	path := "/api/v1/accounts/" + apitest.NoID
	// The faults of the fields come before the missing target, which comes before the rules.
	svc.Patch(t, path, `{"email":1}`).WantFaults(t, "email")
	svc.Patch(t, path, `{"email":"no","password":"short","role_id":"none","is_active":null,"x":1}`).
		WantFaults(t, "email", "password", "role_id", "is_active", "x")
	svc.Patch(t, path, map[string]any{"role_id": svc.AdminRole}).Want(t, 404, "Account not found")
	svc.Post(t, "/api/v1/roles/"+apitest.NoID+"/permissions", `{"permission_ids":[1,"x","`+apitest.NoID+`"]}`).
		WantFaults(t, "permission_ids.0", "permission_ids.1", "permission_ids.2")
	svc.Post(t, "/api/v1/roles/"+apitest.NoID+"/permissions", `{"permission_ids":[]}`).WantFaults(t, "permission_ids")
	svc.Delete(t, "/api/v1/roles/"+apitest.NoID+"?x=1").WantFaults(t, "x")
	svc.Delete(t, "/api/v1/roles/"+svc.AdminRole+"/permissions/"+apitest.NoID).Want(t, 404, "Permission not found")
}
