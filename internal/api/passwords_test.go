package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/breached"
	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/password"
)

// The rules hold wherever a password is chosen, and say what is wrong at its field. What is refused changes nothing.
func TestChosenPasswords(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		list := filepath.Join(t.TempDir(), "breached.idx")
		if _, err := breached.Make(t.Context(), list, breached.Source{Reader: strings.NewReader("leaked passphrase\n"), Plain: true}); err != nil {
			t.Fatal(err)
		}
		svc := apitest.Start(t, apitest.Options{
			Engine: engine, Passwords: app.PasswordConfig{MinLength: 10, BreachedFile: list, Names: []string{"svc-users", "login.acme.example"}},
		})
		role := svc.NewRole(t, "")
		person := svc.NewAccount(t, role)
		local, _, _ := strings.Cut(person.Email, "@")
		const words = "must have 6 characters or more beside parts of the e-mail and of the service's name, spaces and punctuation"
		for _, c := range []struct{ password, problem string }{
			{"123456789", "must have 10 to 256 characters"},
			{"1234567890", "is one of the most common passwords"},
			{"QWERTYUIOP", "is one of the most common passwords"},
			{person.Email, words},
			{local + "-" + local + "-1!", words},
			{"Acme-Login-2026", words},
			{"svc-users-12345", words},
			{"leaked passphrase", "is known from data breaches"},
		} {
			for path, send := range map[string]func() *apitest.Answer{
				"password": func() *apitest.Answer {
					return svc.Post(t, "/api/v1/accounts", map[string]any{"email": strings.ToUpper(person.Email), "password": c.password, "role_id": role})
				},
				"password, of another": func() *apitest.Answer {
					return svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"password": c.password})
				},
				"new_password": func() *apitest.Answer {
					return svc.Send(t, apitest.Request{
						Method: "POST", Path: "/api/v1/auth/password", Token: person.Token, Body: map[string]any{"current_password": person.Password, "new_password": c.password},
					})
				},
			} {
				field, _, _ := strings.Cut(path, ",")
				a := send().WantFaults(t, field)
				if !strings.Contains(fmt.Sprint(a.Errors), c.problem) {
					t.Errorf("%q at %s: %s", c.password, path, a.Errors)
				}
			}
		}
		svc.Login(t, person.Email, person.Password)

		// An e-mail that changes with the password counts in both forms.
		for _, chosen := range []string{"renamed-12345", local + "-12345"} {
			svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"email": "renamed@corp.example", "password": chosen}).WantFaults(t, "password")
		}
		svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"email": "renamed@corp.example", "password": "a leaked passphrase"}).Want(t, 200, "")
		svc.Login(t, "renamed@corp.example", "a leaked passphrase")

		// Whether an account exists is said as before: a fault of the request comes first.
		svc.Patch(t, "/api/v1/accounts/"+svc.AdminRole, map[string]any{"password": "1234567890"}).WantFaults(t, "password")
		svc.Patch(t, "/api/v1/accounts/"+svc.AdminRole, map[string]any{"password": "correct horse"}).Want(t, 404, "")

		// A file that cannot be read is not taken for one that knows nothing.
		if err := os.Truncate(list, 16); err != nil {
			t.Fatal(err)
		}
		svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"password": "correct horse"}).Want(t, 500, "")
		svc.Login(t, "renamed@corp.example", "a leaked passphrase")
	})
}

// The service that is asked about a range is asked only when a password would else be taken, and without its answer it is.
func TestRangeService(t *testing.T) {
	t.Parallel()
	asked, broken := 0, false
	ranges := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if broken {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}

		fmt.Fprintln(w, strings.Repeat("0", 34)+"A:1")

	}))
	t.Cleanup(ranges.Close)
	svc := apitest.Start(t, apitest.Options{Passwords: app.PasswordConfig{BreachedURL: ranges.URL}})
	person := svc.NewAccount(t, svc.NewRole(t, "", "roles:read"))
	asked = 0
	change := func(current, chosen string) *apitest.Answer {
		return svc.Send(t, apitest.Request{
			Method: "POST", Path: "/api/v1/auth/password", Token: person.Token, Body: map[string]any{"current_password": current, "new_password": chosen},
		})
	}
	change(person.Password, "12345678").WantFaults(t, "new_password")
	change("wrong-password", "correct horse").Want(t, 403, "")
	svc.Send(t, apitest.Request{
		Method: "POST", Path: "/api/v1/accounts", Token: person.Token, Body: map[string]any{"email": "x@example.com", "password": "correct horse", "role_id": svc.AdminRole},
	}).Want(t, 403, "")
	if asked != 0 {
		t.Errorf("asked %d times for what was refused anyway", asked)
	}
	broken = true
	person.Token = change(person.Password, "correct horse").Want(t, 200, "").Text(t, "token")
	if asked != 1 || !strings.Contains(svc.Log.String(), "PASSWORD_BREACHED_URL") {
		t.Errorf("asked %d times; the log: %s", asked, svc.Log.String())
	}
}

