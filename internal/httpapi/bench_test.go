package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// The edge itself, without a socket: what a request costs beside the token's verification and the database.
func BenchmarkEdge(b *testing.B) {
	svc := apitest.Start(b, apitest.Options{})
	for name, path := range map[string]string{
		"livez": "/livez", "keys": "/.well-known/jwks.json", "account": "/api/v1/accounts/" + svc.AdminID, "unknown": "/nothing",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Header.Set("Authorization", "Bearer "+svc.AdminToken)
				svc.Handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
