package app_test

import (
	"errors"
	"slices"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/importer"
)

// What the options allow is imported, and what they leave out is not.
func TestImportOptions(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		var unreadable []users.ID
		svc := apitest.Start(t, apitest.Options{Engine: engine, Configure: func(o *app.EdgeOptions) {
			o.Service.UnreadableHash = func(id users.ID) { unreadable = append(unreadable, id) }
		}})
		file := []string{
			`{"email":"chief@example.org","role":"Chief","password_hash":"` + importHash + `"}`,
			`{"email":"none@example.org"}`,
			`{"email":"django@example.org","password_hash":"!unusable"}`,
			`{"email":"odd@example.org","password_hash":"{CRYPT}x"}`,
			`{"email":"unverified@example.org","email_verified":"false","password_hash":"` + importHash + `"}`,
			`{"email":"totp@example.org","totp_secret":"!","password_hash":"` + importHash + `"}`,
			`{"email":"gone@example.org","role":"Group","password_hash":"` + importHash + `"}`,
		}
		const without = "; no password is right until the account gets one"
		im := asOperator(svc, func(p *importer.Ports) { p.Seals = nil })
		results, _ := runImport(t, im, lines(t, file...), importer.Options{
			DefaultRole: "Import Reader", CreateRoles: true, RoleNames: map[string]users.RoleName{"CHIEF": "Admin", "group": ""}, AllowedRoles: []users.RoleName{"admin"},
			AllowUnusable: true, AllowUnverified: true, WithoutTOTP: true,
		})
		wantResults(t, results,
			"1 created",
			"2 created: password: is missing: the account has none there"+without,
			"3 created: password: is missing: the account has none there"+without,
			"4 created: password: can't be read: no known form of a hash; one that is only a digest has to be written with its algorithm, such as md5$salt$digest"+without,
			"5 created",
			"6 created: its second factor is left out",
			"7 created")
		getAs(t, svc, "chief@example.org", "/api/v1/keys").Want(t, 200, "")
		// Of a hash that could not be read a login leaves a warning, and of a password that there never was it leaves none.
		for _, email := range []string{"none@example.org", "django@example.org", "odd@example.org"} {
			svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": email, "password": importPassword}}).Want(t, 401, "")
		}
		odd, _, err := svc.Store.AccountByEmail(t.Context(), parseEmail(t, "odd@example.org"))
		if err != nil || !slices.Equal(unreadable, []users.ID{odd.ID}) {
			t.Errorf("warnings about %v, want %v, %v", unreadable, odd.ID, err)
		}
		// Without the options nothing is imported that needs them.
		for _, file := range [][]string{{`{"email":"a@example.org","role":"Nothing","password_hash":"` + importHash + `"}`}, {`{"email":"b@example.org","email_verified":false,"role":"Import Reader","password_hash":"` + importHash + `"}`},
			{`{"email":"c@example.org","role":"Import Reader","totp_secret":"JBSWY3DPEHPK3PXP","password_hash":"` + importHash + `"}`}} {
			results, summary := runImport(t, im, lines(t, file...), importer.Options{})
			if summary.Of[importer.Refused] != 1 {
				t.Errorf("%s: %s", file, results)
			}
		}
		_, err = im.Run(t.Context(), users.AsOperator(), lines(t, file...), importer.Options{DefaultRole: "Nothing", AllowedRoles: []users.RoleName{"None"}, RoleNames: map[string]users.RoleName{"a": " "}}, nil)
		var refused *users.Error
		if !errors.As(err, &refused) || len(refused.Faults) != 3 {
			t.Errorf("roles that do not exist: %v", err)
		}
	})
}

// A role that holds permissions of the service itself, by inheritance too, is given only where the options name it.
func TestImportGivesNoRightsOverTheService(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		above := svc.NewRole(t, "", "accounts:delete")
		below := svc.NewRole(t, above)
		name := svc.Get(t, "/api/v1/roles/"+below).Want(t, 200, "").Text(t, "name")
		line := `{"email":"a@example.org","role":"` + name + `","password_hash":"` + importHash + `"}`
		im := asOperator(svc, nil)
		results, _ := runImport(t, im, lines(t, line), importer.Options{})
		wantResults(t, results, "1 refused: role holds permissions of this service itself, such as accounts:delete; --allow-role \""+name+"\" lets the import give it")
		results, _ = runImport(t, im, lines(t, line), importer.Options{AllowedRoles: []users.RoleName{users.RoleName(name)}})
		wantResults(t, results, "1 created")
		// A caller that is no operator gives only what it holds.
		poor := svc.NewAccount(t, svc.NewRole(t, "", "accounts:create", "accounts:read"))
		caller, err := svc.Users.Authenticate(t.Context(), poor.Token)
		if err != nil {
			t.Fatal(err)
		}
		_, err = svc.Importer.Run(t.Context(), caller, lines(t, `{"email":"b@example.org","role":"`+name+`","password_hash":"`+importHash+`"}`), importer.Options{AllowedRoles: []users.RoleName{users.RoleName(name)}}, func(importer.Result) error { return nil })
		if !errors.Is(err, users.ErrForbidden) {
			t.Errorf("by a caller that does not hold it: %v", err)
		}
	})
}
