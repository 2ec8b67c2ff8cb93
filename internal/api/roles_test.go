package api_test

import (
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestRolesAndPermissions(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	permission := svc.Post(t, "/api/v1/permissions", `{"name":"reports:read","description":"Read <reports> & more"}`).
		Want(t, 201, "Permission created successfully")
	id := permission.Text(t, "id")
	if permission.Header.Get("Location") != "/api/v1/permissions/"+id {
		t.Errorf("Location is %q", permission.Header.Get("Location"))
	}
	permission.WantKeys(t, "id", "name", "description", "created_at", "updated_at")
	parent := svc.Post(t, "/api/v1/roles", map[string]any{"name": "Reader", "permission_ids": []string{id}}).
		Want(t, 201, "Role created successfully").Text(t, "id")
	child := svc.Post(t, "/api/v1/roles", map[string]any{"name": "Writer", "description": nil, "parent_id": parent}).Want(t, 201, "")
	child.WantKeys(t, "id", "name", "description", "parent_id", "is_system", "created_at", "updated_at", "permissions", "effective_permissions", "permissions_omitted")
	var role struct {
		ID          string
		Permissions []any
		Effective   []struct {
			Name string
			From *string `json:"inherited_from"`
		} `json:"effective_permissions"`
	}
	child.Into(t, &role)
	if role.Permissions == nil || len(role.Permissions) != 0 || len(role.Effective) != 1 || role.Effective[0].From == nil || *role.Effective[0].From != "Reader" {
		t.Errorf("the child is %s", child.Data)
	}
	path := "/api/v1/roles/" + role.ID
	svc.Post(t, path+"/permissions", map[string]any{"permission_ids": []string{id, id}}).Want(t, 200, "Permissions assigned successfully").Into(t, &role)
	if len(role.Permissions) != 1 || role.Effective[0].From != nil {
		t.Errorf("after the assignment: %+v", role)
	}
	svc.Delete(t, path+"/permissions/"+id).Want(t, 200, "Permission removed successfully")
	svc.Delete(t, path+"/permissions/"+id).Want(t, 404, "Permission not found")
	svc.Patch(t, "/api/v1/roles/"+parent, map[string]any{"parent_id": role.ID}).Want(t, 409, "")
	svc.Delete(t, "/api/v1/roles/"+parent).Want(t, 409, "")
	svc.Patch(t, path, `{"parent_id":null,"description":"x"}`).Want(t, 200, "Role updated successfully")
	svc.Patch(t, path, `{"description":null}`).Want(t, 200, "Role updated successfully")
	svc.Patch(t, path, `{"description":"\u0000","name":"\u0000"}`).WantFaults(t, "description", "name")
	svc.Delete(t, "/api/v1/roles/"+parent).Want(t, 200, "Role deleted successfully")
	svc.Get(t, path).Want(t, 200, "Role retrieved successfully")
	svc.Patch(t, "/api/v1/permissions/"+id, `{"name":"reports:write"}`).Want(t, 200, "Permission updated successfully")
	svc.Get(t, "/api/v1/permissions/"+id).Want(t, 200, "Permission retrieved successfully")
	svc.Delete(t, "/api/v1/permissions/"+id).Want(t, 200, "Permission deleted successfully")
	listed := svc.Get(t, "/api/v1/roles?q=writer").Want(t, 200, "Roles retrieved successfully")
	if strings.Contains(string(listed.Body), "effective_permissions") || !strings.Contains(string(listed.Body), `"permissions":[]`) {
		t.Errorf("the list is %s", listed.Body)
	}
}
