package users

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// heldBy is what a role holds by the naive model.
func (m model) heldBy(role ID) []ID {
	var held []ID
	for _, p := range m.permissions {
		if _, ok := m.holds(role, p.ID); ok {
			held = append(held, p.ID)
		}
	}
	return held
}

// lacks reports whether a has at least one permission that b has not.
func lacks(a, b []ID) bool {
	return slices.ContainsFunc(a, func(p ID) bool { return !slices.Contains(b, p) })
}

// The subset rule, in all its forms, says what the sets of the naive model say.
func TestSubsetRuleAgreesWithModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		g := NewGraph(m.roles, m.permissions, m.assigned)
		pick := func(label string) Role { return m.roles[rapid.IntRange(0, len(m.roles)-1).Draw(t, label)] }
		own, target := pick("own role"), pick("target")
		c := Caller{Account: Account{Role: own}, graph: g}
		held := m.heldBy(own.ID)

		check := func(what string, err error, want bool) {
			t.Helper()
			if err != nil && !errors.Is(err, ErrForbidden) {
				t.Fatalf("%s: %v is no refusal", what, err)
			}
			if refused := err != nil; refused != want {
				t.Fatalf("%s: refused %v, want %v (own %s, target %s)", what, refused, want, own.Name, target.Name)
			}
		}
		more := lacks(m.heldBy(target.ID), held)
		check("changing a role", c.mayChangeRole(target.ID), more)
		outranked := more || target.System && !own.System
		check("giving a role", c.mayGive(target), outranked)
		check("changing an account", c.mayChangeAccount(Account{Role: target}), outranked)

		// A new parent for target, and one permission more: whatever any role gains must be held.
		changed := target
		changed.ParentID = pick("parent").ID
		after := model{roles: slices.Clone(m.roles), permissions: m.permissions, assigned: slices.Clone(m.assigned)}
		*after.role(target.ID) = changed
		var add []ID
		if len(m.permissions) > 0 && rapid.Bool().Draw(t, "add") {
			add = append(add, m.permissions[rapid.IntRange(0, len(m.permissions)-1).Draw(t, "permission")].ID)
			after.assigned = append(after.assigned, Assignment{target.ID, add[0]})
		}
		grows := false
		for _, r := range m.roles {
			before := m.heldBy(r.ID)
			gained := slices.DeleteFunc(after.heldBy(r.ID), func(p ID) bool { return slices.Contains(before, p) })
			grows = grows || lacks(gained, held)
		}
		check("changing the graph", c.mayTurnInto(g.with(changed, add)), grows)
	})
}

func TestRequire(t *testing.T) {
	t.Parallel()
	if err := (Caller{}).Require(AccountsRead); !errors.Is(err, ErrForbidden) {
		t.Errorf("a caller that was never authenticated: %v", err)
	}
	p := Permission{ID: NewID(), Name: AccountsRead}
	r := Role{ID: NewID(), Name: "Reader"}
	c := Caller{Account: Account{Role: r}, graph: NewGraph([]Role{r}, []Permission{p}, []Assignment{{r.ID, p.ID}})}
	if err := c.Require(AccountsRead); err != nil {
		t.Errorf("a permission that is held: %v", err)
	}
	err := c.Require(AccountsUpdate)
	if !errors.Is(err, ErrForbidden) || err.Error() != "Missing required permission: accounts:update" {
		t.Errorf("a permission that is not: %v", err)
	}
}
