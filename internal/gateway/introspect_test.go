package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/token"
)

const introspect = "/oauth2/introspect"

const inactive = `{"active":false}`

func TestIntrospect(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	gateway := svc.NewAccount(t, svc.NewRole(t, "", "tokens:introspect"))
	parent := svc.NewRole(t, "", "docs:read")
	role := svc.NewRole(t, parent, "roles:read")
	person := svc.NewAccount(t, role)
	ask := func(sent string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: gateway.Token, Body: url.Values{"token": {sent}, "token_type_hint": {"refresh_token"}}}).
			Want(t, 200, "")
	}
	claims, err := svc.Tokens.Verify(person.Token, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Active    bool     `json:"active"`
		Scope     string   `json:"scope"`
		TokenType string   `json:"token_type"`
		Subject   string   `json:"sub"`
		Username  string   `json:"username"`
		Issuer    string   `json:"iss"`
		Audience  string   `json:"aud"`
		TokenID   string   `json:"jti"`
		IssuedAt  int64    `json:"iat"`
		NotBefore int64    `json:"nbf"`
		Expires   int64    `json:"exp"`
		Roles     []string `json:"roles"`
	}
	answer := ask(person.Token)
	apitest.Unmarshal(t, answer.Body, &got)
	if !got.Active || got.Scope != "docs:read roles:read" || got.TokenType != "Bearer" || got.Subject != person.ID || got.Username != person.Email ||
		got.Issuer != "https://id.example" || got.Audience != "https://api.example" || got.TokenID != claims.TokenID.String() ||
		got.IssuedAt != claims.IssuedAt.Unix() || got.NotBefore != claims.NotBefore.Unix() || got.Expires != claims.Expires.Unix() ||
		!slices.Equal(got.Roles, claims.Roles) || len(got.Roles) != 2 {
		t.Errorf("%s", answer.Body)
	}
	var members map[string]json.RawMessage
	apitest.Unmarshal(t, answer.Body, &members)
	if len(members) != 12 || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", answer.Header, answer.Body)
	}

	// All but the token's own is as it is now.
	svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"email": "moved@example.com", "role_id": parent}).Want(t, 200, "")
	apitest.Unmarshal(t, ask(person.Token).Body, &got)
	if got.Scope != "docs:read" || got.Username != "moved@example.com" || !slices.Equal(got.Roles, claims.Roles[1:]) {
		t.Errorf("after changes: %+v", got)
	}
	svc.Delete(t, "/api/v1/roles/"+parent+"/permissions/"+svc.PermissionIDs(t, "docs:read")[0]).Want(t, 200, "")
	without := ask(person.Token).Body
	apitest.Unmarshal(t, without, &got)
	// An empty scope is none that RFC 6749 §3.3 knows; readers make a right with an empty name of it.
	if !got.Active || strings.Contains(string(without), `"scope"`) {
		t.Errorf("without permissions: %s", without)
	}

	// A token that is worth nothing, for whatever reason.
	svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	disabled := ask(person.Token)
	svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": true}).Want(t, 200, "")
	past := ask(person.Token)
	fresh := svc.Login(t, "moved@example.com", person.Password)
	apitest.Unmarshal(t, ask(fresh).Body, &got)
	if !got.Active {
		t.Error("a fresh token is not active")
	}
	svc.Delete(t, "/api/v1/accounts/"+person.ID).Want(t, 200, "")
	deleted := ask(fresh)
	for name, answer := range map[string]*apitest.Answer{"disabled": disabled, "past": past, "deleted": deleted} {
		if string(answer.Body) != inactive {
			t.Errorf("%s: %s", name, answer.Body)
		}
	}
}

// TestIntrospectAudiences asks where tokens have several audiences: aud is then the array that the token has.
func TestIntrospectAudiences(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Audiences: []string{"https://api.example", "orders"}})
	answer := svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: svc.AdminToken, Body: url.Values{"token": {svc.AdminToken}}}).Want(t, 200, "")
	var got struct {
		Active   bool `json:"active"`
		Audience any  `json:"aud"`
	}
	apitest.Unmarshal(t, answer.Body, &got)
	if !got.Active || !reflect.DeepEqual(got.Audience, []any{"https://api.example", "orders"}) {
		t.Errorf("%s", answer.Body)
	}
}

