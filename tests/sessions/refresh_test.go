package sessions

import (
	"flag"
	"strings"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

func TestRefresh(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		first := w.logIn(t)
		w.wantEvents(t, "a login", map[users.EventKind]int{users.SessionStarted: 1})
		claims, err := w.Tokens.Verify(first.Token, w.clock.Now())
		if err != nil || claims.Session != first.Session.ID || claims.Expires.Sub(claims.IssuedAt) > 10*time.Minute {
			t.Errorf("the claims are %+v (%v)", claims, err)
		}
		if strings.Contains(first.RefreshToken, first.Session.ID.String()) || !strings.HasPrefix(first.RefreshToken, "svcr_") || len(first.RefreshToken) != 76 {
			t.Errorf("the refresh token has %d characters", len(first.RefreshToken))
		}

		// The rights are those of the refresh.
		w.Patch(t, "/api/v1/accounts/"+w.account.ID, map[string]any{"role_id": w.AdminRole}).Want(t, 200, "")
		second := w.refresh(t, first.RefreshToken)
		if claims, err = w.Tokens.Verify(second.Token, w.clock.Now()); err != nil || claims.Roles[0] != "Admin" || claims.Session != first.Session.ID {
			t.Errorf("after a change of the role the claims are %+v (%v)", claims, err)
		}
		if second.RefreshToken == first.RefreshToken {
			t.Error("the refresh token is the same")
		}
		// Any repetition has the same successor, and none of them moves the session.
		for range 3 {
			if again := w.refresh(t, first.RefreshToken); again.RefreshToken != second.RefreshToken || again.Session != second.Session {
				t.Errorf("repeated: %+v, want %+v", again.Session, second.Session)
			}
		}
		w.wantAccess(t, "the first access token", first.Token, true)
		w.wantAccess(t, "the second", second.Token, true)
		w.wantEvents(t, "refreshes", nil)
	})
}

// A client that has lost an answer gets it again once a day, if nothing has come of it.
func TestRecovery(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		first := w.logIn(t)
		second := w.refresh(t, first.RefreshToken)
		w.age(t, beyond)
		if again := w.refresh(t, first.RefreshToken); again.RefreshToken != second.RefreshToken {
			t.Error("the recovered token is another")
		}
		w.wantEvents(t, "a recovery", map[users.EventKind]int{users.SessionStarted: 1, users.SessionRecovered: 1})
		// The answer to the recovery may be lost as well.
		if again := w.refresh(t, first.RefreshToken); again.RefreshToken != second.RefreshToken {
			t.Error("the token after the recovery is another")
		}
		w.wantEvents(t, "a repetition of the recovery", nil)
		third := w.refresh(t, second.RefreshToken)

		// Half a day later the same happens again: one recovery a day.
		w.age(t, 12*time.Hour)
		w.wantRefused(t, "a second recovery within a day", second.RefreshToken)
		w.wantEvents(t, "a second recovery within a day", map[users.EventKind]int{users.SessionReused: 1})
		w.wantRefused(t, "the token that counted", third.RefreshToken)
		w.wantAccess(t, "an access token of the ended session", third.Token, false)
	})
}

// Where all tabs of a browser come at once, with a token whose answer was lost long ago, one of them is taken for a
// recovery and the others for repetitions of it.
func TestParallelRecoveries(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		first := w.logIn(t)
		next := w.refresh(t, first.RefreshToken).RefreshToken
		w.age(t, beyond)
		var running sync.WaitGroup
		for range 20 {
			running.Go(func() {
				if result, err := w.Users.Refresh(t.Context(), first.RefreshToken, users.Client{}); err != nil || result.RefreshToken != next {
					t.Errorf("recovered beside others: %v", err)
				}
			})
		}
		running.Wait()
		w.wantEvents(t, "parallel recoveries", map[users.EventKind]int{users.SessionStarted: 1, users.SessionRecovered: 1})
	})
}

func TestRecoveryHasAnEnd(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		first := w.logIn(t)
		w.refresh(t, first.RefreshToken)
		w.age(t, 24*time.Hour+time.Second)
		w.wantRefused(t, "a day later", first.RefreshToken)
		w.wantEvents(t, "a day later", map[users.EventKind]int{users.SessionStarted: 1, users.SessionReused: 1})
	})
}

