package authz

import (
	"fmt"
	"slices"
	"testing"
)

// rehearsable are the operations that take dry_run.
var rehearsable = []string{
	"updateAccount", "createRole", "updateRole", "deleteRole", "assignPermissions", "removePermission",
	"createPermission", "updatePermission", "deletePermission",
	"createServiceAccount", "updateServiceAccount", "deleteServiceAccount",
}

const rehearsed = "Dry run: nothing was changed"

// impact is the data of a dry run.
type impact struct {
	Roles []struct {
		ID, Name     string
		Gains, Loses []string
		Accounts     int
	}
	Accounts int
	Account  *struct {
		ID           string
		Gains, Loses []string
	}
}

// rehearse sends the call of a cell as a dry run first. It is to be refused exactly as the call itself, and else to
// show the change that the oracle expects of that; nothing may change.
func (h *house) rehearse(t *testing.T, c cell, want verdict) {
	t.Helper()
	if !slices.Contains(rehearsable, c.call.op) {
		return
	}
	secret, guarded := h.hashAtStake(t, c)
	dry := c.call
	dry.query = "dry_run=true"
	answer := h.send(t, h.tokenFor(t, c), dry)
	done := want.status < 300
	if done {
		want.status, want.message = 200, rehearsed
	}
	if problem := h.disagrees(answer, want, c.who); problem != "" {
		t.Errorf("the dry run: %s\nanswer: %d %s", problem, answer.Status, answer.Body)
	}
	if answer.Header.Get("Location") != "" {
		t.Error("a dry run has a Location")
	}
	if done {
		var got impact
		answer.Into(t, &got)
		if shown, expected := h.told(got), h.base.impact(want.next); shown != expected {
			t.Errorf("the dry run shows\n%s\nand what would change is\n%s", shown, expected)
		}
	}
	h.hasChanged(t, dry, h.base)
	if guarded {
		if now, _ := h.hashAtStake(t, c); now != secret {
			t.Error("the dry run has changed the stored hash")
		}
	}
}

// told puts an impact into the words of state.impact.
func (h *house) told(i impact) string {
	var lines []string
	for _, r := range i.Roles {
		lines = append(lines, fmt.Sprintf("%s gains %q loses %q, %d accounts", r.Name, r.Gains, r.Loses, r.Accounts))
	}
	slices.Sort(lines)
	if a := i.Account; a != nil {
		lines = append(lines, fmt.Sprintf("%s gains %q loses %q", h.name(a.ID), a.Gains, a.Loses))
	}
	return fmt.Sprintf("%q %d", lines, i.Accounts)
}

// impact says what differs between the rights in two states.
func (s state) impact(next state) string {
	differ := func(had, has []string) (gains, loses []string) {
		gone := func(list, of []string) []string {
			return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(of, p) })
		}
		return gone(has, had), gone(had, has)
	}
	var lines []string
	for id := range union(s.Roles, next.Roles) {
		gains, loses := differ(s.names(s.holds(id)), next.names(next.holds(id)))
		if len(gains)+len(loses) == 0 {
			continue
		}
		role, stays := next.Roles[id]
		if !stays {
			role = s.Roles[id]
		}
		held := 0
		for _, a := range next.Accounts {
			if a.Active && a.Role == id {
				held++
			}
		}
		lines = append(lines, fmt.Sprintf("%s gains %q loses %q, %d accounts", role.Name, gains, loses, held))
	}
	slices.Sort(lines)
	touched := 0
	for id, a := range s.Accounts {
		b := next.Accounts[id]
		gains, loses := differ(s.mayDo(a), next.mayDo(b))
		changes := len(gains)+len(loses) > 0
		if changes {
			touched++
		}
		if moved := a.Role != b.Role; moved || changes && a.Active != b.Active {
			lines = append(lines, fmt.Sprintf("%s gains %q loses %q", id, gains, loses))
		}
	}
	return fmt.Sprintf("%q %d", lines, touched)
}

func (s state) mayDo(a account) []string {
	if !a.Active {
		return nil
	}
	return s.names(s.holds(a.Role))
}

// union is the names in either map.
func union[T any](a, b map[string]T) set {
	all := set{}
	for name := range a {
		all[name] = true
	}
	for name := range b {
		all[name] = true
	}
	return all
}
