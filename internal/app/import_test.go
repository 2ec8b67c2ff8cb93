package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
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
