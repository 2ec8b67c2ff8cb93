package app_test

import (
	"context"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/importfile"
)

const (
	importPassword = "correct horse battery"
	// importHash is what Python's bcrypt makes of it.
	importHash = "$2b$10$AOrEzs5H3MGFuMma9A52kugnucaxVlx9qlCHsCdfuFmPrJHk6CLZq"
)

// asOperator is the importer of a service for the operator.
func asOperator(svc *apitest.Service, change func(*importer.Ports)) *importer.Importer {
	rules := svc.Users.Ports
	rules.Operator = true
	ports := svc.Importer.Ports
	ports.Service = users.New(rules)
	if change != nil {
		change(&ports)
	}
	return importer.New(ports)
}

// lines are the records of a file of JSON Lines.
func lines(t *testing.T, text ...string) iter.Seq2[importer.Record, error] {
	t.Helper()
	f, err := importfile.Open(strings.NewReader(strings.Join(text, "\n")), importfile.Options{Kind: importfile.JSONL})
	if err != nil {
		t.Fatal(err)
	}
	return f.Records()
}

// runImport imports and returns what became of each record, such as "2 created: a note".
func runImport(t *testing.T, im *importer.Importer, records iter.Seq2[importer.Record, error], o importer.Options) (results []string, summary importer.Summary) {
	t.Helper()
	summary, err := im.Run(t.Context(), users.AsOperator(), records, o, func(r importer.Result) error {
		results = append(results, describe(r))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return results, summary
}

func describe(r importer.Result) string {
	parts := []string{fmt.Sprintf("%d %s", r.Line, r.Outcome)}
	for _, f := range r.Faults {
		parts = append(parts, f.Field+" "+f.Problem)
	}
	return strings.Join(append(parts, r.Notes...), ": ")
}

func wantResults(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// eventKinds counts the events that are recorded.
type eventKinds struct {
	mu sync.Mutex
	of map[users.EventKind]int
}

func (e *eventKinds) Record(_ context.Context, _ any, events []users.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range events {
		if e.of == nil {
			e.of = map[users.EventKind]int{}
		}
		e.of[event.Kind]++
	}
	return nil
}

func (e *eventKinds) take() map[users.EventKind]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	of := e.of
	e.of = nil
	return of
}

// What is imported is there at once for the service that runs: accounts log in, roles count, lists and totals have them.
// A second import of the same changes nothing.
func TestImport(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		events := &eventKinds{}
		svc := apitest.Start(t, apitest.Options{Engine: engine, Recorders: []users.Recorder{events}})
		svc.NewPermission(t, "docs:edit")
		editor := svc.NewRole(t, "", "docs:edit")
		name := svc.Get(t, "/api/v1/roles/"+editor).Want(t, 200, "").Text(t, "name")
		existing := svc.NewAccount(t, editor)
		before := total(t, svc) // so that there is something in caches
		events.take()

		const missing = "; --allow-unusable imports the account, and no password is right until it gets one"
		differs := "3 differs: the account has the role " + name + " here, and Import Fresh in the import: the account is active here, and disabled in the import"
		file, want := []string{
			`{"id":"018f3c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f","email":"Ada@Example.org","role":"` + name + `","password_hash":"` + importHash + `","created_at":"2021-05-01T10:00:00.123456789+02:00","totp_secret":"JBSWY3DPEHPK3PXP"}`,
			`{"email":"bob@example.org","role":"Import Fresh","password_hash":"` + importHash + `","is_active":false}`,
			`{"email":"` + strings.ToUpper(existing.Email) + `","role":"Import Fresh","is_active":false}`,
			`{"email":"chief@example.org","role":"admin","password_hash":"` + importHash + `"}`,
			`{"email":"none@example.org","role":"Import Fresh"}`,
			`{"email":"odd@example.org","role":"import fresh","password_hash":"{CRYPT}x"}`,
			`{"email":"no mail","role":"Import Fresh"}`,
			`oops`,
			`{"email":"ADA@example.ORG","role":"Import Fresh"}`,
			`{"id":"` + existing.ID + `","email":"taken@example.org","role":"IMPORT FRESH","password_hash":"` + importHash + `"}`,
			`{"email":"future@example.org","role":"Import Fresh","password_hash":"` + importHash + `","created_at":"2999-01-01T00:00:00Z"}`,
			`{"email":"alike@example.org","role":"Аdmin","password_hash":"` + importHash + `"}`, // with a Cyrillic А
			`{"email":"weak@example.org","role":"Import Fresh","password_hash":"md5$salt$00000000000000000000000000000000"}`,
			`{"email":"no-role@example.org","password_hash":"` + importHash + `"}`,
		}, []string{
			"1 created: its second factor is kept, and no login asks for it yet",
			"2 created",
			differs,
			"4 refused: role is that of administrators; --allow-role Admin lets the import give it",
			"5 refused: password is missing: the account has none there" + missing,
			"6 refused: password can't be read: no known form of a hash; one that is only a digest has to be written with its algorithm, such as md5$salt$digest" + missing,
			"7 refused: email must be an e-mail address such as ada@example.com",
			"8 refused:  is not valid JSON",
			"9 refused: email is also that of line 1",
			"10 created: its id is taken; the account gets a new one",
			"11 refused: created_at must be a time between 1970 and now",
			"12 refused: role can't be created: The name looks like Admin, which is the name of the system role.",
			"13 created: password: is a weak hash (salted-md5), kept under one of this service's own until the first login",
			"14 refused: role is missing; --role names the one of accounts without",
		}
		im := asOperator(svc.Replica(t, nil), nil) // another process than the service
		counted := map[importer.Outcome]int{importer.Created: 4, importer.Differs: 1, importer.Refused: 9}
		for _, dry := range []bool{true, false} {
			results, summary := runImport(t, im, lines(t, file...), importer.Options{CreateRoles: true, DryRun: dry})
			wantResults(t, results, want...)
			if diff := cmp.Diff(importer.Summary{Records: 14, Of: counted, Roles: []users.RoleName{"Import Fresh"}, Noted: 4, Factors: 1}, summary); diff != "" {
				t.Errorf("dry run %v: %s", dry, diff)
			}
			recorded := map[users.EventKind]int{users.AccountCreated: 4, users.RoleCreated: 1, users.AccountsImported: 1}
			if dry {
				recorded = nil
			}
			if diff := cmp.Diff(recorded, events.take()); diff != "" {
				t.Errorf("dry run %v: events %s", dry, diff)
			}
			if n := total(t, svc); n != before+len(recorded)/3*4 {
				t.Errorf("dry run %v: %d accounts, and there were %d", dry, n, before)
			}
		}

		me := string(getAs(t, svc, "ADA@example.org", "/api/v1/auth/me").Want(t, 200, "").Data)
		for _, want := range []string{`"018f3c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f"`, `"Ada@Example.org"`, `"docs:edit"`, `"2021-05-01T08:00:00.123456Z"`} {
			if !strings.Contains(me, want) {
				t.Errorf("%s is not in %s", want, me)
			}
		}
		svc.Login(t, "taken@example.org", importPassword)
		svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": "bob@example.org", "password": importPassword}}).Want(t, 401, "")
		fresh := svc.Get(t, "/api/v1/accounts?email=bob@example.org").Want(t, 200, "")
		if !strings.Contains(string(fresh.Data), `"is_active":false`) || !strings.Contains(string(fresh.Data), `"Import Fresh"`) {
			t.Errorf("the disabled account is %s", fresh.Data)
		}
		events.take()

		results, summary := runImport(t, im, lines(t, file...), importer.Options{CreateRoles: true})
		for i, now := range map[int]string{0: "1 unchanged", 1: "2 unchanged", 9: "10 unchanged: has another id here", 12: "13 unchanged"} {
			want[i] = now
		}
		wantResults(t, results, want...)
		if got := events.take(); len(got) > 0 || summary.Factors > 0 || len(summary.Roles) > 0 {
			t.Errorf("a second import has recorded %v, %+v", got, summary)
		}
	})
}

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

