package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

type exchanged struct {
	grant
	IssuedType string `json:"issued_token_type"`
}

// introspected asks what a token is worth.
func introspected(t *testing.T, svc *apitest.Service, token string) (got map[string]any) {
	t.Helper()
	answer := svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: svc.AdminToken, Body: url.Values{"token": {token}}}).Want(t, 200, "")
	apitest.Unmarshal(t, answer.Body, &got)
	return got
}

// TestExchangeAPIKey: a key gets a token of ten minutes that other services can verify, which has what the key lists.
func TestExchangeAPIKey(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	svc.NewPermission(t, "docs:write")
	role := svc.NewRole(t, "", "docs:read", "docs:write", "roles:read")
	ada := svc.NewAccount(t, role)
	key := svc.NewAPIKey(t, ada.Token, "docs:read", "roles:read")
	var got exchanged
	answer := svc.Exchange(t, nil, key.Key).Want(t, 200, "")
	apitest.Unmarshal(t, answer.Body, &got)
	if got.TokenType != "Bearer" || got.IssuedType != users.AccessTokenType || got.ExpiresIn != 600 || got.Scope != "docs:read roles:read" ||
		strings.Contains(string(answer.Body), "refresh") || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", answer.Body, answer.Header)
	}
	head, claims := payloadOf(t, got.AccessToken)
	if head["typ"] != "at+jwt" || claims["sub"] != ada.ID || claims["client_id"] != ada.ID || claims["role_id"] != role || claims["scope"] != got.Scope || claims["email"] != ada.Email ||
		claims["exchanged"] != true || claims["api_key_id"] != key.ID || claims["act"] != nil || claims["sid"] != nil || len(claims["roles"].([]any)) != 0 ||
		len(claims["permissions"].([]any)) != 2 || claims["exp"].(float64)-claims["iat"].(float64) != 600 {
		t.Errorf("%v %v", head, claims)
	}
	send := func(method, path string, body any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: method, Path: path, Token: got.AccessToken, Body: body})
	}
	send("GET", "/api/v1/roles", nil).Want(t, 200, "")
	send("GET", "/api/v1/accounts", nil).Want(t, 403, "Missing required permission: accounts:read")
	send("POST", "/api/v1/auth/api-keys", map[string]any{"name": "More", "permissions": []string{"docs:read"}}).
		Want(t, 403, "An exchanged token is not accepted here; use an access token from a login.")
	passed := send("GET", forward+"?require=docs:read", nil).Want(t, 200, "")
	if passed.Header.Get("X-Auth-Subject") != ada.ID || passed.Header.Get("X-Auth-Roles") != "" || passed.Header.Get("X-Auth-Actor") != "" {
		t.Errorf("%v", passed.Header)
	}
	send("GET", forward+"?require=docs:write", nil).Want(t, 403, "")
	if is := introspected(t, svc, got.AccessToken); is["active"] != true || is["scope"] != got.Scope || is["api_key_id"] != key.ID || is["client_id"] != ada.ID || is["act"] != nil {
		t.Errorf("%v", is)
	}
	if listed := svc.Send(t, apitest.Request{Method: "GET", Path: apitest.APIKeysPath + "/" + key.ID, Token: ada.Token}); listed.Text(t, "last_used_at") == "" {
		t.Error("the exchange was no use of the key")
	}
	// A demoted owner has a weaker token at once, and gets no more than the key back.
	docs := svc.PermissionIDs(t, "docs:read")[0]
	svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+docs).Want(t, 200, "")
	send("GET", forward+"?require=docs:read", nil).Want(t, 403, "")
	svc.Post(t, "/api/v1/roles/"+role+"/permissions", map[string]any{"permission_ids": []string{docs}}).Want(t, 200, "")
	send("GET", forward+"?require=docs:read", nil).Want(t, 200, "")
}

