package authz

import (
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

func (h *house) showsPermissions(t *testing.T, a *apitest.Answer, name string, next state) {
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
		if way := next.way(want.Role, "p:"+p.Name); !slices.Equal(p.Path, way) {
			t.Errorf("the path of %s is %q, not %q", p.Name, p.Path, way)
		}
	}
	if may := next.mayDo(want); !slices.Equal(names, may) {
		t.Errorf("permissions are %q, not %q", names, may)
	}
}

func (h *house) showsReason(t *testing.T, a *apitest.Answer, name string, next state) {
	t.Helper()
	var got struct {
		Allowed   bool
		Reason    string
		Path      []string
		GrantedBy []string `json:"granted_by"`
	}
	a.Into(t, &got)
	const asked = "docs:x"
	target := next.Accounts[name]
	reason, way := "not_granted", next.way(target.Role, "p:"+asked)
	switch {
	case !target.Active:
		reason = "account_disabled"
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
		case next.assigned(id)["p:"+asked]:
			assigned = append(assigned, r.Name)
		case next.holds(id)["p:"+asked]:
			heirs = append(heirs, r.Name)
		}
	}
	slices.Sort(assigned)
	slices.Sort(heirs)
	if all := slices.Concat(assigned, heirs, []string{next.Roles[admin].Name}); !slices.Equal(got.GrantedBy, all) {
		t.Errorf("it is granted by %s, not %s", strings.Join(got.GrantedBy, ", "), strings.Join(all, ", "))
	}
}
