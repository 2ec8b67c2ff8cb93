package system

import (
	"net/http"
	"testing"
)

// Two changes of one password at once, with one token: at most one succeeds. The token is invalid then, the new token
// of the successful change is valid, and so is its password.
func TestRacePassword(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		p := c.newPerson(c.roles["User"])
		for round := range rounds(t, 1) {
			chosen := [2]string{newPassword(), newLongPassword()}
			var answers [2]answer
			change := func(i int) func() {
				return func() {
					answers[i] = c.replicas()[i].patient(http.MethodPost, "/api/v1/auth/password", p.token,
						map[string]any{"current_password": p.password, "new_password": chosen[i]})
				}
			}
			together(change(0), change(1))
			winner := 0
			if answers[1].is(http.StatusOK) {
				winner = 1
			}
			loser := answers[1-winner]
			// 401 where the token was dead on arrival, 403 where the password was, 409 where both changed in between.
			if !answers[winner].is(http.StatusOK) || !loser.is(http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict) {
				t.Fatalf("round %d: %d %q and %d %q", round, answers[0].status, answers[0].Message, answers[1].status, answers[1].Message)
			}
			old := p
			p.token, p.password = answers[winner].text("token"), chosen[winner]
			for _, s := range c.replicas() {
				if a := s.me(old.token); !a.is(http.StatusUnauthorized) {
					t.Fatalf("round %d: the old token is answered %d", round, a.status)
				}
				if a := s.me(p.token); !a.is(http.StatusOK) {
					t.Fatalf("round %d: the fresh token is answered %d", round, a.status)
				}
			}
			for password, status := range map[string]int{
				p.password: http.StatusOK, chosen[1-winner]: http.StatusUnauthorized, old.password: http.StatusUnauthorized,
			} {
				c.any().want(status, http.MethodPost, "/api/v1/auth/login", "", credentials(p.email, password))
			}
		}
	})
}

// A login and a disable at once: an issued token is valid only while the account is active, and stays invalid after the
// disable.
func TestRaceLoginAndDisable(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		p := c.newPerson(c.roles["User"])
		path := "/api/v1/accounts/" + p.id
		for round := range rounds(t, 2) {
			var login, disabled answer
			together(
				func() {
					login = c.a.patient(http.MethodPost, "/api/v1/auth/login", "", credentials(p.email, p.password))
				},
				func() {
					disabled = c.b.patient(http.MethodPatch, path, c.admin.token, map[string]any{"is_active": false})
				},
			)
			if !disabled.is(http.StatusOK) || !login.is(http.StatusOK, http.StatusUnauthorized) {
				t.Fatalf("round %d: %d %q and %d %q", round, login.status, login.Message, disabled.status, disabled.Message)
			}
			c.ask(http.StatusOK, http.MethodPatch, path, map[string]any{"is_active": true})
			if token := login.text("token"); token != "" {
				if a := c.any().me(token); !a.is(http.StatusUnauthorized) {
					t.Fatalf("round %d: a token from before the disable is answered %d", round, a.status)
				}
			}
		}
	})
}
