package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestBodySize(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	body := `{"name":"reports:read"}`
	padded := body + strings.Repeat(" ", 8<<10-len(body))
	svc.Post(t, "/api/v1/permissions", padded+" ").Want(t, 413, "")
	svc.Post(t, "/api/v1/permissions", padded).Want(t, 201, "Permission created successfully")
	// Without a length that is known beforehand.
	for extra, want := range map[string]int{"": 409, " ": 413} {
		request, err := http.NewRequest(http.MethodPost, svc.URL+"/api/v1/permissions", io.MultiReader(strings.NewReader(padded+extra)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+svc.AdminToken)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%d more bytes in chunks: %d, want %d", len(extra), response.StatusCode, want)
		}
	}
	// A body that nobody asked for is left unread.
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: svc.AdminToken, Body: "{{{"}).Want(t, 200, "")
}

// The largest valid body of each operation is taken, written by a client that indents, and escapes all but ASCII.
func TestLargestBodies(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	escaped := func(n int) string { return strings.Repeat(`\ud83d\udd11`, n) } // one character each
	decomposed := strings.Repeat(`\u03b1\u0313\u0300\u0345`, 256)              // 256 characters in NFC
	list := func(item string) string { return strings.Repeat("\n        "+item+",", 999) + "\n        " + item }
	id := `"` + svc.NewPermission(t, "largest:one") + `"`
	name := `"` + strings.Repeat("p", 100) + `"`
	email := strings.Repeat(`\u00e9`, 32) + "@" + strings.Repeat("d", 60) + "." + strings.Repeat("d", 60) + ".example"
	role := svc.NewRole(t, "")
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/api/v1/permissions", `{"name":` + name + `,"description":"` + escaped(255) + `"}`, 201},
		{"PATCH", "/api/v1/permissions/" + strings.Trim(id, `"`), `{"description":"` + escaped(255) + `"}`, 200},
		{"POST", "/api/v1/roles", `{"name":"` + escaped(100) + `","description":"` + escaped(255) + `","parent_id":null,"permission_ids":[` + list(id) + `]}`, 201},
		{"PATCH", "/api/v1/roles/" + role, `{"description":"` + escaped(255) + `"}`, 200},
		{"POST", "/api/v1/roles/" + role + "/permissions", `{"permission_ids":[` + list(id) + `]}`, 200},
		{"POST", "/api/v1/auth/check", `{"permissions":[` + list(name) + `],"account_id":"` + svc.AdminID + `"}`, 200},
		{"POST", "/api/v1/accounts", `{"email":"` + email + `","password":"` + decomposed + `","role_id":"` + role + `"}`, 201},
	} {
		svc.Send(t, apitest.Request{Method: c.method, Path: c.path, Token: svc.AdminToken, Body: c.body}).Want(t, c.status, "")
	}
	svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/login", Body: `{"email":"` + email + `","password":"` + decomposed + `"}`}).Want(t, 200, "")
}
