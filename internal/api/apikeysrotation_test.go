package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestAPIKeyRotation(t *testing.T) {
	t.Parallel()
	clock := newClock()
	svc := apitest.Start(t, apitest.Options{Now: clock.now})
	old := svc.NewAPIKey(t, svc.AdminToken, "roles:read", "accounts:read")
	before := listKeys(t, svc, ownKeys, svc.AdminToken)[0]
	clock.pass(10 * time.Minute)
	rotate := func(key apitest.APIKey, body any) *apitest.Answer {
		t.Helper()
		return svc.Post(t, ownKeys+"/"+key.ID+"/rotate", body)
	}
	for _, wrong := range []string{"", "-1s", "31d", "721h", "x", "1", "d", "1.5d"} {
		rotate(old, map[string]any{"overlap": wrong}).WantFaults(t, "overlap")
	}
	made := rotate(old, map[string]any{}).Want(t, 201, "API key rotated successfully")
	next := apitest.APIKey{ID: made.Text(t, "id"), Key: made.Text(t, "key")}
	list := listKeys(t, svc, ownKeys, svc.AdminToken)
	if len(list) != 2 || list[0].ID != next.ID || list[1].ID != old.ID || list[1].SuccessorID == nil || *list[1].SuccessorID != next.ID ||
		list[0].Name != before.Name || !slices.Equal(list[0].Permissions, before.Permissions) || list[0].SuccessorID != nil ||
		list[0].ExpiresAt.Sub(list[0].CreatedAt) != before.ExpiresAt.Sub(before.CreatedAt) || !list[1].ExpiresAt.Equal(list[0].CreatedAt.Add(24*time.Hour)) {
		t.Errorf("%+v", list)
	}
	rotate(old, map[string]any{}).Want(t, 409, "This API key has been rotated already; rotate its successor.")
	svc.Post(t, ownKeys, map[string]any{"name": before.Name, "permissions": []string{"roles:read"}}).Want(t, 409, "")
	wantAlive(t, svc, "the old one", old.Key, true)
	wantAlive(t, svc, "the new one", next.Key, true)
	clock.pass(24 * time.Hour)
	svc.AdminToken = svc.Login(t, apitest.AdminEmail, apitest.AdminPassword)
	wantAlive(t, svc, "the old one after the overlap", old.Key, false)
	last := svc.RotateAPIKey(t, svc.AdminToken, next, "0s")
	wantAlive(t, svc, "one without overlap", next.Key, false)
	wantAlive(t, svc, "its successor", last.Key, true)
	rotate(next, map[string]any{}).Want(t, 404, "API key not found")

	// Of many rotations at once one succeeds.
	var wait sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wait.Go(func() { statuses[i] = rotate(last, map[string]any{"overlap": "30d"}).Status })
	}
	wait.Wait()
	slices.Sort(statuses)
	if statuses[0] != http.StatusCreated || statuses[1] != http.StatusConflict {
		t.Errorf("%v", statuses)
	}
	wantAlive(t, svc, "the one that all have rotated", last.Key, true)
}

func TestTooManyAPIKeys(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	var first apitest.APIKey
	for i := range 100 {
		key := svc.NewAPIKey(t, svc.AdminToken, "roles:read")
		if i == 0 {
			first = key
		}
	}
	const many = "There are 100 API keys, and an account can have at most 100; end one first."
	svc.Post(t, ownKeys, map[string]any{"name": "One more", "permissions": []string{"roles:read"}}).Want(t, 409, many)
	svc.Post(t, ownKeys+"/"+first.ID+"/rotate", map[string]any{}).Want(t, 409, many)
	svc.RotateAPIKey(t, svc.AdminToken, first, "0s")
	if list := listKeys(t, svc, ownKeys, svc.AdminToken); len(list) != 100 {
		t.Errorf("there are %d", len(list))
	}
}

