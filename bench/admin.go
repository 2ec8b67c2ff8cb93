package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/target"
)

// adminEmail is the address of the administrator.
const adminEmail = "admin@example.org"

// admin changes things as an administrator does, through one replica after the other.
type admin struct {
	pools []load.Pool // a connection to each
	token string
	turn  int
}

// newAdmin logs an administrator in, who has to be there.
func newAdmin(ctx context.Context, replicas []*target.Service) (*admin, error) {
	token, err := replicas[0].Token(ctx, adminEmail, password)
	if err != nil {
		return nil, err
	}
	pools, err := dialAll(ctx, replicas, 1)
	return &admin{pools: pools, token: token}, err
}

// Close closes the connections.
func (a *admin) Close() { closeAll(a.pools) }

// send sends a request to the next replica and returns what its answer has for data.
func (a *admin) send(method, path, body string, status int) (json.RawMessage, error) {
	conn := a.pools[a.turn%len(a.pools)][0]
	a.turn++
	answer, err := conn.Do(load.Send(method, path, a.token, body))
	if err == nil {
		err = answer.Expect(status)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	var whole struct {
		Data json.RawMessage `json:"data"`
	}
	return whole.Data, json.Unmarshal(answer.Body, &whole)
}

// make makes something and returns its id.
func (a *admin) make(path, body string) (string, error) {
	data, err := a.send(http.MethodPost, path, body, http.StatusCreated)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	return made.ID, json.Unmarshal(data, &made)
}

// makeAPIKey makes an API key of the administrator, and returns its text.
func (a *admin) makeAPIKey(permission string) (string, error) {
	data, err := a.send(http.MethodPost, "/api/v1/auth/api-keys", fmt.Sprintf(`{"name":"bench","permissions":[%q]}`, permission), http.StatusCreated)
	if err != nil {
		return "", err
	}
	var made struct {
		Key string `json:"key"`
	}
	return made.Key, json.Unmarshal(data, &made)
}

// patch changes something.
func (a *admin) patch(path, body string) error {
	_, err := a.send(http.MethodPatch, path, body, http.StatusOK)
	return err
}

// permission finds the id of a permission.
func (a *admin) permission(name string) (string, error) {
	data, err := a.send(http.MethodGet, "/api/v1/permissions?q="+url.QueryEscape(name), "", http.StatusOK)
	if err != nil {
		return "", err
	}
	var found []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return "", err
	}
	for _, p := range found {
		if p.Name == name {
			return p.ID, nil
		}
	}
	return "", errors.New("there is no permission " + name)
}
