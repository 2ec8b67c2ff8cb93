package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

func TestPreflight(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		o.CORSOrigins, o.CORSHeaders = []string{"https://app.example"}, []string{"X-Shop"}
	}})
	ask := func(method, path, origin string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: method, Path: path, Header: http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"PATCH"}}})
	}
	ok := ask("OPTIONS", "/api/v1/accounts", "https://app.example").Want(t, 204, "")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, X-Request-ID, traceparent, tracestate, baggage, sentry-trace, X-Shop",
		"Access-Control-Max-Age":       "600",
		"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST", "Vary": "Origin", "Access-Control-Allow-Credentials": "true",
	} {
		if ok.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, ok.Header.Get(name), want)
		}
	}
	for _, path := range []string{"/api/v1/accounts", "/nothing", "/livez"} {
		answer := ask("GET", path, "https://app.example")
		if answer.Header.Get("Access-Control-Allow-Origin") != "https://app.example" || answer.Header.Get("Access-Control-Allow-Credentials") != "true" || answer.Header.Get("Access-Control-Expose-Headers") == "" {
			t.Errorf("%d %s: %v", answer.Status, path, answer.Header)
		}
		for _, origin := range []string{"https://app.example.evil", "http://app.example", "https://APP.example", "null", "*", ""} {
			answer := ask("GET", path, origin)
			for name := range answer.Header {
				if strings.HasPrefix(name, "Access-Control") {
					t.Errorf("origin %q gets %s", origin, name)
				}
			}
			if answer.Header.Get("Vary") != "Origin" {
				t.Errorf("Vary is %q", answer.Header.Get("Vary"))
			}
		}
	}
}

func TestAnyOrigin(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) { o.CORSOrigins = []string{"*"} }})
	answer := svc.Send(t, apitest.Request{Method: "GET", Path: "/", Header: http.Header{"Origin": {"https://any.example"}}}).Want(t, 200, "")
	if answer.Header.Get("Access-Control-Allow-Origin") != "https://any.example" || answer.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", answer.Header)
	}
}
