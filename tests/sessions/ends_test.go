package sessions

import (
	"errors"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// A change of the own password keeps the session it is made in, and ends the others.
func TestPasswordChange(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		one, two := w.logIn(t), w.logIn(t)
		caller, err := w.Users.Authenticate(t.Context(), one.Token)
		if err != nil {
			t.Fatal(err)
		}
		changed, err := w.Users.ChangePassword(t.Context(), caller, users.PasswordChange{Current: w.account.Password, New: "another of the kind"})
		if err != nil {
			t.Fatal(err)
		}
		if claims, err := w.Tokens.Verify(changed.Token, w.clock.Now()); err != nil || claims.Session != one.Session.ID || claims.Expires.Sub(claims.IssuedAt) > 10*time.Minute {
			t.Errorf("the fresh token says %+v (%v)", claims, err)
		}
		w.wantAccess(t, "the fresh token", changed.Token, true)
		w.wantAccess(t, "the older token of the session", one.Token, false)
		w.wantAccess(t, "the token of the other session", two.Token, false)
		w.wantRefused(t, "the other session", two.RefreshToken)
		w.wantAccess(t, "the refreshed token", w.refresh(t, one.RefreshToken).Token, true)
		w.wantEvents(t, "a change of the password", map[users.EventKind]int{users.SessionStarted: 2, users.SessionEnded: 1})

		// Without a session, all end.
		w.account.Password = "another of the kind"
		three := w.logIn(t)
		caller, err = w.Users.Authenticate(t.Context(), w.Login(t, w.account.Email, w.account.Password))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = w.Users.ChangePassword(t.Context(), caller, users.PasswordChange{Current: w.account.Password, New: "a third of the kind"}); err != nil {
			t.Fatal(err)
		}
		w.wantRefused(t, "a session after a change without one", three.RefreshToken)
	})
}

func TestEndedElsewhere(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		other := w.Replica(t, nil)
		for what, end := range map[string]func(t *testing.T, s users.SessionResult) error{
			"by its access token": func(t *testing.T, s users.SessionResult) error {
				return w.Users.RevokeAccessToken(t.Context(), s.Token)
			},
			"by its refresh token": func(t *testing.T, s users.SessionResult) error {
				return w.Users.RevokeRefreshToken(t.Context(), s.RefreshToken)
			},
			"by an older refresh token": func(t *testing.T, s users.SessionResult) error {
				w.refresh(t, s.RefreshToken)
				return w.Users.RevokeRefreshToken(t.Context(), s.RefreshToken)
			},
			"as one's own": func(t *testing.T, s users.SessionResult) error {
				caller, err := w.Users.Authenticate(t.Context(), s.Token)
				return errors.Join(err, w.Users.EndOwnSession(t.Context(), caller, s.Session.ID.String()))
			},
			"by an administrator": func(t *testing.T, s users.SessionResult) error {
				caller, err := w.Users.Authenticate(t.Context(), w.AdminToken)
				return errors.Join(err, w.Users.EndAccountSession(t.Context(), caller, w.account.ID, s.Session.ID.String()))
			},
		} {
			s, bystander := w.logIn(t), w.logIn(t)
			if _, err := other.Users.Authenticate(t.Context(), s.Token); err != nil {
				t.Fatal(err)
			}
			if err := end(t, s); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			w.wantAccess(t, what, s.Token, false)
			w.wantRefused(t, what, s.RefreshToken)
			w.wantAccess(t, what+", another session", bystander.Token, true)
			w.wantAccess(t, what+", a token without a session", w.account.Token, true)
			// The promise is a second; what is waited for here is the change, however busy the machine.
			for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
				_, err := other.Users.Authenticate(t.Context(), s.Token)
				if errors.Is(err, users.ErrUnauthenticated) {
					break
				}
				if err != nil || time.Since(began) > apitest.Patience {
					t.Fatalf("%s: the other replica says %v", what, err)
				}
			}
			if err := w.Users.RevokeAccessToken(t.Context(), s.Token); err != nil {
				t.Errorf("%s: ending it again: %v", what, err)
			}
		}
	})
}

// The hundredth and first session ends the one that was not used for longest.
func TestSurplusSessions(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		sessions := []users.SessionResult{w.logIn(t)}
		for range 99 {
			w.clock.Pass(time.Second)
			sessions = append(sessions, w.logIn(t))
		}
		w.clock.Pass(time.Second)
		sessions[0] = w.refresh(t, sessions[0].RefreshToken)
		w.clock.Pass(time.Second)
		w.logIn(t)
		w.refresh(t, sessions[0].RefreshToken)
		w.wantRefused(t, "the session that was not used for longest", sessions[1].RefreshToken)
		w.refresh(t, sessions[2].RefreshToken)
		w.wantEvents(t, "101 logins", map[users.EventKind]int{users.SessionStarted: 101, users.SessionEnded: 1})
	})
}
