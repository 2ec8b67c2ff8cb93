package gateway_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// sick is a database that is away.
type sick struct{ err error }

func (s sick) Ping(context.Context) error { return s.err }

func (s sick) Ready(context.Context) error { return s.err }

func TestHealth(t *testing.T) {
	t.Parallel()
	well := apitest.Start(t, apitest.Options{})
	answer := well.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/health"}).Want(t, 200, "Service is healthy")
	if want := `{"service":"svc-users","status":"operational","version":"0.0.0-test","database":"up"}`; string(answer.Data) != want {
		t.Errorf("health is %s", answer.Data)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		answer := well.Send(t, apitest.Request{Method: "GET", Path: path}).Want(t, 200, "")
		if string(answer.Body) != "ok\n" || answer.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %v %q", path, answer.Header, answer.Body)
		}
	}
	for reason, err := range map[string]error{
		"database unavailable\n": users.Unavailable("away", time.Second, errors.New("dial 10.1.2.3")), "database not ready\n": errors.New("schema 3 of 4"),
	} {
		ill := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) { o.Health = sick{err} }})
		answer := ill.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/health"}).Want(t, 503, "Service is degraded")
		if !strings.Contains(string(answer.Data), `"status":"degraded"`) || !strings.Contains(string(answer.Data), `"database":"down"`) || answer.Header.Get("Retry-After") == "" {
			t.Errorf("%v %s", answer.Header, answer.Body)
		}
		ready := ill.Send(t, apitest.Request{Method: "GET", Path: "/readyz"}).Want(t, 503, "")
		if string(ready.Body) != reason || ready.Header.Get("Retry-After") == "" {
			t.Errorf("%v %q", ready.Header, ready.Body)
		}
		ill.Send(t, apitest.Request{Method: "GET", Path: "/livez"}).Want(t, 200, "")
	}
}