// TestIntrospectForged asks about tokens that are not ours, or not of this time.
func TestIntrospectForged(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	subject, _ := users.ParseID(svc.AdminID)
	now := time.Now()
	claims := users.Claims{
		Subject: subject, TokenID: users.NewID(), IssuedAt: now, NotBefore: now, Expires: now.Add(time.Hour), Version: 1, Email: "x@example.com", Roles: []string{"Admin"},
	}
	issue := func(set *token.KeySet, change func(*users.Claims)) string {
		t.Helper()
		c := claims
		change(&c)
		issued, _, err := set.Issue(c)
		if err != nil {
			t.Fatal(err)
		}
		return issued
	}
	another := func(audience string) *token.KeySet {
		t.Helper()
		key, err := token.GenerateKey(token.RS256)
		if err != nil {
			t.Fatal(err)
		}
		set, err := token.NewKeySet(key, nil, token.Options{Issuer: "https://id.example", Audiences: []string{audience}})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	good := issue(svc.Tokens, func(*users.Claims) {})
	for name, c := range map[string]struct {
		token  string
		active bool
	}{
		"good":               {good, true},
		"expired in leeway":  {issue(svc.Tokens, func(c *users.Claims) { c.Expires = now.Add(-20 * time.Second) }), true},
		"expired":            {issue(svc.Tokens, func(c *users.Claims) { c.Expires = now.Add(-31 * time.Second) }), false},
		"not yet":            {issue(svc.Tokens, func(c *users.Claims) { c.NotBefore = now.Add(time.Minute) }), false},
		"past version":       {issue(svc.Tokens, func(c *users.Claims) { c.Version = 2 }), false},
		"of nobody":          {issue(svc.Tokens, func(c *users.Claims) { c.Subject = users.NewID() }), false},
		"another key":        {issue(another("https://api.example"), func(*users.Claims) {}), false},
		"another audience":   {issue(another("https://else.example"), func(*users.Claims) {}), false},
		"changed signature":  {good[:len(good)-8] + "AAAAAAAA", false},
		"unsigned":           {"eyJhbGciOiJub25lIn0" + good[strings.IndexByte(good, '.'):strings.LastIndexByte(good, '.')+1], false},
		"with Bearer":        {"Bearer " + good, false},
		"with a space":       {good + " ", false},
		"NUL":                {"\x00", false},
		"no UTF-8":           {"\xff", false},
		"long":               {strings.Repeat("a.", 8_000), false},
		"JSON":               {`{"token":"` + good + `"}`, false},
		"a password instead": {"hunter2", false},
	} {
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: svc.AdminToken, Body: url.Values{"token": {c.token}}}).Want(t, 200, "")
		if active := string(answer.Body) != inactive; active != c.active {
			t.Errorf("%s: %s", name, answer.Body)
		}
	}
}

