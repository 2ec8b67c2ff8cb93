package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestLogLine(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	path := "/api/v1/accounts/" + apitest.NoID + "?email=hidden@example.com"
	svc.Send(t, apitest.Request{Method: "GET", Path: path, Token: svc.AdminToken, Header: http.Header{"X-Request-Id": {"look-for-me"}}})
	svc.Send(t, apitest.Request{Method: "GET", Path: "/hidden%0Apath", Header: http.Header{"X-Request-Id": {"and-for-me"}}})
	svc.Send(t, apitest.Request{Method: "BREW", Path: "/livez", Header: http.Header{"X-Request-Id": {"me-too"}}})
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/jwks", Header: http.Header{"X-Request-Id": {"keys"}}})
	records := map[string]map[string]any{}
	for line := range strings.Lines(svc.Log.String()) {
		var record map[string]any
		apitest.Unmarshal(t, []byte(line), &record)
		if id, ok := record["request_id"].(string); ok {
			records[id] = record
		}
	}
	for id, want := range map[string]map[string]any{
		"look-for-me": {"route": "/api/v1/accounts/{id}", "status": 404.0, "method": "GET", "account_id": svc.AdminID, "client": "127.0.0.1", "level": "INFO"},
		"and-for-me":  {"route": "", "status": 404.0, "level": "INFO"},
		"me-too":      {"route": "/livez", "status": 405.0, "method": "other", "level": "DEBUG"},
		"keys":        {"route": "/api/v1/auth/jwks", "status": 200.0, "level": "DEBUG"},
	} {
		for name, value := range want {
			if records[id][name] != value {
				t.Errorf("%s: %s is %v, want %v", id, name, records[id][name], value)
			}
		}
		if ms, ok := records[id]["duration_ms"].(float64); !ok || ms < 0 {
			t.Errorf("%s: duration_ms is %v", id, records[id]["duration_ms"])
		}
	}
	if strings.Contains(svc.Log.String(), "hidden") {
		t.Error("the log holds a part of a path or a query")
	}
}

// Nobody sees the answer to a client that has left; the log tells it from a failure of ours.
func TestLogOfAClientThatLeft(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/auth/me", nil)
	r.Header.Set("Authorization", "Bearer "+svc.AdminToken)
	svc.Handler.ServeHTTP(httptest.NewRecorder(), r)
	if log := svc.Log.String(); !strings.Contains(log, `"status":499`) || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log is %s", log)
	}
}
