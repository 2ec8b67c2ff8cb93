package authz

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// askingTable is what services and proxies ask: every caller about every account and token, and with everything
// that may be required of them.
func askingTable() table {
	t := table{name: "asking", world: world("accounts:")}
	who := []caller{{}, {"a:gone", 3}, {"a:off", 3}, {"a:mgr", 2}}
	for _, name := range []string{"admin", "all", "mgr", "mgrkid", "mgrXY", "x", "y", "none", "only accounts:read", "but accounts:read"} {
		who = append(who, caller{"a:" + name, 3})
	}
	asked := []string{"docs:x", "docs:y", "accounts:read", "docs:none", "docs:x", "tokens:introspect"}
	var calls []call
	calls = append(calls, call{op: "checkPermissions", body: body{"permissions": asked}})
	for _, target := range append(keys(t.world.Accounts), "a:gone", "none", unknownID, "r:mgr") {
		calls = append(calls, call{op: "checkPermissions", body: body{"permissions": asked, "account_id": target}})
	}
	for _, op := range []string{"evaluateAccess", "evaluateAccesses"} {
		for _, target := range append(keys(t.world.Accounts), "a:gone", "none", unknownID, "r:mgr") {
			calls = append(calls, call{op: op, body: body{"subject": target, "permissions": asked}})
		}
	}
	for _, required := range [][]string{{}, {"docs:x"}, {"docs:x", "docs:y"}, {"docs:y", "docs:x"}, {"docs:none"}, {"accounts:read"}, {"accounts:read", "docs:x"}, systemNames()} {
		calls = append(calls, call{op: "forwardAuth", query: url.Values{"require": required}.Encode()})
	}
	for _, target := range append(people(t.world), "a:gone", "a:past") {
		calls = append(calls, call{op: "introspectToken", body: body{"token": target}})
	}
	for _, c := range calls {
		for _, w := range who {
			t.cells = append(t.cells, cell{who: w, call: c})
		}
	}
	return t
}

// showsRights checks what is said of somebody's rights against the model.
func (h *house) showsRights(t testing.TB, a *apitest.Answer, c cell, s state) {
	t.Helper()
	switch c.call.op {
	case "checkPermissions":
		account := c.who.account
		if id, named := c.call.text("account_id"); named {
			account = id
		}
		var got struct {
			AccountID   string `json:"account_id"`
			IsActive    bool   `json:"is_active"`
			Allowed     bool
			Permissions []struct {
				Name    string
				Allowed bool
			}
		}
		a.Into(t, &got)
		all, want, have := true, []string{}, []string{}
		for _, name := range c.call.list("permissions") {
			_, other := c.call.text("account_id")
			may := s.may(account, name) && (other || slices.Contains(c.mayBy(s), name))
			all = all && may
			want = append(want, fmt.Sprint(name, may))
		}
		for _, p := range got.Permissions {
			have = append(have, fmt.Sprint(p.Name, p.Allowed))
		}
		if got.AccountID != h.id(account) || got.IsActive != s.Accounts[account].Active || got.Allowed != all || !slices.Equal(have, want) {
			t.Errorf("the answer is %s, want %v", a.Data, want)
		}
	case "evaluateAccess", "evaluateAccesses":
		h.showsDecisions(t, a, c, s)
	case "forwardAuth":
		roles := s.roleNames(c.who.account)
		if c.key != "" {
			roles = nil // a key has less than they hold
		}
		for name, want := range map[string]string{
			"X-Auth-Subject": h.id(c.who.account), "X-Auth-Email": s.Accounts[c.who.account].Email,
			"X-Auth-Roles": strings.Join(roles, ","), "X-Auth-Permissions": strings.Join(c.call.required(), ","),
		} {
			if got, err := url.PathUnescape(a.Header.Get(name)); got != want || err != nil || len(a.Header[name]) != 1 {
				t.Errorf("%s is %q, want %q", name, a.Header[name], want)
			}
		}
	case "introspectToken":
		account, _ := c.call.text("token")
		var got struct {
			Active               bool
			Subject              string `json:"sub"`
			Username, Scope, Jti string
			Roles                []string
		}
		must(t, json.Unmarshal(a.Body, &got))
		account, past := strings.CutSuffix(account, aPastToken)
		of, exists := s.Accounts[account]
		if !exists || !of.Active || past {
			if string(a.Body) != `{"active":false}` {
				t.Errorf("the answer is %s", a.Body)
			}
			return
		}
		if !got.Active || got.Subject != h.id(account) || got.Username != of.Email || got.Jti == "" ||
			got.Scope != strings.Join(s.names(s.holds(of.Role)), " ") || !slices.Equal(got.Roles, s.roleNames(account)) {
			t.Errorf("the answer is %s", a.Body)
		}
	}
}

// aPastToken behind the name of an account stands for its first token where there has been a later one.
const aPastToken = "@past"

// roleNames are those of an account's role and of what it inherits from, nearest first.
func (s state) roleNames(account string) []string {
	var names []string
	for _, id := range s.chain(s.Accounts[account].Role) {
		names = append(names, s.Roles[id].Name)
	}
	return names
}
