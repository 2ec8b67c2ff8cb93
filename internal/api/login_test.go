package api_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// interrupted are Passwords beside which something happens once while a password is compared.
type interrupted struct {
	users.Passwords
	mu   sync.Mutex
	next func()
}

func (p *interrupted) Check(ctx context.Context, why users.Purpose, ready func() error, h users.PasswordHash, w users.Password) (users.PasswordCheck, error) {
	check, err := p.Passwords.Check(ctx, why, ready, h, w)
	p.mu.Lock()
	next := p.next
	p.next = nil
	p.mu.Unlock()
	if next != nil {
		next()
	}
	return check, err
}

// A password that was right when the comparison began gets no token when it no longer is, nor does an account that is
// no longer there; a hash that was only replaced by another of the same password is no reason to refuse.
func TestLoginBesideChanges(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		var passwords *interrupted
		svc := apitest.Start(t, apitest.Options{Engine: engine, Configure: func(o *app.EdgeOptions) {
			ports := o.Service.Ports
			passwords = &interrupted{Passwords: ports.Passwords}
			ports.Passwords = passwords
			apitest.ReplaceService(o, users.New(ports))
		}})
		hash := func(password string) string {
			h, err := svc.Users.Passwords.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(password))
			if err != nil {
				t.Fatal(err)
			}
			return string(h)
		}
		role := svc.NewRole(t, "")
		for _, c := range []struct {
			what   string
			status int
			next   func(p apitest.Account)
		}{
			{"nothing", 200, func(apitest.Account) {}},
			{"another password", 401, func(p apitest.Account) {
				svc.Patch(t, "/api/v1/accounts/"+p.ID, map[string]any{"password": "quite another"}).Want(t, 200, "")
			}},
			{"another hash by hand", 401, func(p apitest.Account) {
				svc.Exec(t, fmt.Sprintf(`UPDATE accounts SET password_hash = '%s' WHERE id = '%s'`, hash("quite another"), p.ID))
			}},
			{"another hash of the same password", 200, func(p apitest.Account) {
				svc.Exec(t, fmt.Sprintf(`UPDATE accounts SET password_hash = '%s' WHERE id = '%s'`, hash(p.Password), p.ID))
			}},
			{"disabled", 401, func(p apitest.Account) {
				svc.Patch(t, "/api/v1/accounts/"+p.ID, map[string]any{"is_active": false}).Want(t, 200, "")
			}},
			{"deleted", 401, func(p apitest.Account) { svc.Delete(t, "/api/v1/accounts/"+p.ID).Want(t, 200, "") }},
		} {
			p := svc.NewAccount(t, role)
			passwords.mu.Lock()
			passwords.next = func() { c.next(p) }
			passwords.mu.Unlock()
			answer := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": p.Email, "password": p.Password}})
			if answer.Status != c.status {
				t.Errorf("%s: %d %s", c.what, answer.Status, answer.Body)
			}
		}
	})
}
