package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// A stored hash that can't be read is a wrong password to the client, at a login and where the own password is asked for,
// and is reported by the account's id. Nothing is reported of a wrong password, or of an address that no account has.
func TestUnreadableHashIsReported(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		var reported []users.ID // one request at a time
		svc := apitest.Start(t, apitest.Options{Engine: engine, Configure: func(o *app.EdgeOptions) {
			o.Service.UnreadableHash = func(id users.ID) { reported = append(reported, id) }
		}})
		p := svc.NewAccount(t, svc.NewRole(t, ""))
		id, _ := users.ParseID(p.ID)
		send := func(email, password string) int {
			return svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": email, "password": password}}).Status
		}
		wanted := func(what string, status, want int, ids ...users.ID) {
			t.Helper()
			if status != want || !slices.Equal(reported, ids) {
				t.Errorf("%s: %d, reported %v", what, status, reported)
			}
			reported = nil
		}
		wanted("the password", send(p.Email, p.Password), 200)
		wanted("another password", send(p.Email, "quite another"), 401)
		wanted("another address", send("nobody@example.com", p.Password), 401)
		good, err := svc.Users.Passwords.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(p.Password))
		if err != nil {
			t.Fatal(err)
		}
		for what, hash := range map[string]string{
			"a line end": string(good) + "\n", "a space": " " + string(good), "another prefix": "{bcrypt}" + string(good), "another kind": "pbkdf2_sha256$600000$c2FsdA$aGFzaA", "nothing": "",
			"too dear": strings.Replace(string(good), "$04$", "$17$", 1),
		} {
			svc.Exec(t, fmt.Sprintf(`UPDATE accounts SET password_hash = '%s' WHERE id = '%s'`, hash, p.ID))
			wanted(what, send(p.Email, p.Password), 401, id)
			status := svc.Send(t, apitest.Request{
				Method: "POST", Path: "/api/v1/auth/password", Token: p.Token, Body: map[string]any{"current_password": p.Password, "new_password": "quite another"},
			}).Status
			wanted(what+", to change it", status, 403, id)
		}
	})
}

// A token that would be too long lacks its permissions, and the role is reported.
func TestOmittedPermissionsAreReported(t *testing.T) {
	t.Parallel()
	var reported []users.Role
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		o.Service.PermissionsOmitted = func(r users.Role) { reported = append(reported, r) }
	}})
	var many []string
	for i := range 90 {
		many = append(many, fmt.Sprintf("%s:%03d", strings.Repeat("p", 96), i))
		svc.NewPermission(t, many[i])
	}
	large := svc.NewRole(t, "", many...)
	small := svc.NewRole(t, "", many[0])
	a, b := svc.NewAccount(t, large), svc.NewAccount(t, small)
	reported = nil
	svc.Login(t, b.Email, b.Password)
	if len(reported) > 0 {
		t.Errorf("reported %v", reported)
	}
	token := svc.Login(t, a.Email, a.Password)
	if len(reported) != 1 || reported[0].ID.String() != large || reported[0].Name == "" {
		t.Errorf("reported %v", reported)
	}
	// It is seen in the answer about the role and in explanations, too, and nowhere where it is not so.
	for role, omitted := range map[string]bool{large: true, small: false} {
		if got := string(svc.Get(t, "/api/v1/roles/"+role).Want(t, 200, "").Data); strings.Contains(got, `"permissions_omitted":true`) != omitted {
			t.Errorf("%s, want %v", got, omitted)
		}
	}
	for account, omitted := range map[string]bool{a.ID: true, b.ID: false} {
		said := svc.Get(t, "/api/v1/accounts/"+account+"/explain?permission="+many[0]).Want(t, 200, "")
		if got := string(said.Data); strings.Contains(got, `"permissions_omitted":true`) != omitted || strings.Contains(said.Text(t, "explanation"), "no room") != omitted {
			t.Errorf("%s, want %v", got, omitted)
		}
	}
	claims, err := svc.Tokens.Verify(token, time.Now())
	if err != nil || len(claims.Permissions) != 0 || len(token) > 8192 {
		t.Errorf("%d bytes, permissions %v, %v", len(token), claims.Permissions, err)
	}
}