func TestAPIKeysOfOthers(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	person := svc.NewAccount(t, svc.NewRole(t, "", "roles:read"))
	weaker := svc.NewAccount(t, svc.NewRole(t, "", "api-keys:read", "api-keys:delete"))
	stronger := svc.NewAccount(t, svc.NewRole(t, "", "api-keys:read", "api-keys:delete", "roles:read"))
	keys := func(account string) string { return "/api/v1/accounts/" + account + "/api-keys" }
	send := func(method, path, token string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: method, Path: path, Token: token})
	}
	one, two := svc.NewAPIKey(t, person.Token, "roles:read"), svc.NewAPIKey(t, person.Token, "roles:read")
	admins := svc.NewAPIKey(t, svc.AdminToken, "roles:read")
	if list := listKeys(t, svc, keys(person.ID), weaker.Token); len(list) != 2 || list[0].ID != two.ID || list[1].ID != one.ID {
		t.Errorf("%+v", list)
	}
	for _, account := range []string{apitest.NoID, "x"} {
		send("GET", keys(account), weaker.Token).Want(t, 404, "Account not found")
		send("DELETE", keys(account), weaker.Token).Want(t, 404, "Account not found")
		send("DELETE", keys(account)+"/"+one.ID, weaker.Token).Want(t, 404, "Account not found")
	}
	for _, path := range []string{keys(person.ID), keys(person.ID) + "/" + one.ID, keys(svc.AdminID), keys(svc.AdminID) + "/" + admins.ID} {
		send("DELETE", path, weaker.Token).Want(t, 403, "")
	}
	send("DELETE", keys(svc.AdminID), stronger.Token).Want(t, 403, "")
	send("DELETE", keys(person.ID)+"/"+admins.ID, svc.AdminToken).Want(t, 404, "API key not found")
	wantAlive(t, svc, "one", one.Key, true)
	send("DELETE", keys(person.ID)+"/"+one.ID, stronger.Token).Want(t, 200, "API key ended successfully")
	wantAlive(t, svc, "one", one.Key, false)
	wantAlive(t, svc, "the other", two.Key, true)
	if all := send("DELETE", keys(person.ID), stronger.Token).Want(t, 200, "API keys ended successfully"); string(all.Data) != `{"ended":1}` {
		t.Errorf("%s", all.Data)
	}
	wantAlive(t, svc, "the other", two.Key, false)
	wantAlive(t, svc, "the administrator's", admins.Key, true)
}

// Explanations know the key that is asked about, and the one that asks.
func TestExplainAPIKey(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	key := svc.NewAPIKey(t, svc.AdminToken, "accounts:read")
	person := svc.NewAccount(t, svc.NewRole(t, "", "accounts:read"))
	explain := func(account, query, token string) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "GET", Path: fmt.Sprintf("/api/v1/accounts/%s/explain?%s", account, query), Token: token})
	}
	reason := func(account, query, token string) string {
		return explain(account, query, token).Want(t, 200, "").Text(t, "reason")
	}
	for _, c := range []struct{ query, token, want string }{
		{"permission=roles:read&api_key=" + key.ID, svc.AdminToken, "out_of_scope"},
		{"permission=accounts:read&api_key=" + key.ID, svc.AdminToken, "granted"},
		{"permission=no:such&api_key=" + key.ID, svc.AdminToken, "unknown_permission"},
		{"permission=roles:read", svc.AdminToken, "granted"},
		{"permission=roles:read", key.Key, "out_of_scope"},
		{"permission=accounts:read", key.Key, "granted"},
	} {
		if got := reason(svc.AdminID, c.query, c.token); got != c.want {
			t.Errorf("%s: %s, want %s", c.query, got, c.want)
		}
	}
	explain(svc.AdminID, "permission=roles:read&api_key="+key.ID, person.Token).Want(t, 403, "Missing required permission: api-keys:read")
	for _, wrong := range []string{"", "x", apitest.NoID, strings.ToUpper(key.ID)} {
		explain(svc.AdminID, "permission=roles:read&api_key="+wrong, svc.AdminToken).WantFaults(t, "api_key")
	}
	explain(person.ID, "permission=roles:read&api_key="+key.ID, svc.AdminToken).WantFaults(t, "api_key")
}