// A login with a hash of another system replaces it, with either default, and later logins take the new one.
func TestImportedHashesAtLogin(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		for _, argon2 := range []*foreignhash.Argon2{nil, {MemoryKiB: 64, Passes: 1, Lanes: 1}} {
			svc := apitest.Start(t, apitest.Options{Engine: engine, Argon2: argon2})
			person := svc.NewAccount(t, svc.NewRole(t, ""))
			hasher := svc.Users.Passwords.(*password.Hasher)
			email, err := users.ParseEmail(person.Email)
			if err != nil {
				t.Fatal(err)
			}
			stored := func() string {
				_, hash, err := svc.Store.AccountByEmail(t.Context(), email)
				if err != nil {
					t.Fatal(err)
				}
				return string(hash)
			}
			login := func(password string, status int) {
				t.Helper()
				svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": person.Email, "password": password}}).Want(t, status, "")
			}
			own := "$2b$04$"
			if argon2 != nil {
				own = "$argon2id$v=19$m=64,t=1,p=1$"
			}
			long := strings.Repeat("long ", 20)
			for text, right := range map[string]string{
				"pbkdf2:sha256:1500$NaCl13$a76dd69507490e09dc5": "",
				"md5$NaCl13$4058193b963b6f594df2327ce6ec410f":   "correct horse",
				"{SSHA}Qucf0W2rJ2yd6te4PTdDPYGCpd7rPQcA":        "correct horse",
				"$P$6kgUCDXgISXuNGo5.gjmkWbsOh7.KK0":            "correct horse",
			} {
				hash, err := foreignhash.Read(text)
				if right == "" {
					if err == nil {
						t.Errorf("%s is read", text)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				kept, err := hasher.Keep(t.Context(), hash, foreignhash.Marks{AsTyped: true})
				if err != nil {
					t.Fatal(err)
				}
				svc.Exec(t, fmt.Sprintf(`UPDATE accounts SET password_hash = '%s' WHERE id = '%s'`, string(kept), person.ID))
				login("wrong horse", 401)
				if stored() != string(kept) {
					t.Errorf("%s: replaced by a login that failed", text)
				}
				login(right, 200)
				if !strings.HasPrefix(stored(), own) {
					t.Errorf("%s: after the login there is %.30s", text, stored())
				}
				login(right, 200)
			}
			// What the other system cut off counts after the login, and the typed form no more.
			other := password.New(password.Options{Cost: password.MinCost, Workers: 1})
			cut, err := other.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(long[:72]))
			other.Close()
			if err != nil {
				t.Fatal(err)
			}
			svc.Exec(t, fmt.Sprintf(`UPDATE accounts SET password_hash = '%s' WHERE id = '%s'`, foreignhash.Marks{First72: true}.Prefix()+string(cut), person.ID))
			login(long, 200)
			login(long[:72], 401)
			login(long+"!", 401)
			login(long, 200)
		}
	})
}

// Hashes move to the default of the settings at a login, in either direction.
func TestHashesMove(t *testing.T) {
	t.Parallel()
	for _, argon2 := range []*foreignhash.Argon2{nil, {MemoryKiB: 64, Passes: 1, Lanes: 1}} {
		svc := apitest.Start(t, apitest.Options{Argon2: argon2})
		person := svc.NewAccount(t, svc.NewRole(t, ""))
		other := password.Options{Cost: password.MinCost, Workers: 1}
		was, is := "$argon2id$", "$2b$04$"
		if argon2 == nil {
			other.Argon2 = &foreignhash.Argon2{MemoryKiB: 128, Passes: 2, Lanes: 2}
		} else {
			was, is = is, was
		}
		hasher := password.New(other)
		hash, err := hasher.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(person.Password))
		hasher.Close()
		if err != nil || !strings.HasPrefix(string(hash), was) {
			t.Fatalf("%s, %v", string(hash), err)
		}
		svc.Exec(t, fmt.Sprintf(`UPDATE accounts SET password_hash = '%s' WHERE id = '%s'`, string(hash), person.ID))
		svc.Login(t, person.Email, person.Password)
		email, err := users.ParseEmail(person.Email)
		if err != nil {
			t.Fatal(err)
		}
		_, moved, err := svc.Store.AccountByEmail(t.Context(), email)
		if err != nil || !strings.HasPrefix(string(moved), is) {
			t.Errorf("moved to %.12s, %v", string(moved), err)
		}
	}
}
