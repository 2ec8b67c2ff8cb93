package web_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for sent, kept := range map[string]bool{
		"abc-DEF_1.2": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "": false, "a b": false, "ä": false, "a/b": false,
	} {
		for _, path := range []string{"/livez", "/nothing", "/api/v1/auth/me"} {
			got := svc.Send(t, apitest.Request{Method: "GET", Path: path, Header: http.Header{"X-Request-ID": {sent}}}).Header.Get("X-Request-ID")
			if (got == sent) != kept || len(got) == 0 {
				t.Errorf("%q becomes %q", sent, got)
			}
		}
	}
}

func TestTransportSecurity(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}})
	if got := svc.Send(t, apitest.Request{Method: "GET", Path: "/livez"}).Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("without TLS: %q", got)
	}
	header := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"203.0.113.9"}}
	if got := svc.Send(t, apitest.Request{Method: "GET", Path: "/livez", Header: header}).Header.Get("Strict-Transport-Security"); got == "" {
		t.Error("no HSTS over TLS")
	}
	if !strings.Contains(svc.Log.String(), `"client":"203.0.113.9"`) {
		t.Error("the log has not the client's address")
	}
}

func TestDocsAreServed(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	page := svc.Send(t, apitest.Request{Method: "GET", Path: "/docs"}).Want(t, 200, "")
	if !strings.Contains(page.Header.Get("Content-Security-Policy"), "script-src 'self'") || page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%v", page.Header)
	}
	const script = "/docs/swagger-ui-bundle.js"
	packed := svc.Send(t, apitest.Request{Method: "GET", Path: script, Header: http.Header{"Accept-Encoding": {"br, gzip;q=0.5"}}}).Want(t, 200, "")
	plain := svc.Send(t, apitest.Request{Method: "GET", Path: script, Header: http.Header{"Accept-Encoding": {"gzip;q=0"}}}).Want(t, 200, "")
	if packed.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" || len(packed.Body) >= len(plain.Body) {
		t.Errorf("packed %v, plain %v", packed.Header, plain.Header)
	}
	if packed.Header.Get("ETag") == plain.Header.Get("ETag") || packed.Header.Get("Vary") != "Accept-Encoding, Origin" {
		t.Errorf("packed %v, plain %v", packed.Header, plain.Header)
	}
}
