package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// The edge itself, without a socket: what a request costs beside the token's verification and the database.
func BenchmarkEdge(b *testing.B) {
	svc := apitest.Start(b, apitest.Options{})
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprintf("orders:action-%d", i)
		svc.NewPermission(b, names[i])
	}
	hundred, err := json.Marshal(map[string]any{"permissions": names})
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]struct{ method, path, body string }{
		"livez": {"GET", "/livez", ""}, "keys": {"GET", "/.well-known/jwks.json", ""}, "account": {"GET", "/api/v1/accounts/" + svc.AdminID, ""},
		"unknown": {"GET", "/nothing", ""}, "check of one": {"POST", "/api/v1/auth/check", `{"permissions":["roles:read"]}`}, "check of 100": {"POST", "/api/v1/auth/check", string(hundred)},
		"forward": {"GET", "/api/v1/auth/forward?require=roles:read", ""},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
				r.Header.Set("Authorization", "Bearer "+svc.AdminToken)
				r.Header.Set("Content-Type", "application/json")
				recorder := httptest.NewRecorder()
				if svc.Handler.ServeHTTP(recorder, r); recorder.Code != http.StatusOK && name != "unknown" {
					b.Fatalf("%d %s", recorder.Code, recorder.Body)
				}
			}
		})
	}
}
