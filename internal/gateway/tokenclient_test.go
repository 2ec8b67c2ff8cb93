package gateway_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/svc-users/svc-users/internal/apitest"
)

// TestTokenByXOAuth2: Go's usual client gets tokens in both ways, sends them, and finds the error of the RFC in a refusal.
func TestTokenByXOAuth2(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	client := svc.NewClient(t, svc.NewRole(t, "", "roles:read"))
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams, oauth2.AuthStyleAutoDetect} {
		config := clientcredentials.Config{
			ClientID: client.ID, ClientSecret: client.Secret, TokenURL: svc.URL + apitest.TokenPath, Scopes: []string{"roles:read"}, AuthStyle: style,
		}
		token, err := config.Token(t.Context())
		if err != nil || token.Type() != "Bearer" || token.Extra("scope") != "roles:read" || token.RefreshToken != "" || token.Extra("expires_in") != 600.0 {
			t.Fatalf("style %d: %+v, %v", style, token, err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, svc.URL+"/api/v1/roles", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := config.Client(t.Context()).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("style %d: %s", style, response.Status)
		}
		config.Scopes = []string{"accounts:delete"}
		var refused *oauth2.RetrieveError
		if _, err := config.Token(t.Context()); !errors.As(err, &refused) || refused.ErrorCode != "invalid_scope" {
			t.Errorf("style %d: %v", style, err)
		}
		config.ClientSecret = "svcs_wrong"
		if _, err := config.Token(t.Context()); !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" {
			t.Errorf("style %d: %v", style, err)
		}
	}
}