// TestOAuthErrors: whatever goes wrong under /oauth2 is said as the RFCs have it. That each answer has the right
// code and the two members alone is looked at wherever one is sent.
func TestOAuthErrors(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	weak := svc.NewAccount(t, svc.NewRole(t, "", "accounts:read"))
	form := url.Values{"token": {svc.AdminToken}}
	for _, c := range []struct {
		request apitest.Request
		status  int
		header  string
		value   string
	}{
		{apitest.Request{Method: "POST", Path: introspect, Body: form}, 401, "Www-Authenticate", "Bearer"},
		{apitest.Request{Method: "POST", Path: introspect, Body: form, Token: "x"}, 401, "Www-Authenticate", `Bearer error="invalid_token"`},
		{apitest.Request{Method: "POST", Path: introspect, Body: form, Header: http.Header{"Authorization": {"Basic eDp5"}}}, 401, "Www-Authenticate", `Basic realm="svc-users"`},
		{apitest.Request{Method: "POST", Path: introspect, Body: form, Token: weak.Token}, 403, "Www-Authenticate", `Bearer error="insufficient_scope", scope="tokens:introspect"`},
		// Nothing is said of the form before the caller is authorized.
		{apitest.Request{Method: "POST", Path: introspect, Body: "{", Token: weak.Token}, 403, "Www-Authenticate", `Bearer error="insufficient_scope", scope="tokens:introspect"`},
		{apitest.Request{Method: "POST", Path: introspect, Body: `{"token":"x"}`, Token: svc.AdminToken}, 415, "", ""},
		{apitest.Request{Method: "POST", Path: introspect, Token: svc.AdminToken}, 415, "", ""},
		{apitest.Request{Method: "GET", Path: introspect + "?token=x", Token: svc.AdminToken}, 405, "Allow", "OPTIONS, POST"},
		{apitest.Request{Method: "BREW", Path: introspect}, 405, "Allow", "OPTIONS, POST"},
		{apitest.Request{Method: "GET", Path: "/oauth2"}, 404, "", ""},
		{apitest.Request{Method: "POST", Path: "/oauth2/", Body: form}, 404, "", ""},
		{apitest.Request{Method: "POST", Path: "/oauth2/introspect/", Body: form}, 404, "", ""},
		{apitest.Request{Method: "POST", Path: "/oauth2//introspect", Body: form}, 404, "", ""},
		{apitest.Request{Method: "POST", Path: "/oauth2/../oauth2/introspect", Body: form}, 404, "", ""},
		{apitest.Request{Method: "POST", Path: "/oauth2/%69ntrospect", Body: form}, 404, "", ""},
	} {
		answer := svc.Send(t, c.request).Want(t, c.status, "")
		if c.header != "" && answer.Header.Get(c.header) != c.value || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %v", c.request.Method, c.request.Path, answer.Header)
		}
		if !strings.HasPrefix(string(answer.Body), `{"error":"`) {
			t.Errorf("%s %s: %s", c.request.Method, c.request.Path, answer.Body)
		}
	}
	// What merely begins like it is not under it.
	svc.Send(t, apitest.Request{Method: "GET", Path: "/oauth2x"}).Want(t, 404, "Not found")
	options := svc.Send(t, apitest.Request{Method: "OPTIONS", Path: introspect}).Want(t, 204, "")
	if options.Header.Get("Allow") != "OPTIONS, POST" {
		t.Errorf("%v", options.Header)
	}
}

// panics is a key set with a defect.
type panics struct{ users.Tokens }

func (panics) Verify(string, time.Time) (users.Claims, error) { panic("the inside of things") }

func TestOAuthDefectsAndOverload(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Store, ports.Tokens = apitest.Away{Store: ports.Store, Err: &problem}, panics{ports.Tokens}
		apitest.ReplaceService(o, users.New(ports))
	}})
	send := func() *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: svc.AdminToken, Body: url.Values{"token": {svc.AdminToken}}})
	}
	if body := string(send().Want(t, 500, "Internal server error").Body); strings.Contains(body, "inside") {
		t.Error(body)
	}
	err := error(users.Unavailable("The database is away.", 3*time.Second, nil))
	problem.Store(&err)
	if answer := send().Want(t, 503, "The database is away."); answer.Header.Get("Retry-After") != "3" {
		t.Errorf("%v", answer.Header)
	}
}

// While the database is away no token is called inactive.
func TestIntrospectWithoutDatabase(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	var left atomic.Int32
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Store = later{apitest.Away{Store: ports.Store, Err: &problem}, &left}
		apitest.ReplaceService(o, users.New(ports))
	}})
	err := error(users.Unavailable("The database is away.", time.Second, nil))
	problem.Store(&err)
	left.Store(1) // the caller is still found, the bearer of the token not
	svc.Send(t, apitest.Request{Method: "POST", Path: introspect, Token: svc.AdminToken, Body: url.Values{"token": {svc.AdminToken}}}).
		Want(t, 503, "The database is away.")
}

// later is a store whose database is still there for a few looks.
type later struct {
	apitest.Away
	left *atomic.Int32
}

func (l later) Access(ctx context.Context, id users.ID) (users.Access, error) {
	if l.left.Add(-1) >= 0 {
		return l.Store.Access(ctx, id)
	}
	return l.Away.Access(ctx, id)
}
