package apitest

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// TokenPath is where service accounts get their tokens.
const TokenPath = "/oauth2/token"

// Client is a service account with a secret.
type Client struct {
	ID       string
	Name     string
	SecretID string
	Secret   string // svcs_…
}

// NewClient makes a service account with a role, and a secret for it.
func (s *Service) NewClient(t testing.TB, role string) Client {
	t.Helper()
	c := Client{Name: fmt.Sprintf("worker-%d", counter.Add(1))}
	c.ID = s.Post(t, "/api/v1/service-accounts", map[string]any{"name": c.Name, "role_id": role}).
		Want(t, http.StatusCreated, "Service account created successfully").Text(t, "id")
	c.SecretID, c.Secret = s.NewSecret(t, c.ID)
	return c
}

// NewSecret makes a secret for a service account.
func (s *Service) NewSecret(t testing.TB, account string) (id, secret string) {
	t.Helper()
	made := s.Post(t, "/api/v1/service-accounts/"+account+"/secrets", map[string]any{}).Want(t, http.StatusCreated, "Client secret created successfully")
	return made.Text(t, "id"), made.Text(t, "client_secret")
}

// Basic is the Authorization header of a client.
func (c Client) Basic() http.Header {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	return r.Header
}

// RequestToken asks for a token for a client, by HTTP Basic. An empty scope is left out.
func (s *Service) RequestToken(t testing.TB, c Client, scope string) *Answer {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return s.Send(t, Request{Method: http.MethodPost, Path: TokenPath, Header: c.Basic(), Body: form})
}

// ClientToken returns a token for a client.
func (s *Service) ClientToken(t testing.TB, c Client, scope string) string {
	t.Helper()
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	Unmarshal(t, s.RequestToken(t, c, scope).Want(t, http.StatusOK, "").Body, &grant)
	return grant.AccessToken
}
