package api_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/api"
	"github.com/svc-users/svc-users/internal/apitest"
)

const (
	ownKeys     = apitest.APIKeysPath
	keyNotValid = "The API key is not valid."
)

func listKeys(t *testing.T, svc *apitest.Service, path, token string) []api.AccountAPIKey {
	t.Helper()
	var list []api.AccountAPIKey
	svc.Send(t, apitest.Request{Method: "GET", Path: path, Token: token}).Want(t, 200, "API keys retrieved successfully").Into(t, &list)
	return list
}

// may lists the permissions that a credential has by /auth/me.
func may(t *testing.T, svc *apitest.Service, token string) string {
	t.Helper()
	var me struct {
		Permissions []string `json:"permissions"`
	}
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: token}).Want(t, 200, "").Into(t, &me)
	return strings.Join(me.Permissions, " ")
}

func TestAPIKeyLifecycle(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	svc.NewPermission(t, "docs:write")
	person := svc.NewAccount(t, svc.NewRole(t, "", "docs:read", "roles:read"))
	if list := listKeys(t, svc, ownKeys, person.Token); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	made := svc.Send(t, apitest.Request{Method: "POST", Path: ownKeys, Token: person.Token, Body: map[string]any{
		"name": "Nightly export", "permissions": []string{"roles:read", "docs:read", "roles:read"},
	}}).Want(t, 201, "API key created successfully")
	key, id := made.Text(t, "key"), made.Text(t, "id")
	if !regexp.MustCompile(`^svck_[0-9A-Za-z]{49}$`).MatchString(key) || made.Text(t, "last_four") != key[50:] ||
		made.Header.Get("Location") != ownKeys+"/"+id || made.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", made.Header, made.Body)
	}
	var shown api.AccountAPIKey
	svc.Send(t, apitest.Request{Method: "GET", Path: ownKeys + "/" + id, Token: person.Token}).Want(t, 200, "API key retrieved successfully").Into(t, &shown)
	if life := shown.ExpiresAt.Sub(shown.CreatedAt); shown.ID != id || shown.Name != "Nightly export" || life != 90*24*time.Hour || shown.LastUsedAt != nil ||
		!slices.Equal(shown.Permissions, []string{"docs:read", "roles:read"}) || shown.SuccessorID != nil {
		t.Errorf("%+v", shown)
	}
	if got := may(t, svc, key); got != "docs:read roles:read" {
		t.Errorf("it may %s", got)
	}
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: key}).Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/accounts", Token: key}).Want(t, 403, "Missing required permission: accounts:read")
	await(t, func() bool { return listKeys(t, svc, ownKeys, person.Token)[0].LastUsedAt != nil })
	if !strings.Contains(svc.Log.String(), `"api_key_id":"`+id+`"`) {
		t.Error("the log does not name the key")
	}

	other := svc.NewAccount(t, svc.NewRole(t, ""))
	for _, method := range []string{"GET", "DELETE"} {
		svc.Send(t, apitest.Request{Method: method, Path: ownKeys + "/" + id, Token: other.Token}).Want(t, 404, "API key not found")
	}
	svc.Send(t, apitest.Request{Method: "POST", Path: ownKeys + "/" + id + "/rotate", Token: other.Token, Body: map[string]any{}}).Want(t, 404, "API key not found")
	svc.Send(t, apitest.Request{Method: "DELETE", Path: ownKeys + "/" + id, Token: person.Token}).Want(t, 200, "API key ended successfully")
	svc.Send(t, apitest.Request{Method: "DELETE", Path: ownKeys + "/" + id, Token: person.Token}).Want(t, 404, "API key not found")
	refused := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: key}).Want(t, 401, keyNotValid)
	if refused.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
		t.Errorf("%v", refused.Header)
	}
}

// await waits until a condition holds.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(apitest.Patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about")
		}
	}
}

func TestAPIKeyFaults(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, "", "roles:read"))
	create := func(name, permissions, expires any) *apitest.Answer {
		t.Helper()
		body := map[string]any{"name": name, "permissions": permissions}
		if expires != "" {
			body["expires_at"] = expires
		}
		return svc.Send(t, apitest.Request{Method: "POST", Path: ownKeys, Token: person.Token, Body: body})
	}
	good, at := []string{"roles:read"}, func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	const day = 24 * time.Hour
	create("", good, "").WantFaults(t, "name")
	create(" x", good, "").WantFaults(t, "name")
	create(strings.Repeat("x", 101), good, "").WantFaults(t, "name")
	create("a\u200bb", good, "").WantFaults(t, "name")
	create("x", []string{}, "").WantFaults(t, "permissions")
	create("x", nil, "").WantFaults(t, "permissions")
	create("x", []string{"roles:read", "no:such", "a b"}, "").WantFaults(t, "permissions.1", "permissions.2")
	create("x", slices.Repeat(good, 101), "").WantFaults(t, "permissions")
	for _, wrong := range []any{nil, "tomorrow", at(30 * time.Minute), at(-day), at(366 * day), "2026-13-01T00:00:00Z", at(day) + "x", "2026-01-20"} {
		create("x", good, wrong).WantFaults(t, "expires_at")
	}
	create(" ", []string{"no:such"}, nil).WantFaults(t, "name", "permissions.0", "expires_at")
	create("x", []string{"roles:read", "roles:update"}, "").Want(t, 403, "A key can't have what its account does not hold: roles:update")
	create("Straße", good, at(2*time.Hour)).Want(t, 201, "")
	create("STRASSE", good, "").Want(t, 409, "An API key with this name already exists.")
	create("Other", good, at(364*day)).Want(t, 201, "")
	if list := listKeys(t, svc, ownKeys, person.Token); len(list) != 2 || list[0].Name != "Other" {
		t.Errorf("%+v", list)
	}
}

