package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// shownTo is what it takes to be shown the thing that was written: "A write shows what its caller may read".
var shownTo = map[string]string{
	"createAccount": "accounts:read", "updateAccount": "accounts:read",
	"createRole": "roles:read", "updateRole": "roles:read", "assignPermissions": "roles:read", "removePermission": "roles:read",
	"createPermission": "permissions:read", "updatePermission": "permissions:read",
	"createServiceAccount": "service-accounts:read", "updateServiceAccount": "service-accounts:read",
}

// shows checks that the data of a successful answer is that of the model after the call.
func (h *house) shows(t testing.TB, a *apitest.Answer, c cell, next state) {
	t.Helper()
	if a.Status >= 300 {
		return
	}
	target := c.call.target
	if a.Status == 201 && !strings.HasPrefix(c.call.op, "createClient") {
		target = c.call.created()
		created := strings.TrimSuffix(routes[c.call.op].path, "/{id}/rotate")
		if path := created + "/" + h.id(target); a.Header.Get("Location") != path {
			t.Errorf("Location is %q, not %q", a.Header.Get("Location"), path)
		}
	}
	if needs, writes := shownTo[c.call.op]; writes && !slices.Contains(c.mayBy(h.base), needs) && (c.call.op != "updateAccount" || target != c.who.account) {
		if got, want := string(a.Data), `{"id":"`+h.id(target)+`"}`; got != want {
			t.Errorf("who may not read it is shown %s, not %s", got, want)
		}
		return
	}
	switch c.call.op {
	case "getAccount", "createAccount", "updateAccount":
		h.showsAccount(t, a, target, next)
	case "getMe", "changeEmail":
		h.showsAccount(t, a, c.who.account, next)
	case "getRole", "createRole", "updateRole", "assignPermissions", "removePermission":
		h.showsRole(t, a, target, next)
	case "getPermission", "createPermission", "updatePermission":
		var got wire
		a.Into(t, &got)
		want := next.Permissions[target]
		if got.ID != h.id(target) || got.Name != want.Name || value(got.Description) != want.Description {
			t.Errorf("the answer shows %+v, not %+v", got, want)
		}
	case "createClientSecret":
		if path := "/api/v1/service-accounts/" + h.id(target) + "/secrets/" + a.Text(t, "id"); a.Header.Get("Location") != path {
			t.Errorf("Location is %q, not %q", a.Header.Get("Location"), path)
		}
	case "createClientKey":
		if path := "/api/v1/service-accounts/" + h.id(target) + "/keys/" + a.Text(t, "id"); a.Header.Get("Location") != path {
			t.Errorf("Location is %q, not %q", a.Header.Get("Location"), path)
		}
	case "createClientTrust":
		if path := "/api/v1/service-accounts/" + h.id(target) + "/trusts/" + a.Text(t, "id"); a.Header.Get("Location") != path {
			t.Errorf("Location is %q, not %q", a.Header.Get("Location"), path)
		}
	case "getServiceAccount", "createServiceAccount", "updateServiceAccount":
		h.showsServiceAccount(t, a, target, next)
	case "listOwnSessions":
		h.showsSessions(t, a, next.Accounts[c.who.account])
	case "listSessions":
		h.showsSessions(t, a, next.Accounts[target])
	case "listOwnAPIKeys":
		h.showsAPIKeys(t, a, next.Accounts[c.who.account])
	case "listAPIKeys":
		h.showsAPIKeys(t, a, next.Accounts[target])
	case "deleteAccount", "deleteServiceAccount", "deleteRole", "deletePermission",
		"endOwnSession", "endSession", "endOwnAPIKey", "endAPIKey", "logout":
		if string(a.Data) != "null" {
			t.Errorf("data is %s", a.Data)
		}
	}
	h.showsRights(t, a, c, next)
	switch c.call.op {
	case "getAccountPermissions":
		h.showsPermissions(t, a, target, next)
	case "explainPermission":
		h.showsReason(t, a, c.call, next)
	case "planDeclaration", "applyDeclaration":
		h.showsPlan(t, a, c)
	}
	if c.call.op == "getMe" {
		var got struct{ Permissions []string }
		a.Into(t, &got)
		if want := c.mayBy(next); !slices.Equal(got.Permissions, want) {
			t.Errorf("permissions are %q, not %q", got.Permissions, want)
		}
	}
}

