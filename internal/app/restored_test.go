package app_test

import (
	"fmt"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// A token that was dead stays dead when a backup is restored and the password, or the account, is reset once more.
func TestRestoredBackupRevivesNoToken(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		var clock apitest.Clock
		svc := apitest.Start(t, apitest.Options{Engine: engine, Now: clock.Now})
		role := svc.NewRole(t, "")
		for what, reset := range map[string]func(p apitest.Account){
			"a password set by an administrator": func(p apitest.Account) {
				svc.Patch(t, "/api/v1/accounts/"+p.ID, map[string]any{"password": "quite another"}).Want(t, 200, "")
			},
			"a disable": func(p apitest.Account) {
				for _, active := range []bool{false, true} {
					svc.Patch(t, "/api/v1/accounts/"+p.ID, map[string]any{"is_active": active}).Want(t, 200, "")
				}
			},
			"a change of one's own password": func(p apitest.Account) {
				svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/password", Token: svc.Login(t, p.Email, p.Password), Body: map[string]any{
					"current_password": p.Password, "new_password": "quite another",
				}}).Want(t, 200, "")
			},
		} {
			p := svc.NewAccount(t, role)
			id, _ := users.ParseID(p.ID)
			account, err := svc.Store.Account(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			hash, err := svc.Store.PasswordHash(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			clock.Pass(time.Minute)
			stolen := svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/password", Token: p.Token, Body: map[string]any{
				"current_password": p.Password, "new_password": "a second password",
			}}).Want(t, 200, "").Text(t, "token")
			svc.Patch(t, "/api/v1/accounts/"+p.ID, map[string]any{"is_active": false}).Want(t, 200, "")
			svc.Exec(t, fmt.Sprintf(`UPDATE accounts SET token_version = %d, is_active = '1', password_hash = '%s' WHERE id = '%s'`,
				account.TokenVersion, string(hash), p.ID))
			clock.Pass(time.Minute)
			reset(p)
			svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: stolen}).Want(t, 401, "")
			svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: p.Token}).Want(t, 401, "")
			if after, err := svc.Store.Account(t.Context(), id); err != nil || after.TokenVersion < clock.Now().Unix()-60 || after.TokenVersion > 1<<53 {
				t.Errorf("%s: version %d, %v", what, after.TokenVersion, err)
			}
		}
	})
}

// Versions rise by one at least, however often and however fast, and when the clock is set back.
func TestVersionsAlwaysRise(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		var clock apitest.Clock
		svc := apitest.Start(t, apitest.Options{Engine: engine, Now: clock.Now})
		p := svc.NewAccount(t, svc.NewRole(t, ""))
		id, _ := users.ParseID(p.ID)
		last := int64(1)
		for round := range 6 {
			if round == 3 {
				clock.Pass(-20 * time.Second)
			}
			for _, active := range []bool{false, true} {
				svc.Patch(t, "/api/v1/accounts/"+p.ID, map[string]any{"is_active": active}).Want(t, 200, "")
			}
			a, err := svc.Store.Account(t.Context(), id)
			if err != nil || a.TokenVersion <= last {
				t.Fatalf("version %d after %d, %v", a.TokenVersion, last, err)
			}
			last = a.TokenVersion
		}
	})
}
