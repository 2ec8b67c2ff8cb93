package authz

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svc-users/svc-users/internal/apitest"
)

// longest is the most roles that a chain may have.
const longest = 16

// ladder is a chain of roles, made through the API: step 1 inherits from nothing, each other from the one
// before. Step n is assigned a permission of its own, and every third step one that they share.
type ladder struct {
	*apitest.Service
	prefix string
	ids    []string // from step 1
	shared string
}

func newLadder(t *testing.T, s *apitest.Service, prefix string, steps int) *ladder {
	t.Helper()
	l := &ladder{Service: s, prefix: prefix, shared: prefix + ":shared"}
	s.NewPermission(t, l.shared)
	for n := 1; n <= steps; n++ {
		own := []string{l.own(n)}
		s.NewPermission(t, l.own(n))
		if n%3 == 1 {
			own = append(own, l.shared)
		}
		b := map[string]any{"name": l.name(n), "permission_ids": s.PermissionIDs(t, own...)}
		if n > 1 {
			b["parent_id"] = l.ids[n-2]
		}
		l.ids = append(l.ids, s.Post(t, "/api/v1/roles", b).Want(t, 201, "").Text(t, "id"))
	}
	return l
}

func (l *ladder) own(n int) string  { return fmt.Sprintf("%s:%02d", l.prefix, n) }
func (l *ladder) name(n int) string { return fmt.Sprintf("%s step %d", l.prefix, n) }
func (l *ladder) id(n int) string   { return l.ids[n-1] }
func (l *ladder) hang(t *testing.T, role string, parent any) *apitest.Answer {
	t.Helper()
	return l.Patch(t, "/api/v1/roles/"+role, map[string]any{"parent_id": parent})
}

// grant is an element of effective_permissions.
type grant struct {
	Name string  `json:"name"`
	From *string `json:"inherited_from"`
}

// grants is what step n holds, written down without any graph.
func (l *ladder) grants(n int) []grant {
	var list []grant
	from := func(step int) *string {
		if step == n {
			return nil
		}
		name := l.name(step)
		return &name
	}
	for step := 1; step <= n; step++ {
		list = append(list, grant{l.own(step), from(step)})
	}
	return append(list, grant{l.shared, from((n-1)/3*3 + 1)}) // the nearest of 1, 4, 7…
}

// check holds step n, an account with it, and a token of that account against what was written down.
func (l *ladder) check(t *testing.T, n int) {
	t.Helper()
	var role struct {
		Effective []grant `json:"effective_permissions"`
		Own       []wire  `json:"permissions"`
	}
	l.Get(t, "/api/v1/roles/"+l.id(n)).Want(t, 200, "").Into(t, &role)
	want := l.grants(n)
	if diff := cmp.Diff(want, role.Effective); diff != "" {
		t.Errorf("effective permissions (-want +got):\n%s", diff)
	}
	own := 1
	if n%3 == 1 {
		own = 2
	}
	if len(role.Own) != own || role.Own[0].Name != l.own(n) {
		t.Errorf("permissions are %+v", role.Own)
	}
	var names, roles []string
	for _, g := range want {
		names = append(names, g.Name)
	}
	for step := n; step > 0; step-- {
		roles = append(roles, l.name(step))
	}
	a := l.NewAccount(t, l.id(n))
	checkClaims(t, l.Service, a.Token, roles, names)
}

// checkClaims compares the claims of a fresh token, and me, with the roles, nearest first, and the sorted names
// of permissions.
func checkClaims(t *testing.T, s *apitest.Service, token string, roles, permissions []string) {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	must(t, err)
	var claims, me struct{ Roles, Permissions []string }
	must(t, json.Unmarshal(payload, &claims))
	s.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: token}).Want(t, 200, "").Into(t, &me)
	if !slices.Equal(claims.Roles, roles) {
		t.Errorf("the claim roles is %q, want %q", claims.Roles, roles)
	}
	if !slices.Equal(claims.Permissions, permissions) || !slices.Equal(me.Permissions, permissions) {
		t.Errorf("the claim permissions is %q, those of me are %q, want %q", claims.Permissions, me.Permissions, permissions)
	}
}

// allPermissions reads the names of all permissions that exist, sorted.
func allPermissions(t *testing.T, s *apitest.Service) []string {
	t.Helper()
	var list []wire
	answer := s.Get(t, "/api/v1/permissions?page_size=100&sort=name")
	answer.Into(t, &list)
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	if len(names) == 100 || len(names) < len(systemNames()) {
		t.Fatalf("%d permissions are not all there are", len(names))
	}
	return names
}