// TestExchangeWithActors: a service that authenticates, or sends a token of its own, is the actor of the token, and those
// before it stay.
func TestExchangeWithActors(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	role := svc.NewRole(t, "", "docs:read", "roles:read")
	ada := svc.NewAccount(t, role)
	session := svc.LoginSession(t, ada.Email, ada.Password)
	orders, stock := svc.NewClient(t, svc.NewRole(t, "")), svc.NewClient(t, svc.NewRole(t, ""))

	first := svc.ExchangedToken(t, orders.Basic(), session.Token, "scope", "docs:read")
	second := svc.ExchangedToken(t, nil, first, "actor_token", svc.ClientToken(t, stock, ""), "actor_token_type", users.JWTTokenType)
	again := svc.ExchangedToken(t, stock.Basic(), second)
	for name, token := range map[string]string{"the second": second, "the same actor again": again} {
		_, claims := payloadOf(t, token)
		act, _ := json.Marshal(claims["act"])
		if claims["sub"] != ada.ID || claims["client_id"] != stock.ID || claims["sid"] != session.ID || claims["scope"] != "docs:read" ||
			strings.Count(string(act), `"sub"`) != 2 || claims["act"].(map[string]any)["sub"] != stock.ID {
			t.Errorf("%s: %v", name, claims)
		}
		is := introspected(t, svc, token)
		act, _ = json.Marshal(is["act"])
		if want := `{"act":{"sub":"` + orders.ID + `"},"sub":"` + stock.ID + `"}`; string(act) != want || is["client_id"] != stock.ID || is["sid"] != session.ID {
			t.Errorf("%s: %v, want act %s", name, is, want)
		}
		me := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: token}).Want(t, 200, "")
		if me.Text(t, "act", "sub") != stock.ID || me.Text(t, "act", "act", "sub") != orders.ID || me.Text(t, "id") != ada.ID {
			t.Errorf("%s: %s", name, me.Body)
		}
		passed := svc.Send(t, apitest.Request{Method: "GET", Path: forward, Token: token}).Want(t, 200, "")
		if passed.Header.Get("X-Auth-Actor") != stock.ID || passed.Header.Get("X-Auth-Subject") != ada.ID {
			t.Errorf("%s: %v", name, passed.Header)
		}
	}
	if log := svc.Log.String(); !strings.Contains(log, `"actor_id":"`+stock.ID) && !strings.Contains(log, `actor_id=`+stock.ID) {
		t.Errorf("the log does not name the actor: %s", log)
	}
	// Its own credential makes an account no actor of itself.
	if _, claims := payloadOf(t, svc.ExchangedToken(t, orders.Basic(), svc.ClientToken(t, orders, ""))); claims["act"] != nil || claims["email"] != nil {
		t.Errorf("%v", claims)
	}
	// The chain has an end.
	token, last := session.Token, http.Header(nil)
	for range 4 {
		last = svc.NewClient(t, svc.NewRole(t, "")).Basic()
		token = svc.ExchangedToken(t, last, token)
	}
	svc.Exchange(t, orders.Basic(), token).Want(t, 400, "The subject_token has been passed on too often.")
	svc.Exchange(t, last, token).Want(t, 200, "") // it is the last actor already
}

// TestExchangeExpires: no token lives longer than the credentials that it was issued for.
func TestExchangeExpires(t *testing.T) {
	t.Parallel()
	clock := &apitest.Clock{}
	svc := apitest.Start(t, apitest.Options{Now: clock.Now})
	ada := svc.NewAccount(t, svc.NewRole(t, "", "roles:read"))
	client := svc.NewClient(t, svc.NewRole(t, ""))
	forClient := svc.ClientToken(t, client, "")
	first := svc.ExchangedToken(t, nil, ada.Token)
	clock.Pass(4 * time.Minute)
	for name, token := range map[string]string{
		"one for an exchanged one":   svc.ExchangedToken(t, nil, first),
		"one with an actor's token":  svc.ExchangedToken(t, nil, ada.Token, "actor_token", forClient, "actor_token_type", users.AccessTokenType),
		"one for a client's own one": svc.ExchangedToken(t, nil, forClient),
	} {
		_, claims := payloadOf(t, token)
		if life := claims["exp"].(float64) - claims["iat"].(float64); life > 360 || life < 355 {
			t.Errorf("%s lives for %v seconds", name, life)
		}
	}
	clock.Pass(6*time.Minute + time.Second)
	// Within the leeway for clocks the credential counts, and there is nothing left that could be issued.
	svc.Exchange(t, nil, first).Want(t, 400, "The subject_token, or the actor_token, has expired.")
	clock.Pass(time.Minute)
	svc.Exchange(t, nil, first).Want(t, 400, "The subject_token is not valid.")
}
