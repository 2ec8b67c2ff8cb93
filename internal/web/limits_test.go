package web_test

import (
	"fmt"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// Roles, permissions and assignments are made up to the limits and no further, one by one, by a declaration and in a
// dry run; what is there already is no matter.
func TestLimits(t *testing.T) {
	t.Parallel()
	own := len(users.SystemPermissions())
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Limits = users.Limits{Roles: 3, Permissions: own + 2, Assignments: 3}
		apitest.ReplaceService(o, users.New(ports))
	}})
	const (
		roles       = "There are 3 roles, and at most 3 may be made (MAX_ROLES)."
		assignments = "There are %d assignments of permissions to roles, and at most 3 may be made (MAX_ASSIGNMENTS)."
	)
	permissions := fmt.Sprintf("There are %d permissions, and at most %d may be made (MAX_PERMISSIONS).", own+2, own+2)
	one, two := svc.NewPermission(t, "x:1"), svc.NewPermission(t, "x:2")
	for _, dry := range []string{"", "?dry_run=true"} {
		svc.Post(t, "/api/v1/permissions"+dry, map[string]any{"name": "x:3"}).Want(t, 409, permissions)
	}
	role := svc.NewRole(t, "", "x:1", "x:2")
	svc.Post(t, "/api/v1/roles", map[string]any{"name": "Too much", "permission_ids": []string{one, two}}).Want(t, 409, fmt.Sprintf(assignments, 2))
	other := svc.NewRole(t, "", "x:1")
	for _, dry := range []string{"", "?dry_run=true"} {
		svc.Post(t, "/api/v1/roles"+dry, map[string]any{"name": "One more"}).Want(t, 409, roles)
		svc.Post(t, "/api/v1/roles/"+other+"/permissions"+dry, map[string]any{"permission_ids": []string{two}}).Want(t, 409, fmt.Sprintf(assignments, 3))
	}
	svc.Post(t, "/api/v1/roles/"+role+"/permissions", map[string]any{"permission_ids": []string{one, two, one}}).Want(t, 200, "")
	svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+one).Want(t, 200, "")
	svc.Post(t, "/api/v1/roles/"+other+"/permissions", map[string]any{"permission_ids": []string{two, two, two}}).Want(t, 200, "")

	declare := func(declared map[string]any, message string) {
		t.Helper()
		declared["service"] = "orders"
		for _, path := range []string{"/api/v1/declarations/plan", "/api/v1/declarations/apply"} {
			svc.Post(t, path, declared).Want(t, 409, message)
		}
	}
	declare(map[string]any{"permissions": []map[string]any{{"name": "y:1"}}}, "The permission y:1: "+permissions)
	declare(map[string]any{"roles": []map[string]any{{"name": "Clerk"}}}, "The role Clerk: "+roles)
	name := svc.Get(t, "/api/v1/roles/"+role).Text(t, "name")
	declare(map[string]any{"roles": []map[string]any{{"name": name, "permissions": []string{"x:1", "x:2"}}}}, "The assignment "+name+": "+fmt.Sprintf(assignments, 3))
	svc.Delete(t, "/api/v1/permissions/"+one).Want(t, 200, "")
	svc.NewPermission(t, "x:again")
}