func TestAPIKeyWithoutEnd(t *testing.T) {
	t.Parallel()
	clock := newClock()
	svc := apitest.Start(t, apitest.Options{Now: clock.now, APIKeys: users.APIKeyOptions{Life: time.Hour, MaxLife: 2 * time.Hour, Endless: true}})
	body := map[string]any{"name": "Forever", "permissions": []string{"roles:read"}, "expires_at": nil}
	made := svc.Post(t, ownKeys, body).Want(t, 201, "")
	key, id := made.Text(t, "key"), made.Text(t, "id")
	brief := svc.NewAPIKey(t, svc.AdminToken, "roles:read")
	clock.pass(time.Hour - time.Second)
	wantAlive(t, svc, "a second before its end", brief.Key, true)
	clock.pass(time.Second)
	svc.AdminToken = svc.Login(t, apitest.AdminEmail, apitest.AdminPassword)
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: brief.Key}).Want(t, 401, keyNotValid)
	svc.Delete(t, ownKeys+"/"+brief.ID).Want(t, 404, "API key not found")
	if list := listKeys(t, svc, ownKeys, svc.AdminToken); len(list) != 1 || list[0].ID != id || list[0].ExpiresAt != nil {
		t.Errorf("%+v", list)
	}
	clock.pass(10 * 365 * 24 * time.Hour)
	wantAlive(t, svc, "ten years later", key, true)
}

// testClock is a clock that is moved by hand.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *testClock { return &testClock{at: time.Now()} }

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// The rights of a key are those of its account at that moment, as far as it lists them.
func TestAPIKeyFollowsItsAccount(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	replica := svc.Replica(t, nil)
	strong, weak := svc.NewRole(t, "", "roles:read", "accounts:read", "permissions:read"), svc.NewRole(t, "", "roles:read")
	person := svc.NewAccount(t, strong)
	key := svc.NewAPIKey(t, person.Token, "roles:read", "accounts:read")
	account := "/api/v1/accounts/" + person.ID
	for _, step := range []struct {
		what   string
		change func()
		may    string
	}{
		{"as it was made", func() {}, "accounts:read roles:read"},
		{"demoted", func() { svc.Patch(t, account, map[string]any{"role_id": weak}).Want(t, 200, "") }, "roles:read"},
		{"promoted", func() { svc.Patch(t, account, map[string]any{"role_id": svc.AdminRole}).Want(t, 200, "") }, "accounts:read roles:read"},
		{"back", func() { svc.Patch(t, account, map[string]any{"role_id": strong}).Want(t, 200, "") }, "accounts:read roles:read"},
		{"without a permission", func() {
			svc.Delete(t, "/api/v1/roles/"+strong+"/permissions/"+svc.PermissionIDs(t, "accounts:read")[0]).Want(t, 200, "")
		}, "roles:read"},
		{"with it again", func() {
			svc.Post(t, "/api/v1/roles/"+strong+"/permissions", map[string]any{"permission_ids": svc.PermissionIDs(t, "accounts:read")}).Want(t, 200, "")
		}, "accounts:read roles:read"},
		{"another password", func() { svc.Patch(t, account, map[string]any{"password": "quite another one"}).Want(t, 200, "") }, "accounts:read roles:read"},
		{"disabled", func() { svc.Patch(t, account, map[string]any{"is_active": false}).Want(t, 200, "") }, ""},
		{"enabled", func() { svc.Patch(t, account, map[string]any{"is_active": true}).Want(t, 200, "") }, "accounts:read roles:read"},
		{"deleted", func() { svc.Delete(t, account).Want(t, 200, "") }, ""},
	} {
		step.change()
		is := func(s *apitest.Service) bool {
			if step.may == "" {
				return s.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: key.Key}).Status == 401
			}
			status := s.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/accounts", Token: key.Key}).Status
			return (status == 200) == strings.Contains(step.may, "accounts:read") && may(t, s, key.Key) == step.may
		}
		if !is(svc) {
			t.Errorf("%s: it may %s, want %s", step.what, may(t, svc, key.Key), step.may)
		}
		await(t, func() bool { return is(replica) })
	}
}
