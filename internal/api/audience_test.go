package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// declareAudience declares the audience orders with a prefix, or none if that is empty.
func declareAudience(t *testing.T, svc *apitest.Service, prefix string) {
	t.Helper()
	body := map[string]any{"service": "orders", "prune": true}
	if prefix != "" {
		body["audience"], body["permission_prefix"] = "orders", prefix
	}
	svc.Post(t, "/api/v1/declarations/apply", body).Want(t, 200, "Declaration applied successfully")
}

// loginFor asks for a token for the audience orders.
func loginFor(t *testing.T, svc *apitest.Service, a apitest.Account, more map[string]any) *apitest.Answer {
	t.Helper()
	body := map[string]any{"email": a.Email, "password": a.Password, "audience": "orders"}
	for name, value := range more {
		body[name] = value
	}
	return svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: body})
}

// clerk is an account with permissions of several services, its own of this one among them.
func clerk(t *testing.T, svc *apitest.Service) (account apitest.Account, role string) {
	t.Helper()
	for _, name := range []string{"orders:read", "orders:write", "billing:read", "orders.read"} {
		svc.NewPermission(t, name)
	}
	role = svc.NewRole(t, "", "orders:read", "orders:write", "billing:read", "orders.read", "accounts:read", "tokens:introspect", "roles:update")
	return svc.NewAccount(t, role), role
}

// claimsOf are those of a token.
func claimsOf(t *testing.T, svc *apitest.Service, token string) users.Claims {
	t.Helper()
	c, err := svc.Tokens.Verify(token, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A token for a declared audience has the permissions with its prefix, and is refused wherever this service itself is
// asked for something.
func TestTokenForAnAudience(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	account, _ := clerk(t, svc)
	loginFor(t, svc, account, nil).WantFaults(t, "audience")
	loginFor(t, svc, account, map[string]any{"password": "wrong"}).Want(t, 401, "Invalid credentials.")
	loginFor(t, svc, account, map[string]any{"audience": "no name"}).WantFaults(t, "audience")
	loginFor(t, svc, account, map[string]any{"audience": ""}).WantFaults(t, "audience")
	loginFor(t, svc, account, map[string]any{"audience": []string{"orders"}}).WantFaults(t, "audience")
	loginFor(t, svc, account, map[string]any{"audience": "https://api.example"}).WantFaults(t, "audience")

	declareAudience(t, svc, "orders:")
	token := loginFor(t, svc, account, nil).Want(t, 200, "Token issued.").Text(t, "token")
	c := claimsOf(t, svc, token)
	if !slices.Equal(c.Permissions, []string{"orders:read", "orders:write"}) || c.Narrowing != (users.Narrowing{Audience: "orders", Prefix: "orders:"}) || len(c.Roles) != 1 {
		t.Errorf("%+v", c)
	}

	// No operation of the document but those that are about the bearer takes it, nor do dry runs.
	forAny := []string{"checkPermissions", "evaluateAccess", "evaluateAccesses", "forwardAuth"}
	for o := range apitest.Operations(t) {
		if !o.Takes("bearer") || slices.Contains(forAny, o.ID) {
			continue
		}
		header := http.Header{}
		if o.MediaType != "" {
			header.Set("Content-Type", o.MediaType)
		}
		svc.Send(t, apitest.Request{Method: o.Method, Path: o.At(account.ID), Token: token, Body: o.Example(), Header: header}).Want(t, 401, "")
	}
	if log := svc.Log.String(); !strings.Contains(log, "the token is for the audience orders") {
		t.Error("the log does not say why")
	}

	check := func(body map[string]any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/check", Token: token, Body: body})
	}
	answer := check(map[string]any{"permissions": []string{"orders:read", "billing:read", "orders.read", "accounts:read", "orders:none"}}).Want(t, 200, "")
	if got := string(answer.Data); strings.Count(got, `"allowed":true`) != 1 || !strings.Contains(got, `{"name":"orders:read","allowed":true}`) {
		t.Errorf("%s", got)
	}
	check(map[string]any{"permissions": []string{"orders:read"}, "account_id": account.ID}).Want(t, 403, "Missing required permission: accounts:read")

	evaluate := func(subject, action string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: "/access/v1/evaluation", Token: token, Body: map[string]any{
			"subject": map[string]any{"type": "user", "id": subject}, "action": map[string]any{"name": action}, "resource": map[string]any{"type": "x", "id": "1"},
		}})
	}
	for action, want := range map[string]bool{"orders:write": true, "billing:read": false, "accounts:read": false, "none": false} {
		if got := string(evaluate(account.ID, action).Want(t, 200, "").Body); strings.Contains(got, `"decision":true`) != want {
			t.Errorf("%s: %s", action, got)
		}
	}
	evaluate(svc.AdminID, "orders:write").Want(t, 403, "")

	forward := func(query string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/forward" + query, Token: token})
	}
	forward("?require=orders:read&require=orders:write").Want(t, 200, "Access granted")
	forward("?require=orders:read&require=billing:read").Want(t, 403, "Missing required permission: billing:read")
	forward("?require=accounts:read").Want(t, 403, "")
	forward("").Want(t, 401, "")
	forward("/").Want(t, 401, "")

	answer = svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/introspect", Token: account.Token, Body: url.Values{"token": {token}}}).Want(t, 200, "")
	if got := string(answer.Body); !strings.Contains(got, `"scope":"orders:read orders:write"`) || !strings.Contains(got, `"aud":"orders"`) || !strings.Contains(got, `"active":true`) {
		t.Errorf("%s", got)
	}
	svc.Patch(t, "/api/v1/accounts/"+account.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	check(map[string]any{"permissions": []string{"orders:read"}}).Want(t, 401, "")
	answer = svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/introspect", Token: svc.AdminToken, Body: url.Values{"token": {token}}}).Want(t, 200, "")
	if string(answer.Body) != `{"active":false}` {
		t.Errorf("%s", answer.Body)
	}
}

// The rights of a token for an audience are the account's of now, as far as its own prefix goes: what it was issued with.
func TestTokenForAnAudienceFollowsTheAccount(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	account, role := clerk(t, svc)
	declareAudience(t, svc, "orders:")
	token := loginFor(t, svc, account, nil).Want(t, 200, "").Text(t, "token")
	allowed := func() string {
		t.Helper()
		var got struct {
			Permissions []struct {
				Name    string
				Allowed bool
			}
		}
		svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/check", Token: token, Body: map[string]any{
			"permissions": []string{"orders:read", "orders:write", "billing:read", "orders.read"},
		}}).Want(t, 200, "").Into(t, &got)
		list := ""
		for _, p := range got.Permissions {
			if p.Allowed {
				list += p.Name + " "
			}
		}
		return list
	}
	if got := allowed(); got != "orders:read orders:write " {
		t.Errorf("allowed: %s", got)
	}
	svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+svc.PermissionIDs(t, "orders:write")[0]).Want(t, 200, "")
	if got := allowed(); got != "orders:read " {
		t.Errorf("after a permission was removed: %s", got)
	}
	for _, prefix := range []string{"orders.", ""} { // another one, and none
		declareAudience(t, svc, prefix)
		if got := allowed(); got != "orders:read " {
			t.Errorf("after the prefix became %q: %s", prefix, got)
		}
	}
}

