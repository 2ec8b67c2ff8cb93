package api_test

import (
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	role := svc.NewRole(t, "", "accounts:read")
	created := svc.Post(t, "/api/v1/accounts", map[string]any{"email": "Ada@Example.com", "password": "correct horse", "role_id": role}).
		Want(t, 201, "Account created successfully")
	id := created.Text(t, "id")
	path := "/api/v1/accounts/" + id
	if created.Header.Get("Location") != path {
		t.Errorf("Location is %q", created.Header.Get("Location"))
	}
	created.WantKeys(t, "id", "email", "role_id", "role", "is_active", "created_at", "updated_at")
	if created.Text(t, "email") != "Ada@Example.com" || created.Text(t, "role", "id") != role || !strings.HasSuffix(created.Text(t, "created_at"), "Z") {
		t.Errorf("created %s", created.Data)
	}
	got := svc.Get(t, path).Want(t, 200, "Account retrieved successfully")
	if string(got.Data) != string(created.Data) {
		t.Errorf("read %s, created %s", got.Data, created.Data)
	}
	same := svc.Patch(t, path, `{}`).Want(t, 200, "Account updated successfully")
	if string(same.Data) != string(created.Data) {
		t.Errorf("an empty change made %s of %s", same.Data, created.Data)
	}
	svc.Post(t, "/api/v1/accounts", map[string]any{"email": "ada@EXAMPLE.com", "password": "correct horse", "role_id": role}).Want(t, 409, "")
	svc.Post(t, "/api/v1/accounts", map[string]any{"email": "a@b", "password": "short", "role_id": apitest.NoID}).
		WantFaults(t, "email", "password", "role_id")
	svc.Patch(t, path, map[string]any{"is_active": false}).Want(t, 200, "")
	svc.Patch(t, "/api/v1/accounts/"+svc.AdminID, map[string]any{"is_active": false}).Want(t, 409, "")
	svc.Patch(t, "/api/v1/accounts/"+svc.AdminID, map[string]any{"email": "me@example.com"}).Want(t, 403, "")
	deleted := svc.Delete(t, path).Want(t, 200, "Account deleted successfully")
	if string(deleted.Data) != "null" {
		t.Errorf("deleting left %s", deleted.Data)
	}
	svc.Get(t, path).Want(t, 404, "Account not found")
	svc.Delete(t, path).Want(t, 404, "Account not found")
}
