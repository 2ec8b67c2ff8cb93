package api_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/store"
)

// instantPasswords compare in no time, and one is right.
type instantPasswords struct{ users.Passwords }

func (instantPasswords) Check(_ context.Context, _ users.Purpose, ready func() error, _ users.PasswordHash, p users.Password) (users.PasswordCheck, error) {
	if err := ready(); err != nil {
		return users.PasswordCheck{}, err
	}
	return users.PasswordCheck{Match: p.Reveal() == "the right one"}, nil
}

// An account finds out about a few addresses a day and no more, however many it asks about at once, through whichever
// replica, and after a restart too.
func TestEmailChangesAreBounded(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		var clock apitest.Clock
		svc := apitest.Start(t, apitest.Options{Engine: engine, Now: clock.Now})
		role := svc.NewRole(t, "")
		person, other := svc.NewAccount(t, role), svc.NewAccount(t, role)
		// Two replicas, each on connections of its own.
		replica := func(unlimited bool) *users.Service {
			st, err := store.Open(t.Context(), svc.Database)
			if err != nil {
				t.Fatal(err)
			}
			st.SetLimits(apitest.Patience, apitest.Patience, apitest.Patience)
			t.Cleanup(func() { _ = st.Close() })
			ports := svc.Users.Ports
			ports.Store, ports.Passwords, ports.Unlimited = st, instantPasswords{ports.Passwords}, unlimited
			return users.New(ports)
		}
		edge := func(s *users.Service) func(token, password, email string) *apitest.Answer {
			handler := svc.Replica(t, func(o *app.EdgeOptions) { apitest.ReplaceService(o, s) })
			return func(token, password, email string) *apitest.Answer {
				return handler.Send(t, apitest.Request{
					Method: "POST", Path: "/api/v1/auth/email", Token: token, Body: map[string]any{"current_password": password, "email": email},
				})
			}
		}
		a, b := edge(replica(false)), edge(replica(false))

		// What tells nothing is not counted.
		for range 7 {
			a(person.Token, "a wrong one", apitest.AdminEmail).Want(t, 403, "The current password is wrong.")
			a(person.Token, "the right one", "no address").WantFaults(t, "email")
			a(person.Token, "the right one", person.Email).Want(t, 200, "")
		}

		var mu sync.Mutex
		count := map[int]int{}
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				ask := a
				if i%2 == 1 {
					ask = b
				}
				answer := ask(person.Token, "the right one", apitest.AdminEmail)
				mu.Lock()
				defer mu.Unlock()
				count[answer.Status]++
				if seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")); answer.Status == 429 && (seconds < 86_000 || seconds > 86_400) {
					t.Errorf("Retry-After is %q", answer.Header.Get("Retry-After"))
				}
			})
		}
		all.Wait()
		if count[409] != 5 || count[429] != 95 {
			t.Errorf("of 100 at once: %v", count)
		}

		restarted := edge(replica(false))
		restarted(person.Token, "the right one", "free@example.com").Want(t, 429, "")
		restarted(person.Token, "a wrong one", "free@example.com").Want(t, 403, "The current password is wrong.")
		restarted(other.Token, "the right one", apitest.AdminEmail).Want(t, 409, "")
		edge(replica(true))(person.Token, "the right one", apitest.AdminEmail).Want(t, 409, "")

		// A day later it may ask again, and what no longer counts is cleared away.
		clock.Pass(24*time.Hour - time.Minute)
		person.Token, other.Token = svc.Login(t, person.Email, person.Password), svc.Login(t, other.Email, other.Password)
		a(person.Token, "the right one", apitest.AdminEmail).Want(t, 429, "")
		clock.Pass(2 * time.Minute)
		for i := range 5 {
			a(person.Token, "the right one", fmt.Sprintf("new%d-%s@example.com", i, person.ID)).Want(t, 200, "")
		}
		b(person.Token, "the right one", "free@example.com").Want(t, 429, "")
		id, _ := users.ParseID(other.ID)
		rows := func() (n int) {
			if err := svc.Store.InTx(t.Context(), func(tx users.Tx) error {
				list, err := tx.EmailChanges(t.Context(), id, time.Time{})
				n = len(list)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := rows(); n != 1 {
			t.Errorf("%d attempts of the other are kept", n)
		}
		if err := svc.Users.ForgetEmailChanges(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := rows(); n != 0 {
			t.Errorf("%d attempts of the other are kept after a day", n)
		}
		a(person.Token, "the right one", "free@example.com").Want(t, 429, "")
	})
}
