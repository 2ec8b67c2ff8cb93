package gateway_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

// A follower is told of each session that ends before its access tokens do, whatever has ended it, and of no other.
func TestChangesOfSessions(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, ""))
	login := func() apitest.Session { return svc.LoginSession(t, person.Email, person.Password) }
	send := func(r apitest.Request) { t.Helper(); svc.Send(t, r).Want(t, 200, "") }
	early := login()
	send(apitest.Request{Method: "POST", Path: apitest.LogoutPath, Token: early.Token, Body: "{}"})
	f := newFollower(svc)
	ended := func() map[string]int64 {
		t.Helper()
		told := map[string]int64{}
		for {
			status, s := f.next(t, 0)
			for _, e := range s.Sessions {
				told[e.ID] = e.Until
			}
			if status == 304 || !s.More {
				return told
			}
		}
	}
	if told := ended(); len(told) != 1 || told[early.ID] == 0 {
		t.Errorf("from the beginning: %v, want %s", told, early.ID)
	}
	for name, end := range map[string]func(apitest.Session){
		"a logout": func(s apitest.Session) {
			send(apitest.Request{Method: "POST", Path: apitest.LogoutPath, Body: map[string]any{"refreshToken": s.RefreshToken}})
		},
		"a revocation": func(s apitest.Session) {
			send(apitest.Request{Method: "POST", Path: "/oauth2/revoke", Body: url.Values{"token": {s.Token}}})
		},
		"an administrator": func(s apitest.Session) {
			svc.Delete(t, "/api/v1/accounts/"+person.ID+"/sessions/"+s.ID).Want(t, 200, "")
		},
		"the account itself": func(s apitest.Session) {
			send(apitest.Request{Method: "DELETE", Path: "/api/v1/auth/sessions/" + s.ID, Token: person.Token})
		},
		"a refresh token used again": func(s apitest.Session) {
			svc.Refresh(t, svc.Refresh(t, s.RefreshToken).RefreshToken)
			svc.SendRefresh(t, s.RefreshToken).Want(t, 401, "")
		},
		"SQL": func(s apitest.Session) { svc.Exec(t, `DELETE FROM account_sessions WHERE id = '`+s.ID+`'`) },
	} {
		s, kept := login(), login()
		if told := ended(); len(told) != 0 {
			t.Errorf("before %s: %v", name, told)
		}
		claims, err := svc.Tokens.Verify(s.Token, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		end(s)
		if told := ended(); len(told) != 1 || told[s.ID] < claims.Expires.Unix()+30 {
			t.Errorf("after %s: %v, want %s until %d and the leeway", name, told, s.ID, claims.Expires.Unix())
		}
		svc.Refresh(t, kept.RefreshToken)
	}
}
