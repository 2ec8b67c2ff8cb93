package authz

import (
	"fmt"
	"slices"
)

// timesOf compares the times of a thing with those before: wantMoved says whether updated_at must have moved.
func (s snapshot) timesOf(id string, before snapshot, wantMoved bool) string {
	now, was := s.times[id], before.times[id]
	if !now[0].Equal(was[0]) {
		return fmt.Sprintf("created_at of %s went from %s to %s", id, was[0], now[0])
	}
	if moved := now[1].After(was[1]); moved != wantMoved || !moved && !now[1].Equal(was[1]) {
		return fmt.Sprintf("updated_at of %s went from %s to %s", id, was[1], now[1])
	}
	return ""
}

// timesAgree compares all times with those before: what did not change keeps its updated_at, what did has a
// later one.
func (h *house) timesAgree(now snapshot, want state) string {
	for _, name := range keys(h.base.Accounts) {
		if after, there := want.Accounts[name]; there {
			was := h.base.Accounts[name]
			after.Sessions, was.Sessions, after.Keys, was.Keys = "", "", "", ""  // the end of a session is no update of the account
			if _, stays := want.Accounts[was.Owner]; was.Owner != "" && !stays { // nor is the loss of an owner that is deleted
				after.Owner = was.Owner
			}
			if problem := now.timesOf(h.id(name), h.before, after != was); problem != "" {
				return problem
			}
		}
	}
	for _, name := range keys(h.base.Permissions) {
		if after, there := want.Permissions[name]; there {
			if problem := now.timesOf(h.id(name), h.before, after != h.base.Permissions[name]); problem != "" {
				return problem
			}
		}
	}
	for _, name := range keys(h.base.Roles) {
		was, after := h.base.Roles[name], want.Roles[name]
		if _, there := want.Roles[name]; !there || !slices.Equal(was.Own.sorted(), after.Own.sorted()) {
			continue // the contract does not say whether an assignment is an update of the role
		}
		moved := was.Name != after.Name || was.Description != after.Description || was.Parent != after.Parent
		if problem := now.timesOf(h.id(name), h.before, moved); problem != "" {
			return problem
		}
	}
	return ""
}
