package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/target"
)

// asked is the number of permissions in one check. The caller holds all of them.
const asked = 100

// checkKinds are the requests of gateways: a check of the bearer's permissions, and forward authentication. There are
// none where the service has neither endpoint.
func checkKinds(ctx context.Context, svc *target.Service, pool load.Pool) ([]*kind, error) {
	a, err := newAdmin(ctx, []*target.Service{svc})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	forward := load.Get("/api/v1/auth/forward?require=accounts:read", a.token)
	answer, err := pool[0].Do(forward)
	if err != nil {
		return nil, err
	}
	if answer.Status == http.StatusNotFound {
		return nil, nil
	}
	var question struct {
		Permissions []string `json:"permissions"`
	}
	for i := range asked {
		name := fmt.Sprintf("orders-%02d:read", i)
		if _, err := a.make("/api/v1/permissions", fmt.Sprintf(`{"name":%q}`, name)); err != nil {
			return nil, err
		}
		question.Permissions = append(question.Permissions, name)
	}
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	key, err := a.makeAPIKey("accounts:read")
	if err != nil {
		return nil, err
	}
	byKey := load.Get("/api/v1/auth/forward?require=accounts:read", key)
	// The token from before names none of them: the database decides, not the token.
	check := load.Send(http.MethodPost, "/api/v1/auth/check", a.token, string(body))
	return []*kind{
		{key: "forward", what: "GET /auth/forward, CPU", pid: svc.PID(), send: sender(pool, load.Same(forward), http.StatusOK)},
		{key: "forward.key", what: fmt.Sprintf("… with an API key, of %d, CPU", manyAPIKeys), pid: svc.PID(), send: sender(pool, load.Same(byKey), http.StatusOK)},
		{key: "check", what: fmt.Sprintf("POST /auth/check of %d permissions, CPU", asked), pid: svc.PID(), send: sender(pool, load.Same(check), http.StatusOK)},
	}, nil
}
