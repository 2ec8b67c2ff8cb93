package authz

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// way names the roles from one to the nearest that a permission is assigned to.
func (s state) way(role, permission string) []string {
	var names []string
	for _, r := range s.chain(role) {
		names = append(names, s.Roles[r].Name)
		if s.assigned(r)[permission] {
			return names
		}
	}
	return nil
}

func (h *house) showsPermissions(t testing.TB, a *apitest.Answer, name string, next state) {
	t.Helper()
	var got struct {
		ID          string `json:"account_id"`
		IsActive    bool   `json:"is_active"`
		Role        string
		Permissions []struct {
			Name string
			Path []string
		}
	}
	a.Into(t, &got)
	want := next.Accounts[name]
	if got.ID != h.id(name) || got.IsActive != want.Active || got.Role != next.Roles[want.Role].Name {
		t.Errorf("the answer is about %s, %v, %s", got.ID, got.IsActive, got.Role)
	}
	var names []string
	for _, p := range got.Permissions {
		names = append(names, p.Name)
		if way := next.way(want.Role, next.permissionNamed(p.Name)); !slices.Equal(p.Path, way) {
			t.Errorf("the path of %s is %q, not %q", p.Name, p.Path, way)
		}
	}
	if may := next.mayDo(want); !slices.Equal(names, may) {
		t.Errorf("permissions are %q, not %q", names, may)
	}
}

func (h *house) showsReason(t testing.TB, a *apitest.Answer, c call, next state) {
	t.Helper()
	var got struct {
		Allowed   bool
		Reason    string
		Path      []string
		GrantedBy []string `json:"granted_by"`
	}
	a.Into(t, &got)
	query, err := url.ParseQuery(c.query)
	must(t, err)
	asked := next.permissionNamed(query.Get("permission"))
	target := next.Accounts[c.target]
	reason, way := "not_granted", next.way(target.Role, asked)
	switch {
	case !target.Active:
		reason = "account_disabled"
	case asked == "":
		reason = "unknown_permission"
	case way != nil:
		reason = "granted"
	}
	if got.Reason != reason || got.Allowed != (reason == "granted") || !slices.Equal(got.Path, way) {
		t.Errorf("%v, %s by %q; it is %s by %q", got.Allowed, got.Reason, got.Path, reason, way)
	}
	var assigned, heirs []string
	for id, r := range next.Roles {
		switch {
		case r.System: // comes last
		case next.assigned(id)[asked]:
			assigned = append(assigned, r.Name)
		case next.holds(id)[asked]:
			heirs = append(heirs, r.Name)
		}
	}
	slices.Sort(assigned)
	slices.Sort(heirs)
	all := slices.Concat(assigned, heirs, []string{next.Roles[admin].Name})
	if asked == "" {
		all = nil
	}
	if !slices.Equal(got.GrantedBy, all) {
		t.Errorf("it is granted by %s, not %s", strings.Join(got.GrantedBy, ", "), strings.Join(all, ", "))
	}
}

// showsPlan compares the changes and orphans of a plan with those of the model; their order is not of the contract.
func (h *house) showsPlan(t testing.TB, a *apitest.Answer, c cell) {
	t.Helper()
	var got struct {
		Service  string
		Changes  []planned
		Orphaned []planned
	}
	a.Into(t, &got)
	s := carryOut(&judgement{state: h.base, next: h.base.clone(), who: c.who.account, own: h.base.Accounts[c.who.account].Role, call: c.call})
	for _, list := range []struct {
		name string
		got  []planned
		want []string
	}{{"changes", got.Changes, s.changes}, {"orphans", got.Orphaned, s.orphans}} {
		var lines []string
		for _, p := range list.got {
			lines = append(lines, p.line())
		}
		slices.Sort(lines)
		if want := slices.Sorted(slices.Values(list.want)); !slices.Equal(lines, want) {
			t.Errorf("the %s are %q, not %q", list.name, lines, want)
		}
	}
	if got.Service != s.Service {
		t.Errorf("the service is %q", got.Service)
	}
}

// planned is one change or orphan of a plan.
type planned struct{ Action, Kind, Name, Details string }

// line is the change in the words of the model, which has no details but the permission of an assignment.
func (p planned) line() string {
	words := []string{p.Action, p.Kind, p.Name}
	if p.Kind == "assignment" {
		words = append(words, p.Details)
	}
	return strings.TrimSpace(strings.Join(words, " "))
}
