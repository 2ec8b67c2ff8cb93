package gateway_test

import (
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

func TestRevoke(t *testing.T) {
	t.Parallel()
	clock := &apitest.Clock{}
	svc := apitest.Start(t, apitest.Options{Now: clock.Now})
	revoke := func(token string, more url.Values, header http.Header) *apitest.Answer {
		t.Helper()
		form := url.Values{"token": {token}}
		for name, values := range more {
			form[name] = values
		}
		return svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/revoke", Body: form, Header: header})
	}
	done := func(answer *apitest.Answer) {
		t.Helper()
		if answer.Want(t, 200, ""); string(answer.Body) != "{}" || answer.Header.Get("Cache-Control") != "no-store" || answer.Header["Set-Cookie"] != nil {
			t.Errorf("%v %s", answer.Header, answer.Body)
		}
	}
	login := func() apitest.Session { return svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword) }
	alive := func(token string) bool {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: token}).Status == 200
	}
	// The hint says what the token is; it may be wrong, and need not be known (RFC 7009 §2.1).
	for _, hint := range []url.Values{nil, {"token_type_hint": {"refresh_token"}}, {"token_type_hint": {"access_token"}}, {"token_type_hint": {"x"}, "client_id": {"app"}}} {
		byRefresh, byAccess := login(), login()
		fresh := svc.Refresh(t, byRefresh.RefreshToken)
		for range 2 { // what is over is no error
			done(revoke(byRefresh.RefreshToken, hint, nil))
			done(revoke(byAccess.Token, hint, nil))
		}
		for _, s := range []apitest.Session{byRefresh, fresh, byAccess} {
			if alive(s.Token) {
				t.Errorf("%v: the access token counts still", hint)
			}
			svc.SendRefresh(t, s.RefreshToken).Want(t, 401, "")
		}
	}
	kept := login()
	// Tokens that are not valid, and none of ours, are no error either, and end nothing.
	for _, token := range []string{"x", "svcr_", kept.RefreshToken + "x", kept.RefreshToken[:75], kept.Token + "x", " " + kept.RefreshToken, "a.b.c"} {
		done(revoke(token, nil, nil))
	}
	// The token alone counts: neither who asks nor the cookie.
	done(revoke("x", nil, http.Header{"Authorization": {"Bearer " + kept.Token}, "Cookie": {"__Host-svc_refresh=" + kept.RefreshToken}}))
	if !alive(kept.Token) {
		t.Error("a session ended whose token was not sent in the form")
	}
	// An access token without a session cannot be ended by itself, and the answer does not say it were.
	revoke(svc.AdminToken, nil, nil).Want(t, 400, "This access token belongs to no session, so it stays valid until it expires. A change of the password ends it.")
	if !alive(svc.AdminToken) {
		t.Error("the token without a session is gone")
	}
	clock.Pass(30 * time.Minute)
	done(revoke(kept.Token, nil, nil)) // it has expired, and the session goes on
	svc.Refresh(t, kept.RefreshToken)
}

// While the database is away nothing is called revoked.
func TestRevokeWithoutDatabase(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Store = apitest.Away{Store: ports.Store, Err: &problem}
		o.Service = users.New(ports)
	}})
	s := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	away := error(users.Unavailable("The database is away.", 3*time.Second, nil))
	problem.Store(&away)
	for _, token := range []string{s.RefreshToken, s.Token} {
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: "/oauth2/revoke", Body: url.Values{"token": {token}}}).Want(t, 503, "The database is away.")
		if answer.Header.Get("Retry-After") != "3" {
			t.Errorf("%v", answer.Header)
		}
	}
	problem.Store(nil)
	svc.Refresh(t, s.RefreshToken)
}

// Introspection names the session, and a token is not active when its session has ended.
func TestIntrospectSession(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	s := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	ask := func(token string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: svc.AdminToken, Body: url.Values{"token": {token}}}).Want(t, 200, "")
	}
	var got struct {
		Active  bool    `json:"active"`
		Session *string `json:"sid"`
	}
	if apitest.Unmarshal(t, ask(s.Token).Body, &got); !got.Active || got.Session == nil || *got.Session != s.ID {
		t.Errorf("%+v", got)
	}
	got.Session = nil
	if apitest.Unmarshal(t, ask(svc.AdminToken).Body, &got); !got.Active || got.Session != nil {
		t.Errorf("%+v", got)
	}
	svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LogoutPath, Token: s.Token, Body: "{}"}).Want(t, 200, "")
	for _, token := range []string{s.Token, s.RefreshToken} {
		if answer := ask(token); string(answer.Body) != inactive {
			t.Errorf("%s", answer.Body)
		}
	}
}