func (h *house) showsSessions(t testing.TB, a *apitest.Answer, of account) {
	t.Helper()
	var list []wire
	a.Into(t, &list)
	var got []string
	for _, s := range list {
		got = append(got, h.name(s.ID))
	}
	if slices.Sort(got); !slices.Equal(got, of.sessions()) {
		t.Errorf("the sessions are %q, not %q", got, of.sessions())
	}
}

func (h *house) showsAPIKeys(t testing.TB, a *apitest.Answer, of account) {
	t.Helper()
	var list []wire
	a.Into(t, &list)
	var got []string
	for _, k := range list {
		if !strings.HasPrefix(k.Name, visiting) {
			got = append(got, h.name(k.ID))
		}
	}
	if slices.Sort(got); !slices.Equal(got, of.apiKeys()) {
		t.Errorf("the API keys are %q, not %q", got, of.apiKeys())
	}
}

func (h *house) showsAccount(t testing.TB, a *apitest.Answer, name string, next state) {
	t.Helper()
	var got struct {
		ID       string `json:"id"`
		Email    string `json:"email"`
		RoleID   string `json:"role_id"`
		IsActive bool   `json:"is_active"`
		Role     wire   `json:"role"`
	}
	a.Into(t, &got)
	want := next.Accounts[name]
	if got.ID != h.id(name) || got.Email != want.Email || got.RoleID != h.id(want.Role) || got.IsActive != want.Active {
		t.Errorf("the answer shows %+v, not %+v", got, want)
	}
	if r := next.Roles[want.Role]; got.Role.ID != h.id(want.Role) || got.Role.Name != r.Name || got.Role.IsSystem != r.System {
		t.Errorf("the answer shows the role %+v, not %+v", got.Role, r)
	}
}

func (h *house) showsServiceAccount(t testing.TB, a *apitest.Answer, name string, next state) {
	t.Helper()
	var got wire
	a.Into(t, &got)
	want, owner := next.Accounts[name], ""
	if got.OwnerID != nil {
		owner = h.name(*got.OwnerID)
	}
	if got.ID != h.id(name) || got.Name != want.Name || value(got.Description) != want.About || owner != want.Owner ||
		got.RoleID != h.id(want.Role) || got.IsActive != want.Active {
		t.Errorf("the answer shows %+v, not %+v", got, want)
	}
}

func (h *house) showsRole(t testing.TB, a *apitest.Answer, name string, next state) {
	t.Helper()
	var got wire
	a.Into(t, &got)
	want := next.Roles[name]
	parent := ""
	if got.ParentID != nil {
		parent = h.name(*got.ParentID)
	}
	if got.ID != h.id(name) || got.Name != want.Name || value(got.Description) != want.Description ||
		parent != want.Parent || got.IsSystem != want.System {
		t.Errorf("the answer shows %+v, not %+v", got, want)
	}
	var assigned, effective []string
	for _, p := range got.Permissions {
		assigned = append(assigned, p.Name)
	}
	if !slices.Equal(assigned, next.names(next.assigned(name))) {
		t.Errorf("permissions are %q, not %q", assigned, next.names(next.assigned(name)))
	}
	for _, e := range got.Effective {
		effective = append(effective, fmt.Sprintf("%s from %q", e.Name, value(e.InheritedFrom)))
	}
	if want := next.effective(name); !slices.Equal(effective, want) {
		t.Errorf("effective permissions are %q, not %q", effective, want)
	}
}

// effective lists what a role holds and the nearest role that each comes from, itself left empty.
func (s state) effective(id string) []string {
	var list []string
	for p := range s.holds(id) {
		for i, r := range s.chain(id) {
			if !s.assigned(r)[p] {
				continue
			}
			from := ""
			if i > 0 {
				from = s.Roles[r].Name
			}
			list = append(list, fmt.Sprintf("%s from %q", s.Permissions[p].Name, from))
			break
		}
	}
	slices.Sort(list)
	return list
}
