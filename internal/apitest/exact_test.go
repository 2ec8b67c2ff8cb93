package apitest

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestUnlikeNoticesWhatTheSchemasLeaveOpen(t *testing.T) {
	t.Parallel()
	const (
		role   = `{"id":"x","name":"x","description":null,"parent_id":null,"is_system":false,"created_at":"x","updated_at":"x","permissions":[],"effective_permissions":[],"permissions_omitted":false}`
		impact = `{"roles":[],"accounts":0,"account":null}`
		made   = "Role created successfully"
		dry    = "Dry run: nothing was changed"
		roles  = "/api/v1/roles"
	)
	for _, c := range []struct {
		method, path string
		status       int
		message      string
		data, meta   string
		fine         bool
	}{
		{"POST", roles, 201, made, role, "null", true},
		{"POST", roles, 201, made, `{"id":"x"}`, "null", true},
		{"POST", roles, 200, dry, impact, "null", true},
		{"POST", roles, 201, made, impact, "null", false},
		{"POST", roles, 200, dry, role, "null", false},
		{"POST", roles, 201, dry, impact, "null", false},
		{"POST", roles, 201, made, `{"id":"x","name":"x"}`, "null", false},
		{"POST", roles, 201, made, "null", "null", false},
		{"POST", roles, 201, made, role, "{}", false},
		{"PATCH", roles + "/x", 200, "Role updated successfully", role, "null", true},
		{"PATCH", roles + "/x", 200, dry, impact, "null", true},
		{"PATCH", roles + "/x", 200, "Account updated successfully", role, "null", false},
		{"GET", roles + "/x", 200, "Role retrieved successfully", `{"id":"x"}`, "null", false},
		{"DELETE", roles + "/x", 200, "Role deleted successfully", "null", "null", true},
		{"DELETE", roles + "/x", 200, "Role deleted successfully", impact, "null", false},
		{"GET", roles, 200, "Roles retrieved successfully", "[]", "{}", true},
		{"GET", roles, 200, "Roles retrieved successfully", "[]", "null", false},
		{"GET", "/api/v1/elsewhere", 200, made, role, "null", false},
		{"GET", roles, 409, "Any words.", "null", "null", true},
		{"GET", roles, 409, "Any words.", role, "null", false},
		{"GET", roles, 409, "Any words.", "null", "{}", false},
		{"GET", roles, 422, "Validation error", "null", "null", true},
		{"GET", roles, 422, "Any words.", "null", "null", false},
	} {
		request, err := http.NewRequest(c.method, "http://127.0.0.1"+c.path, nil)
		must(t, err)
		a := &Answer{
			Request: Request{Method: c.method}, Status: c.status,
			Envelope: Envelope{Message: c.message, Data: json.RawMessage(c.data), Meta: json.RawMessage(c.meta)},
		}
		if why := a.unlike(request); (why == "") != c.fine {
			t.Errorf("%+v: %q", c, why)
		}
	}
}
