package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestEndOwnSessions(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, ""))
	other := svc.NewAccount(t, svc.NewRole(t, ""))
	strange := svc.LoginSession(t, other.Email, other.Password)
	var s [4]apitest.Session
	for i := range s {
		s[i] = svc.LoginSession(t, person.Email, person.Password)
	}
	end := func(token, id string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "DELETE", Path: ownSessions + "/" + id, Token: token})
	}
	for _, id := range []string{strange.ID, apitest.NoID, "x", strings.ToUpper(s[0].ID)} {
		end(s[0].Token, id).Want(t, 404, "Session not found")
	}
	end(s[0].Token, s[1].ID).Want(t, 200, "Session ended successfully")
	end(s[0].Token, s[1].ID).Want(t, 404, "Session not found")
	wantAlive(t, svc, "the one that was ended", s[1].Token, false)
	svc.SendRefresh(t, s[1].RefreshToken).Want(t, 401, notValid)
	all := svc.Send(t, apitest.Request{Method: "DELETE", Path: ownSessions, Token: s[0].Token}).Want(t, 200, "Sessions ended successfully")
	if string(all.Data) != `{"ended":2}` {
		t.Errorf("%s", all.Data)
	}
	wantAlive(t, svc, "the own one", s[0].Token, true)
	wantAlive(t, svc, "one of the others", s[3].Token, false)
	wantAlive(t, svc, "a token without a session", person.Token, true)
	wantAlive(t, svc, "another account's", strange.Token, true)
	// A token without a session keeps none of them, and one may end its own.
	all = svc.Send(t, apitest.Request{Method: "DELETE", Path: ownSessions, Token: person.Token}).Want(t, 200, "")
	if string(all.Data) != `{"ended":1}` {
		t.Errorf("%s", all.Data)
	}
	wantAlive(t, svc, "the last", s[0].Token, false)
	last := svc.LoginSession(t, person.Email, person.Password)
	end(last.Token, last.ID).Want(t, 200, "")
	wantAlive(t, svc, "the one that ended itself", last.Token, false)
	end(last.Token, last.ID).Want(t, 401, "")
}

func TestEndSessionsOfOthers(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, "", "roles:read"))
	weaker := svc.NewAccount(t, svc.NewRole(t, "", "sessions:read", "sessions:delete"))
	stronger := svc.NewAccount(t, svc.NewRole(t, "", "sessions:read", "sessions:delete", "roles:read", "roles:delete"))
	one, two := svc.LoginSession(t, person.Email, person.Password), svc.LoginSession(t, person.Email, person.Password)
	admins := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	sessions := func(account string) string { return "/api/v1/accounts/" + account + "/sessions" }
	send := func(method, path, token string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: method, Path: path, Token: token})
	}
	if list := listSessions(t, svc, sessions(person.ID), weaker.Token); len(list) != 2 || list[0].ID != two.ID || list[1].ID != one.ID || list[0].Current || list[1].Current {
		t.Errorf("%+v", list)
	}
	for _, account := range []string{apitest.NoID, "x"} {
		send("GET", sessions(account), weaker.Token).Want(t, 404, "Account not found")
		send("DELETE", sessions(account), weaker.Token).Want(t, 404, "Account not found")
		send("DELETE", sessions(account)+"/"+one.ID, weaker.Token).Want(t, 404, "Account not found")
	}
	for _, path := range []string{sessions(person.ID), sessions(person.ID) + "/" + one.ID, sessions(svc.AdminID), sessions(svc.AdminID) + "/" + admins.ID} {
		send("DELETE", path, weaker.Token).Want(t, 403, "")
	}
	send("DELETE", sessions(svc.AdminID), stronger.Token).Want(t, 403, "")
	send("DELETE", sessions(stronger.ID)+"/"+one.ID, stronger.Token).Want(t, 404, "Session not found")
	send("DELETE", sessions(svc.AdminID)+"/"+one.ID, svc.AdminToken).Want(t, 404, "Session not found")
	send("DELETE", sessions(person.ID)+"/"+admins.ID, svc.AdminToken).Want(t, 404, "Session not found")
	wantAlive(t, svc, "one", one.Token, true)
	send("DELETE", sessions(person.ID)+"/"+one.ID, stronger.Token).Want(t, 200, "Session ended successfully")
	wantAlive(t, svc, "one", one.Token, false)
	wantAlive(t, svc, "the other", two.Token, true)
	if all := send("DELETE", sessions(person.ID), stronger.Token).Want(t, 200, "Sessions ended successfully"); string(all.Data) != `{"ended":1}` {
		t.Errorf("%s", all.Data)
	}
	wantAlive(t, svc, "the other", two.Token, false)
	wantAlive(t, svc, "the administrator's", admins.Token, true)
}

