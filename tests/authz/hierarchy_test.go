package authz

import (
	"fmt"
	"slices"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestHierarchy(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		l := newLadder(t, h.Service, "a", longest)
		for n := 1; n <= longest; n++ {
			t.Run(fmt.Sprintf("depth %d", n), func(t *testing.T) { l.check(t, n) })
		}
		t.Run("depth 17", func(t *testing.T) { l.tooLong(t) })
		t.Run("a new parent at the foot is every heir's", func(t *testing.T) { l.foot(t) })
		t.Run("Admin inherits", func(t *testing.T) { adminOnLadder(t, h.Service) })
		t.Run("a circle", func(t *testing.T) {
			for _, parent := range []int{1, 2, 9, longest} {
				l.hang(t, l.id(1), l.id(parent)).Want(t, 409, "")
			}
			l.hang(t, l.id(5), l.id(5)).Want(t, 409, "")
			l.check(t, longest)
		})
	})
}

// tooLong tries every way to a chain of 17.
func (l *ladder) tooLong(t *testing.T) {
	tooLong := func(a *apitest.Answer) {
		t.Helper()
		a.WantFaults(t, "parent_id")
	}
	tooLong(l.Post(t, "/api/v1/roles", map[string]any{"name": "the 17th", "parent_id": l.id(longest)}))
	single, top := l.NewRole(t, ""), l.NewRole(t, "")
	pair := l.NewRole(t, top)
	tooLong(l.hang(t, single, l.id(longest)))
	tooLong(l.hang(t, top, l.id(longest)))
	tooLong(l.hang(t, top, l.id(longest-1)))         // pair, below it, would be the 17th
	l.hang(t, top, l.id(longest-2)).Want(t, 200, "") // pair is the 16th
	tooLong(l.hang(t, l.id(1), single))              // everything would be one longer
	tooLong(l.Post(t, "/api/v1/roles", map[string]any{"name": "the 17th", "parent_id": pair}))
	l.hang(t, pair, nil).Want(t, 200, "")
	l.hang(t, single, l.id(longest-1)).Want(t, 200, "")
	// Too long and wrong in another field: every fault is named.
	l.Patch(t, "/api/v1/roles/"+pair, map[string]any{"parent_id": "no id", "name": ""}).WantFaults(t, "name", "parent_id")
	l.check(t, longest)
}

// foot hangs the whole of a ladder of 15 below another role, and takes it away.
func (l *ladder) foot(t *testing.T) {
	short := newLadder(t, l.Service, "b", longest-1)
	l.NewPermission(t, "zzz:foot")
	foot := l.NewRole(t, "", "zzz:foot")
	head := l.NewAccount(t, short.id(longest-1))
	me := func(want bool) {
		t.Helper()
		var got struct{ Permissions []string }
		l.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: head.Token}).Into(t, &got)
		if slices.Contains(got.Permissions, "zzz:foot") != want {
			t.Errorf("permissions of the 16th are %q", got.Permissions)
		}
	}
	me(false)
	l.hang(t, short.id(1), foot).Want(t, 200, "Role updated successfully")
	me(true)
	l.hang(t, foot, l.NewRole(t, "")).WantFaults(t, "parent_id")
	l.hang(t, short.id(1), nil).Want(t, 200, "Role updated successfully")
	me(false)
}

// adminOnLadder hangs Admin on top of a chain: it holds everything itself, and the claim roles is longer.
func adminOnLadder(t *testing.T, s *apitest.Service) {
	l := newLadder(t, s, "c", longest)
	l.hang(t, s.AdminRole, l.id(longest)).WantFaults(t, "parent_id")
	l.hang(t, s.AdminRole, l.id(longest-1)).Want(t, 200, "Role updated successfully")
	// Admin's chain is now the longest there is, and counts like any other.
	l.hang(t, l.id(longest), nil).Want(t, 200, "")
	l.hang(t, l.id(1), s.NewRole(t, "")).WantFaults(t, "parent_id")

	permissions := allPermissions(t, s)
	roles := []string{"Admin"}
	for n := longest - 1; n > 0; n-- {
		roles = append(roles, l.name(n))
	}
	checkClaims(t, s, s.Login(t, apitest.AdminEmail, apitest.AdminPassword), roles, permissions)

	var role struct {
		Effective []grant `json:"effective_permissions"`
		Own       []wire  `json:"permissions"`
	}
	s.Get(t, "/api/v1/roles/"+s.AdminRole).Into(t, &role)
	if len(role.Own) != len(permissions) || len(role.Effective) != len(permissions) {
		t.Errorf("Admin has %d permissions and holds %d, of %d", len(role.Own), len(role.Effective), len(permissions))
	}
	for _, g := range role.Effective {
		if g.From != nil {
			t.Errorf("Admin has %s from %s", g.Name, *g.From)
		}
	}
	l.hang(t, s.AdminRole, s.AdminRole).Want(t, 409, "")
	l.hang(t, l.id(longest), s.AdminRole).Want(t, 422, "")
	l.hang(t, s.AdminRole, nil).Want(t, 200, "")
	l.hang(t, l.id(longest), s.AdminRole).Want(t, 409, "")
	checkClaims(t, s, s.Login(t, apitest.AdminEmail, apitest.AdminPassword), []string{"Admin"}, permissions)
}
