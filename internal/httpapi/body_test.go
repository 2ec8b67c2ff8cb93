package httpapi_test

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
	padded := body + strings.Repeat(" ", 1<<20-len(body))
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
