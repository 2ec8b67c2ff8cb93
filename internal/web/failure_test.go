package web_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

func TestPanic(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		o.Keys = func() []users.PublicKey { panic("the inside of things") }
	}})
	answer := svc.Get(t, "/api/v1/auth/jwks").Want(t, 500, "Internal server error")
	if strings.Contains(string(answer.Body), "inside") || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", answer.Header, answer.Body)
	}
	svc.Get(t, "/api/v1/auth/me").Want(t, 200, "")
	if !strings.Contains(svc.Log.String(), "the inside of things") || !strings.Contains(svc.Log.String(), `"level":"ERROR"`) {
		t.Error("the log has nothing of the cause")
	}
}

// While the database is away a good token is not called bad, and nothing is shown of why.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Store = apitest.Away{Store: ports.Store, Err: &problem}
		apitest.ReplaceService(o, users.New(ports))
	}})
	for _, c := range []struct {
		err    error
		status int
		retry  string
	}{
		{users.Unavailable("The database is away.", 1100*time.Millisecond, errors.New("dial 10.1.2.3")), 503, "2"},
		{users.Unavailable("The database is away.", 0, nil), 503, "1"},
		{fmt.Errorf("read: %w", users.ErrUnavailable), 503, "1"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), 503, "1"},
		{errors.New("a defect at 10.1.2.3"), 500, ""},
	} {
		problem.Store(&c.err)
		for _, r := range []apitest.Request{
			{Method: "GET", Path: "/api/v1/auth/me", Token: svc.AdminToken},
			{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": apitest.AdminEmail, "password": apitest.AdminPassword}},
		} {
			answer := svc.Send(t, r).Want(t, c.status, "")
			if answer.Header.Get("Retry-After") != c.retry || strings.Contains(string(answer.Body), "10.1") {
				t.Errorf("%v: %v %s", c.err, answer.Header, answer.Body)
			}
		}
	}
	problem.Store(nil)
	svc.Get(t, "/api/v1/auth/me").Want(t, 200, "")
	if !strings.Contains(svc.Log.String(), "dial 10.1.2.3") {
		t.Error("the log has nothing of the cause")
	}
}