// A session remembers its audience: each of its tokens has the prefix that is declared then. Once it is declared no more,
// the session can't be continued.
func TestSessionForAnAudience(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	account, _ := clerk(t, svc)
	declareAudience(t, svc, "orders:")
	begun := loginFor(t, svc, account, map[string]any{"session": true}).Want(t, 200, "Token issued.")
	refreshToken := begun.Text(t, "refreshToken")
	holds := func(token string, want ...string) {
		t.Helper()
		if c := claimsOf(t, svc, token); !slices.Equal(c.Permissions, want) || c.Narrowing.Audience != "orders" || c.Session.String() != begun.Text(t, "sessionId") {
			t.Errorf("%+v, want %q", c, want)
		}
	}
	holds(begun.Text(t, "token"), "orders:read", "orders:write")
	var sessions []struct{ Audience *string }
	list := func() string {
		t.Helper()
		svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/sessions", Token: account.Token}).Want(t, 200, "").Into(t, &sessions)
		text := ""
		for _, s := range sessions {
			if s.Audience == nil {
				text += "none "
			} else {
				text += *s.Audience + " "
			}
		}
		return text
	}
	svc.LoginSession(t, account.Email, account.Password)
	if got := list(); got != "none orders " {
		t.Errorf("the sessions are for %s", got)
	}
	for prefix, want := range map[string][]string{"orders:": {"orders:read", "orders:write"}, "orders.": {"orders.read"}} {
		declareAudience(t, svc, prefix)
		next := svc.Refresh(t, refreshToken)
		holds(next.Token, want...)
		refreshToken = next.RefreshToken
	}
	declareAudience(t, svc, "")
	svc.SendRefresh(t, refreshToken).Want(t, 401, "The refresh token is not valid.")
	if log := svc.Log.String(); !strings.Contains(log, "the audience of the session is no longer declared") {
		t.Error("the log does not say why")
	}

	// A token of it can end it, as any other.
	declareAudience(t, svc, "orders:")
	ended := loginFor(t, svc, account, map[string]any{"session": true}).Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/revoke", Body: url.Values{"token": {ended.Text(t, "token")}}}).Want(t, 200, "")
	svc.SendRefresh(t, ended.Text(t, "refreshToken")).Want(t, 401, "")
	svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/check", Token: ended.Text(t, "token"), Body: map[string]any{"permissions": []string{"orders:read"}}}).Want(t, 401, "")
}
