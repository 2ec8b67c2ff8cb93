package apitest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// GrantExchange is the grant_type of an exchange.
const GrantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

// ExchangeForm is the form of an exchange of a token or an API key, with more fields and their values.
func ExchangeForm(credential string, more ...string) url.Values {
	form := url.Values{"grant_type": {GrantExchange}, "subject_token": {credential}, "subject_token_type": {users.AccessTokenType}}
	if strings.HasPrefix(credential, users.APIKeyPrefix) {
		form.Set("subject_token_type", users.APIKeyTokenType)
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

// Exchange exchanges a credential, as the client whose Authorization header this is or, if it is nil, without one.
func (s *Service) Exchange(t testing.TB, client http.Header, credential string, more ...string) *Answer {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodPost, Path: TokenPath, Header: client, Body: ExchangeForm(credential, more...)})
}

// ExchangedToken is the token that Exchange gives.
func (s *Service) ExchangedToken(t testing.TB, client http.Header, credential string, more ...string) string {
	t.Helper()
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	Unmarshal(t, s.Exchange(t, client, credential, more...).Want(t, http.StatusOK, "").Body, &grant)
	return grant.AccessToken
}

// Impersonate gets a token of an account with the token of another one.
func (s *Service) Impersonate(t testing.TB, token, account string) string {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodPost, Path: "/api/v1/accounts/" + account + "/impersonate", Token: token, Body: map[string]any{}}).
		Want(t, http.StatusOK, "Token issued.").Text(t, "token")
}