// Passwords of other systems log in, typed as there, and are hashed anew at that login.
func TestImportedPasswords(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		long := strings.Repeat("long enough ", 7)
		cases := []struct{ hash, password string }{
			{importHash, importPassword},
			{"pbkdf2_sha256$20000$salt$" + base64.StdEncoding.EncodeToString(pbkdf2Key(t, "letmein for ever", 20000)), "letmein for ever"},
			{"md5$salt$" + fmt.Sprintf("%x", md5.Sum([]byte("saltletmein for ever"))), "letmein for ever"},
			{"sha1$salt$" + fmt.Sprintf("%x", sha1.Sum([]byte("saltcafe\u0301 au lait"))), "cafe\u0301 au lait"}, // not in NFC
			{string(bcryptOf(t, svc, long[:72])), long},                                                          // of a system that cuts at 72 bytes
			{"$imported$as-typed" + strings.Replace(importHash, "$2b$", "$2a$", 1), importPassword},              // as this service exports it
		}
		var file []string
		for i, c := range cases {
			file = append(file, fmt.Sprintf(`{"email":"p%d@example.org","role":"Import Fresh","password_hash":"%s"}`, i, c.hash))
		}
		_, summary := runImport(t, asOperator(svc, nil), lines(t, file...), importer.Options{CreateRoles: true})
		if summary.Of[importer.Created] != len(cases) {
			t.Fatalf("%+v", summary)
		}
		for i, c := range cases {
			email := fmt.Sprintf("p%d@example.org", i)
			login := func(password string) int {
				return svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": email, "password": password}}).Status
			}
			if status := login("x" + c.password); status != 401 {
				t.Errorf("%s with another password: %d", c.hash, status)
			}
			svc.Login(t, email, c.password)
			_, kept, err := svc.Store.AccountByEmail(t.Context(), parseEmail(t, email))
			if err != nil || !strings.HasPrefix(string(kept), "$2b$04$") && !strings.HasPrefix(string(kept), "$bcrypt-sha256$") {
				t.Errorf("%s is kept as %s after a login, %v", c.hash, string(kept), err)
			}
			svc.Login(t, email, c.password)
		}
		if status := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": "p4@example.org", "password": long[:72]}}).Status; status != 401 {
			t.Errorf("the first 72 bytes alone, after the login: %d", status)
		}
	})
}

func pbkdf2Key(t *testing.T, password string, iterations int) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, password, []byte("salt"), iterations, 32)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// bcryptOf is a hash of this service's own.
func bcryptOf(t *testing.T, svc *apitest.Service, password string) users.PasswordHash {
	t.Helper()
	hash, err := svc.Users.Passwords.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(password))
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// total is how many accounts the service lists.
func total(t *testing.T, svc *apitest.Service) int {
	t.Helper()
	var meta struct {
		Total int `json:"total_items"`
	}
	if err := json.Unmarshal(svc.Get(t, "/api/v1/accounts?limit=1").Want(t, 200, "").Meta, &meta); err != nil {
		t.Fatal(err)
	}
	return meta.Total
}

// getAs reads a path as an imported account.
func getAs(t *testing.T, svc *apitest.Service, email, path string) *apitest.Answer {
	t.Helper()
	return svc.Send(t, apitest.Request{Method: "GET", Path: path, Token: svc.Login(t, email, importPassword)})
}

func parseEmail(t *testing.T, text string) users.Email {
	t.Helper()
	e, err := users.ParseEmail(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
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
