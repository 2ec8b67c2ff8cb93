package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
)

// TestStarting: before there is a database the process lives, and does nothing else.
func TestStarting(t *testing.T) {
	t.Parallel()
	handler := app.StartingEdge(app.EdgeOptions{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "1", CORSOrigins: []string{"*"}, Now: time.Now, NewID: users.NewID,
	})
	for _, c := range []struct {
		method, path string
		status       int
		has          string
	}{
		{http.MethodGet, "/livez", http.StatusOK, "ok"},
		{http.MethodHead, "/livez", http.StatusOK, ""},
		{http.MethodGet, "/readyz", http.StatusServiceUnavailable, "database unavailable"},
		{http.MethodGet, "/api/v1/health", http.StatusServiceUnavailable, `"database":"down"`},
		{http.MethodPost, "/api/v1/auth/login", http.StatusServiceUnavailable, `"message":"The service is starting."`},
		{http.MethodGet, "/api/v1/auth/forward/%61?require=a:b", http.StatusServiceUnavailable, `"message":"The service is starting."`},
		{http.MethodGet, "/api/v1//accounts", http.StatusServiceUnavailable, `"message":"The service is starting."`},
		{http.MethodGet, "/.well-known/jwks.json", http.StatusServiceUnavailable, `"message":"The service is starting."`},
		{http.MethodDelete, "/none", http.StatusServiceUnavailable, `"message":"The service is starting."`},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(c.method, c.path, nil))
		if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.has) {
			t.Errorf("%s %s: %d %s", c.method, c.path, answer.Code, answer.Body)
		}
		if retry := answer.Header().Get("Retry-After"); (retry != "") != (c.status != http.StatusOK) {
			t.Errorf("%s %s: Retry-After %q", c.method, c.path, retry)
		}
	}
}
