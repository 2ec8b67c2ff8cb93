package gateway_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

const checkPath = "/api/v1/auth/check"

// verdicts are the answers about each permission, as name=allowed.
func verdicts(t *testing.T, a *apitest.Answer) []string {
	t.Helper()
	var data struct {
		Allowed     bool
		Permissions []struct {
			Name    string
			Allowed bool
		}
	}
	a.Want(t, 200, "Permissions checked successfully").Into(t, &data)
	list, all := []string{}, true
	for _, p := range data.Permissions {
		list = append(list, fmt.Sprint(p.Name, "=", p.Allowed))
		all = all && p.Allowed
	}
	if data.Allowed != all {
		t.Errorf("allowed is %v of %v", data.Allowed, list)
	}
	return list
}

func TestCheck(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	svc.NewPermission(t, "docs:read")
	svc.NewPermission(t, "docs:write")
	parent := svc.NewRole(t, "", "docs:read")
	role := svc.NewRole(t, parent, "accounts:read")
	person := svc.NewAccount(t, role)
	other := svc.NewAccount(t, parent)
	ask := func(token string, body any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: checkPath, Token: token, Body: body})
	}
	names := []string{"docs:read", "docs:write", "nobody:has", "docs:read", "DOCS:READ", "accounts:read"}
	answer := ask(person.Token, map[string]any{"permissions": names})
	answer.WantKeys(t, "account_id", "is_active", "allowed", "permissions")
	want := []string{"docs:read=true", "docs:write=false", "nobody:has=false", "docs:read=true", "DOCS:READ=false", "accounts:read=true"}
	if got := verdicts(t, answer); !slices.Equal(got, want) || answer.Text(t, "account_id") != person.ID {
		t.Errorf("%v %s", got, answer.Body)
	}
	for _, c := range []struct {
		id   string
		want string
	}{{other.ID, "[docs:read=true accounts:read=false]"}, {person.ID, "[docs:read=true accounts:read=true]"}, {svc.AdminID, "[docs:read=true accounts:read=true]"}} {
		answer := ask(person.Token, map[string]any{"account_id": c.id, "permissions": []string{"docs:read", "accounts:read"}})
		if got := fmt.Sprint(verdicts(t, answer)); got != c.want || answer.Text(t, "account_id") != c.id {
			t.Errorf("%s, want %s", answer.Body, c.want)
		}
	}

	// Without accounts:read nobody is asked about, oneself neither, and nobody learns which accounts there are.
	for _, id := range []string{person.ID, other.ID, apitest.NoID, "none", ""} {
		ask(other.Token, map[string]any{"account_id": id, "permissions": []string{"docs:read"}}).Want(t, 403, "Missing required permission: accounts:read")
	}
	ask(other.Token, `{"account_id":"none","permissions":["a b"]}`).Want(t, 403, "")

	// What is asked about is as it is now.
	svc.Patch(t, "/api/v1/accounts/"+other.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	answer = ask(person.Token, map[string]any{"account_id": other.ID, "permissions": []string{"docs:read"}})
	if got := fmt.Sprint(verdicts(t, answer)); got != "[docs:read=false]" || !strings.Contains(string(answer.Data), `"is_active":false`) {
		t.Errorf("of a disabled account: %s", answer.Body)
	}
	ask(other.Token, map[string]any{"permissions": []string{"docs:read"}}).Want(t, 401, "")
	svc.Delete(t, "/api/v1/roles/"+parent+"/permissions/"+svc.PermissionIDs(t, "docs:read")[0]).Want(t, 200, "")
	if got := fmt.Sprint(verdicts(t, ask(person.Token, map[string]any{"permissions": []string{"docs:read"}}))); got != "[docs:read=false]" {
		t.Errorf("after the permission was taken away: %s", got)
	}
	svc.Delete(t, "/api/v1/accounts/"+other.ID).Want(t, 200, "")
	ask(person.Token, map[string]any{"account_id": other.ID, "permissions": []string{"docs:read"}}).WantFaults(t, "account_id")
}

func TestCheckFaults(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	many := func(n int) string {
		list, err := json.Marshal(slices.Repeat([]string{"docs:read"}, n))
		if err != nil {
			t.Fatal(err)
		}
		return `{"permissions":` + string(list) + `}`
	}
	svc.Post(t, checkPath, many(1000)).Want(t, 200, "")
	for body, fields := range map[string][]string{
		many(1001):                              {"permissions"},
		`{}`:                                    {"permissions"},
		`{"permissions":[]}`:                    {"permissions"},
		`{"permissions":"docs:read"}`:           {"permissions"},
		`{"permissions":["docs:read",7,"a b"]}`: {"permissions.1", "permissions.2"},
		`{"permissions":["",null,"é","a\u0000b","` + strings.Repeat("x", 101) + `","\"","\\"]}`: {"permissions.0", "permissions.1", "permissions.2", "permissions.3", "permissions.4", "permissions.5", "permissions.6"},
		`{"permissions":["a b"],"account_id":"none"}`:                                           {"permissions.0", "account_id"},
		`{"permissions":["a b"],"account_id":null}`:                                             {"permissions.0", "account_id"},
		`{"permissions":["x"],"account_id":"` + apitest.NoID + `"}`:                             {"account_id"},
		`{"permissions":["x"],"account_id":"` + strings.ToUpper(svc.AdminID) + `"}`:             {"account_id"},
		`{"permissions":["x"],"account_id":["` + svc.AdminID + `"],"accountId":"x"}`:            {"account_id", "accountId"},
	} {
		svc.Post(t, checkPath, body).WantFaults(t, fields...)
	}
	svc.Post(t, checkPath+"?account_id="+svc.AdminID, `{"permissions":["x"]}`).WantFaults(t, "account_id")
}
