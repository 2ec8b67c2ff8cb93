package throttle

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/throttle"
)

// use makes the budgets of a kind all but used up: each has one attempt left.
func (w *world) use(t testing.TB, kind throttle.Kind) {
	t.Helper()
	before := len(w.throttles(t, "?kind="+string(kind)))
	if before == 0 {
		t.Fatalf("nothing of the kind %s was counted", kind)
	}
	full := "(" + microseconds(w.clock.Now()) + " + (burst - 2) * every + every / 2)"
	w.Exec(t, `UPDATE throttles SET full_at = `+full+` WHERE kind = '`+string(kind)+`'`)
}

// mistyped is a credential with another last character.
func mistyped(credential string) string {
	last := len(credential) - 1
	if credential[last] == 'x' {
		return credential[:last] + "y"
	}
	return credential[:last] + "x"
}

// Credentials that do not count are counted by address, and those that do are never refused because of others.
func TestRefusedCredentials(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		key := w.NewAPIKey(t, w.AdminToken, "throttles:read")
		session := w.LoginSession(t, w.account.Email, w.account.Password)
		service := w.Post(t, "/api/v1/service-accounts", map[string]any{"name": "worker", "role_id": w.NewRole(t, "")}).Want(t, 201, "").Text(t, "id")
		_, secret := w.NewSecret(t, service)
		from := func(address string, r apitest.Request) *apitest.Answer {
			t.Helper()
			if r.Header == nil {
				r.Header = http.Header{}
			}
			r.Header.Set("X-Forwarded-For", address)
			return w.Send(t, r)
		}
		asKey := func(key string) apitest.Request {
			return apitest.Request{Method: "GET", Path: "/api/v1/throttles", Token: key}
		}
		refresh := func(token string) apitest.Request {
			return apitest.Request{Method: "POST", Path: apitest.RefreshPath, Body: map[string]any{"refreshToken": token}}
		}
		grant := func(secret string) apitest.Request {
			return apitest.Request{Method: "POST", Path: "/oauth2/token", Body: url.Values{"grant_type": {"client_credentials"}, "client_id": {service}, "client_secret": {secret}}}
		}
		// Credentials of the right form, of another service: they look as if they were of this one.
		other := apitest.Start(t, apitest.Options{Engine: engine})
		otherKey := other.NewAPIKey(t, other.AdminToken, "throttles:read").Key
		otherSession := other.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword).RefreshToken
		otherService := other.Post(t, "/api/v1/service-accounts", map[string]any{"name": "worker", "role_id": other.NewRole(t, "")}).Want(t, 201, "").Text(t, "id")
		_, otherSecret := other.NewSecret(t, otherService)

		const thief, owner = "203.0.113.66", "203.0.113.1"
		for name, c := range map[string]struct {
			status       int
			wrong, right apitest.Request
		}{
			"API key":       {401, asKey(otherKey), asKey(key.Key)},
			"client secret": {400, grant(otherSecret), grant(secret)}, // as in each form (RFC 6749 §5.2)
			"refresh token": {401, refresh(otherSession), refresh(session.RefreshToken)},
		} {
			from(thief, c.wrong).Want(t, c.status, "")
			w.use(t, throttle.KindCredential)
			from(thief, c.wrong).Want(t, c.status, "")
			refused := from(thief, c.wrong).Want(t, 429, "")
			retryAfter(t, refused)
			if name == "client secret" && !strings.Contains(string(refused.Body), `"temporarily_unavailable"`) {
				t.Errorf("%s: %s", name, refused.Body)
			}
			from(owner, c.wrong).Want(t, c.status, "")
			from(thief, c.right).Want(t, 200, "")
			w.Delete(t, "/api/v1/throttles?kind=credential").Want(t, 200, "")
		}
		// What is mistyped or forged costs no query, and is not counted. Nor is anything at the check of a proxy, which knows 401.
		for range 3 {
			from(thief, asKey(mistyped(otherKey))).Want(t, 401, "")
			from(thief, refresh(mistyped(otherSession))).Want(t, 401, "")
			from(thief, grant("svcs_mistyped")).Want(t, 400, "")
			from(thief, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: w.AdminToken + "x"}).Want(t, 401, "")
			from(thief, apitest.Request{Method: "GET", Path: "/api/v1/auth/forward", Token: otherKey}).Want(t, 401, "")
		}
		if list := w.throttles(t, "?subject="+thief); len(list) != 0 {
			t.Errorf("throttles: %+v", list)
		}
	})
}

// Wrong own passwords are counted by session, so that a thief of one does not keep the owner from a change.
func TestOwnPassword(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		stolen, mine := w.LoginSession(t, w.account.Email, w.account.Password), w.LoginSession(t, w.account.Email, w.account.Password)
		change := func(token, password string) *apitest.Answer {
			return w.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/password", Token: token, Body: map[string]any{
				"current_password": password, "new_password": w.account.Password + "2",
			}})
		}
		email := func(token, password string) *apitest.Answer {
			return w.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/auth/email", Token: token, Body: map[string]any{"current_password": password, "email": w.account.Email}})
		}
		for range 5 { // the two share a budget
			change(stolen.Token, wrong).Want(t, 403, "The current password is wrong.")
			email(stolen.Token, wrong).Want(t, 403, "The current password is wrong.")
		}
		w.hashes.Store(0)
		retryAfter(t, change(stolen.Token, wrong).Want(t, 429, "Too many attempts; try again later."))
		email(stolen.Token, w.account.Password).Want(t, 429, "")
		if w.hashes.Load() != 0 {
			t.Errorf("%d hashes", w.hashes.Load())
		}
		// Another session of the account, and tokens without one, have their own.
		email(mine.Token, w.account.Password).Want(t, 200, "")
		email(w.account.Token, w.account.Password).Want(t, 200, "")
		for range 20 { // those that are right are given back
			email(mine.Token, w.account.Password).Want(t, 200, "")
		}
		// A refresh goes on in the same budget.
		stolen = w.Refresh(t, stolen.RefreshToken)
		change(stolen.Token, wrong).Want(t, 429, "")
		// Nor has a login of the account anything to do with it.
		w.right("203.0.113.1", "").send(t, w.Service).Want(t, 200, "")
		change(mine.Token, w.account.Password).Want(t, 200, "")
	})
}

// Accounts are counted by the account that makes them, whether or not one is made.
func TestNewAccounts(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		second := w.NewAccount(t, w.AdminRole)
		create := func(token, email string) *apitest.Answer {
			return w.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/accounts", Token: token, Body: map[string]any{
				"email": email, "password": "a-fresh-secret", "role_id": w.AdminRole,
			}})
		}
		create(w.AdminToken, w.account.Email).Want(t, 409, "")
		w.Exec(t, `UPDATE throttles SET full_at = full_at + 1000000000 WHERE kind = 'new_account'`)
		retryAfter(t, create(w.AdminToken, "third@example.com").Want(t, 429, "Too many attempts; try again later."))
		create(second.Token, "third@example.com").Want(t, 201, "")
		w.clock.Pass(time.Hour)
		token := w.Login(t, apitest.AdminEmail, apitest.AdminPassword)
		create(token, "fourth@example.com").Want(t, 201, "")
	})
}
