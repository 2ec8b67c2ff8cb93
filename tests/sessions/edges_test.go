package sessions

import (
	"context"
	"errors"
	"flag"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// withPorts returns another service on the database of w, as a replica with other ports would be.
func (w *world) withPorts(change func(*users.Ports)) *users.Service {
	ports := w.Users.Ports
	change(&ports)
	return users.New(ports)
}

// Replicas whose clocks are ten seconds apart agree on the window, which is counted by the clock of the database.
func TestClocksApart(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		ahead := w.withPorts(func(p *users.Ports) { p.Now = func() time.Time { return w.clock.Now().Add(5 * time.Second) } })
		behind := w.withPorts(func(p *users.Ports) { p.Now = func() time.Time { return w.clock.Now().Add(-5 * time.Second) } })
		for name, pair := range map[string][2]*users.Service{"ahead first": {ahead, behind}, "behind first": {behind, ahead}} {
			token := w.logIn(t).RefreshToken
			for range 5 {
				first, err := pair[0].Refresh(t.Context(), token, users.Client{})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				second, err := pair[1].Refresh(t.Context(), token, users.Client{})
				if err != nil || second.RefreshToken != first.RefreshToken {
					t.Fatalf("%s: repeated at the other replica: %v", name, err)
				}
				for _, s := range []*users.Service{w.Users, pair[0], pair[1]} {
					if _, err := s.Authenticate(t.Context(), second.Token); err != nil {
						t.Errorf("%s: the access token is refused: %v", name, err)
					}
				}
				token = second.RefreshToken
			}
		}
		w.wantEvents(t, "clocks apart", map[users.EventKind]int{users.SessionStarted: 2})
	})
}

// interrupted is a store in which something happens between the rotation of a token and the answer.
type interrupted struct {
	users.Store
	between func()
}

// RotateSession implements users.SessionRotator.
func (s interrupted) RotateSession(ctx context.Context, r users.Rotation) (users.Session, error) {
	session, err := s.Store.RotateSession(ctx, r)
	s.between()
	return session, err
}

func TestInterruptedRefresh(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		refresh := func(token string, between func()) error {
			s := w.withPorts(func(p *users.Ports) { p.Store = interrupted{p.Store, between} })
			_, err := s.Refresh(t.Context(), token, users.Client{})
			return err
		}
		session := w.logIn(t)
		if err := refresh(session.RefreshToken, func() {
			w.Patch(t, "/api/v1/accounts/"+w.account.ID, map[string]any{"is_active": false}).Want(t, 200, "")
		}); !errors.Is(err, users.ErrCredentials) {
			t.Errorf("disabled meanwhile: error %v, want a refusal", err)
		}
		w.Patch(t, "/api/v1/accounts/"+w.account.ID, map[string]any{"is_active": true}).Want(t, 200, "")

		session = w.logIn(t)
		if err := refresh(session.RefreshToken, func() {
			if err := w.Users.RevokeAccessToken(t.Context(), session.Token); err != nil {
				t.Error(err)
			}
		}); !errors.Is(err, users.ErrCredentials) {
			t.Errorf("ended meanwhile: error %v, want a refusal", err)
		}

		// The client is gone before it has the answer, and asks again.
		session = w.logIn(t)
		ctx, cancel := context.WithCancel(t.Context())
		s := w.withPorts(func(p *users.Ports) { p.Store = interrupted{p.Store, cancel} })
		if _, err := s.Refresh(ctx, session.RefreshToken, users.Client{}); err == nil {
			t.Error("an answer without a client")
		}
		next := w.refresh(t, session.RefreshToken)
		w.refresh(t, next.RefreshToken)
	})
}

// refreshes can be raised: go test ./tests/sessions -run TestRefreshesLeaveNothing -args -refreshes 1000000
var refreshes = flag.Int("refreshes", 2000, "how many refreshes in a row leave the database no larger")

func TestRefreshesLeaveNothing(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		// Without a key of the environment ES256 signs, in a thirtieth of the time.
		w := newWorldWith(t, apitest.Options{Engine: engine, Keyring: func(k *app.Keyring) { k.Environment = nil }})
		token := w.logIn(t).RefreshToken
		for range 200 {
			token = w.refresh(t, token).RefreshToken
		}
		before := w.size(t)
		for range *refreshes {
			token = w.refresh(t, token).RefreshToken
		}
		// PostgreSQL takes a few pages before it uses those of dead rows again.
		if after := w.size(t); after > before+512<<10 {
			t.Errorf("%d refreshes took %d bytes", *refreshes, after-before)
		}
	})
}