// What changes an account so that its tokens are past ends its sessions too.
func TestSessionsEndWithTheirAccount(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	role := svc.NewRole(t, "")
	for name, change := range map[string]func(account string){
		"disabled": func(account string) {
			svc.Patch(t, account, map[string]any{"is_active": false}).Want(t, 200, "")
			svc.Patch(t, account, map[string]any{"is_active": true}).Want(t, 200, "")
		},
		"another password": func(account string) {
			svc.Patch(t, account, map[string]any{"password": "quite another one"}).Want(t, 200, "")
		},
		"deleted": func(account string) { svc.Delete(t, account).Want(t, 200, "") },
	} {
		person := svc.NewAccount(t, role)
		s := svc.LoginSession(t, person.Email, person.Password)
		change("/api/v1/accounts/" + person.ID)
		wantAlive(t, svc, name, s.Token, false)
		svc.SendRefresh(t, s.RefreshToken).Want(t, 401, notValid)
		if name != "deleted" {
			if list := listSessions(t, svc, "/api/v1/accounts/"+person.ID+"/sessions", svc.AdminToken); len(list) != 0 {
				t.Errorf("%s: %+v", name, list)
			}
		}
	}
}

// A change of the own password keeps the own session, and ends the others.
func TestPasswordChangeKeepsOwnSession(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, ""))
	mine, other := svc.LoginSession(t, person.Email, person.Password), svc.LoginSession(t, person.Email, person.Password)
	change := func(token, from, to string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{
			Method: "POST", Path: "/api/v1/auth/password", Token: token, Body: map[string]any{"current_password": from, "new_password": to},
		}).Want(t, 200, "Password updated successfully")
	}
	answer := change(mine.Token, person.Password, "quite another one")
	answer.WantKeys(t, "tokenType", "token", "expiresAt")
	fresh := answer.Text(t, "token")
	if claims, err := svc.Tokens.Verify(fresh, time.Now()); err != nil || claims.Session.String() != mine.ID || claims.Expires.Sub(claims.IssuedAt) > 10*time.Minute {
		t.Errorf("%+v %v", claims, err)
	}
	wantAlive(t, svc, "the token before it", mine.Token, false)
	wantAlive(t, svc, "the token of the answer", fresh, true)
	wantAlive(t, svc, "the other session", other.Token, false)
	svc.SendRefresh(t, other.RefreshToken).Want(t, 401, notValid)
	wantAlive(t, svc, "the refreshed own session", svc.Refresh(t, mine.RefreshToken).Token, true)
	if list := listSessions(t, svc, ownSessions, fresh); len(list) != 1 || list[0].ID != mine.ID || !list[0].Current {
		t.Errorf("%+v", list)
	}
	// By a token without a session, all of them end.
	plain := svc.Login(t, person.Email, "quite another one")
	plain = change(plain, "quite another one", "and one more after it").Text(t, "token")
	if claims, err := svc.Tokens.Verify(plain, time.Now()); err != nil || !claims.Session.IsZero() {
		t.Errorf("%+v %v", claims, err)
	}
	if list := listSessions(t, svc, ownSessions, plain); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	send := func(token string, body any, header http.Header) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LogoutPath, Token: token, Body: body, Header: header})
	}
	const done, neither = "Logged out successfully", "A refresh token or an access token is required."
	login := func() apitest.Session { return svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword) }
	body := func(s apitest.Session) map[string]any { return map[string]any{"refreshToken": s.RefreshToken} }
	for name, logout := range map[string]func(apitest.Session) *apitest.Answer{
		"by refresh token":  func(s apitest.Session) *apitest.Answer { return send("", body(s), nil) },
		"by access token":   func(s apitest.Session) *apitest.Answer { return send(s.Token, "{}", nil) },
		"by both":           func(s apitest.Session) *apitest.Answer { return send(s.Token, body(s), nil) },
		"beside a past one": func(s apitest.Session) *apitest.Answer { return send("a.b.c", body(s), nil) },
	} {
		s := login()
		svc.Refresh(t, s.RefreshToken) // one that has been replaced will do
		for range 2 {
			if answer := logout(s).Want(t, 200, done); answer.Header["Set-Cookie"] != nil || string(answer.Data) != "null" {
				t.Errorf("%s: %v %s", name, answer.Header, answer.Body)
			}
		}
		wantAlive(t, svc, name, s.Token, false)
		svc.SendRefresh(t, s.RefreshToken).Want(t, 401, notValid)
	}
	// Tokens of two sessions end both.
	one, two := login(), login()
	send(one.Token, body(two), nil).Want(t, 200, done)
	wantAlive(t, svc, "one", one.Token, false)
	wantAlive(t, svc, "two", two.Token, false)
	// A token without a session is not ended, and then nothing is.
	s := login()
	const noSession = "This access token belongs to no session, so it stays valid until it expires. A change of the password ends it."
	send(svc.AdminToken, "{}", nil).Want(t, 409, noSession)
	send(svc.AdminToken, body(s), nil).Want(t, 409, noSession)
	wantAlive(t, svc, "beside a token without a session", s.Token, true)
	// What is no token of ours is over already, if it is a refresh token; an access token that is none is refused.
	send("", map[string]any{"refreshToken": "svcr_x"}, nil).Want(t, 200, done)
	send("a.b.c", "{}", nil).Want(t, 401, "The access token is not valid.")
	send("", body(s), http.Header{"Authorization": {"Bearer " + s.Token, "Bearer " + s.Token}}).Want(t, 401, "The access token is not valid.")
	wantAlive(t, svc, "with two headers", s.Token, true)
	send("", "{}", nil).Want(t, 401, neither)
	send("", "{}", http.Header{"Authorization": {"Basic cm9vdDpyb290"}}).Want(t, 401, neither)
}