// Owner and thief have the same token: whichever of them comes second is seen at the second step.
func TestThief(t *testing.T) {
	for name, thiefFirst := range map[string]bool{"thief first": true, "owner first": false} {
		t.Run(name, func(t *testing.T) {
			apitest.OnEngines(t, func(t *testing.T, engine string) {
				w := newWorld(t, engine)
				owner := w.logIn(t).RefreshToken
				thief := owner
				one, two := &owner, &thief
				if thiefFirst {
					one, two = two, one
				}
				*one = w.refresh(t, *one).RefreshToken
				w.age(t, beyond)
				*two = w.refresh(t, *two).RefreshToken // taken for a lost answer
				w.age(t, beyond)
				*one = w.refresh(t, *one).RefreshToken
				w.age(t, beyond)
				w.wantRefused(t, "the second step", *two)
				w.wantRefused(t, "afterwards, the other", *one)
				w.wantEvents(t, "theft", map[users.EventKind]int{users.SessionStarted: 1, users.SessionRecovered: 1, users.SessionReused: 1})
			})
		})
	}
}

// A token of two steps ago ends the session at once, also within the window.
func TestGrandparent(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		first := w.logIn(t)
		third := w.refresh(t, w.refresh(t, first.RefreshToken).RefreshToken)
		w.wantRefused(t, "the grandparent", first.RefreshToken)
		w.wantRefused(t, "the token that counted", third.RefreshToken)
		w.wantAccess(t, "an access token", third.Token, false)
		w.wantEvents(t, "the grandparent", map[users.EventKind]int{users.SessionStarted: 1, users.SessionReused: 1})
	})
}

// A dead account is a plain refusal and no theft.
func TestDeadAccount(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		session := w.logIn(t)
		w.Exec(t, `UPDATE accounts SET is_active = false WHERE id = '`+w.account.ID+`'`)
		w.wantRefused(t, "disabled by hand", session.RefreshToken)
		w.Exec(t, `UPDATE accounts SET is_active = true WHERE id = '`+w.account.ID+`'`)
		w.wantRefused(t, "enabled again by hand", session.RefreshToken)
		w.wantEvents(t, "by hand", map[users.EventKind]int{users.SessionStarted: 1})
		session = w.logIn(t)
		w.Patch(t, "/api/v1/accounts/"+w.account.ID, map[string]any{"is_active": false}).Want(t, 200, "")
		w.wantRefused(t, "disabled", session.RefreshToken)
		w.wantEvents(t, "disabled", map[users.EventKind]int{users.SessionStarted: 1, users.SessionEnded: 2})
		w.Patch(t, "/api/v1/accounts/"+w.account.ID, map[string]any{"is_active": true}).Want(t, 200, "")
		w.wantRefused(t, "enabled again", session.RefreshToken)
		session = w.logIn(t)
		w.Delete(t, "/api/v1/accounts/"+w.account.ID).Want(t, 200, "")
		w.wantRefused(t, "deleted", session.RefreshToken)
		w.wantAccess(t, "the access token of a deleted account", session.Token, false)
	})
}

func TestSessionTimes(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		session := w.logIn(t)
		w.clock.Pass(14*24*time.Hour - time.Minute)
		session = w.refresh(t, session.RefreshToken)
		w.clock.Pass(14 * 24 * time.Hour)
		w.wantRefused(t, "idle for 14 days", session.RefreshToken)
		w.wantEvents(t, "idle", map[users.EventKind]int{users.SessionStarted: 1})

		session = w.logIn(t)
		for range 7 {
			w.clock.Pass(13 * 24 * time.Hour)
			if session.Session.Expires().After(w.clock.Now()) && w.clock.Now().Before(session.Session.EndsAt) {
				session = w.refresh(t, session.RefreshToken)
			}
		}
		w.wantRefused(t, "after 90 days", session.RefreshToken)
	})
}

// rounds can be raised: go test ./tests/sessions -run TestParallelRefreshes -args -rounds 1000
var rounds = flag.Int("rounds", 10, "how many tokens a hundred clients refresh at once")

// A hundred parallel refreshes over two replicas have one successor.
func TestParallelRefreshes(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		other := w.Replica(t, nil)
		other.Users.Sessions.ReuseWindow = window
		token := w.logIn(t).RefreshToken
		for round := range *rounds {
			var mu sync.Mutex
			next := map[string]int{}
			var running sync.WaitGroup
			for i := range 100 {
				service := []*users.Service{w.Users, other.Users}[i%2]
				running.Go(func() {
					result, err := service.Refresh(t.Context(), token, users.Client{})
					if err != nil {
						t.Errorf("round %d: %v", round, err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					next[result.RefreshToken]++
				})
			}
			running.Wait()
			if len(next) != 1 {
				t.Fatalf("round %d: %d successors", round, len(next))
			}
			for token = range next {
			}
		}
		w.wantEvents(t, "parallel refreshes", map[users.EventKind]int{users.SessionStarted: 1})
	})
}
