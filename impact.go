package users

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Impact is what a change of roles, permissions or an account's role changes of what accounts may do.
type Impact struct {
	Roles []RoleImpact // those whose effective permissions change, sorted by name
	// Account is the one that the change was about, if its rights change, it was given another role or it is gone.
	Account *AccountImpact
	// Accounts counts those whose rights change.
	Accounts int
}

// RoleImpact is what a role gains and loses, by assignment or inheritance.
type RoleImpact struct {
	Role         Role // as it will be, or was if it will be gone
	Gains, Loses []PermissionName
	Accounts     int // active ones that have this very role
}

// AccountImpact is what an account gains and loses.
type AccountImpact struct {
	ID           ID
	Gains, Loses []PermissionName
}

// impactOf works out what events change of what accounts may do. They have happened in tx, which began with the graph
// before.
func impactOf(ctx context.Context, tx Reader, before *Graph, events []Event) (Impact, error) {
	after, err := tx.Graph(ctx)
	if err != nil {
		return Impact{}, err
	}
	var impact Impact
	if slices.ContainsFunc(events, Event.changesRights) {
		impact.Roles = compareGraphs(before, after)
	}
	for i := range impact.Roles {
		role := &impact.Roles[i]
		if role.Accounts, err = tx.CountRoleHolders(ctx, role.Role.ID, true); err != nil {
			return Impact{}, err
		}
		impact.Accounts += role.Accounts
	}
	for _, e := range events {
		if e.Kind == AccountDeleted {
			impact.Account = &AccountImpact{ID: e.Target.ID, Loses: before.held(e.accountBefore(Account{}))}
			if len(impact.Account.Loses) > 0 {
				impact.Accounts++
			}
		}
		if e.Kind != AccountUpdated {
			continue
		}
		is, err := tx.Account(ctx, e.Target.ID)
		if err != nil {
			return Impact{}, err
		}
		was := e.accountBefore(is)
		gains, loses := compareNames(before.held(was), after.held(is))
		if len(gains)+len(loses) > 0 {
			impact.Accounts++
		}
		if len(gains)+len(loses) > 0 || was.Role.ID != is.Role.ID {
			impact.Account = &AccountImpact{ID: is.ID, Gains: gains, Loses: loses}
		}
	}
	return impact, nil
}

// changesRights reports whether an event is about a role or a permission.
func (e Event) changesRights() bool {
	return e.Target.Kind == TargetRole || e.Target.Kind == TargetPermission
}

// accountBefore returns the role and state that an account had before an event, which has made it what it is, if anything.
func (e Event) accountBefore(is Account) Account {
	for _, f := range e.Fields {
		switch f.Field {
		case FieldRole:
			is.Role.ID = f.Before.held.(Ref).ID
		case FieldActive:
			is.Active = f.Before.held.(bool)
		}
	}
	return is
}

// held lists what an account may do.
func (g *Graph) held(a Account) []PermissionName {
	if !a.Active {
		return nil
	}
	return g.Effective(a.Role.ID)
}

// compareGraphs lists the roles whose effective permissions differ. Permissions are compared by their names, because
// by them they are asked for. Of two graphs of which one was made of the other, only what differs is looked at.
func compareGraphs(before, after *Graph) []RoleImpact {
	other := before.otherNames(after)
	same := func(was, is *node) bool { return was == is && !is.effective.meets(other) }
	var list []RoleImpact
	add := func(role Role) {
		gains, loses := compareNames(before.Effective(role.ID), after.Effective(role.ID))
		if len(gains)+len(loses) > 0 {
			list = append(list, RoleImpact{Role: role, Gains: gains, Loses: loses})
		}
	}
	for _, n := range after.roles {
		if !same(before.node(n.ID), n) {
			add(n.Role)
		}
	}
	for _, n := range before.roles {
		if after.node(n.ID) == nil {
			add(n.Role)
		}
	}
	slices.SortFunc(list, func(a, b RoleImpact) int {
		return cmp.Or(strings.Compare(a.Role.Name.Key(), b.Role.Name.Key()), a.Role.ID.Compare(b.Role.ID))
	})
	return list
}

// otherNames returns the slots that have another name in another graph, or none in one of the two. A role that both have
// as the same node holds the same permissions in both, but for these.
func (g *Graph) otherNames(h *Graph) set {
	var differ []int
	for slot := range max(len(g.slots), len(h.slots)) {
		if g.nameAt(slot) != h.nameAt(slot) {
			differ = append(differ, slot)
		}
	}
	return newSet(differ...)
}

// nameAt returns the name of the permission in a slot, empty where there is none.
func (g *Graph) nameAt(slot int) PermissionName {
	if slot >= len(g.slots) || g.slots[slot] == nil {
		return ""
	}
	return g.slots[slot].Name
}

// compareNames returns what is only in after and what is only in before. Both are sorted.
func compareNames(before, after []PermissionName) (gains, loses []PermissionName) {
	only := func(in, notIn []PermissionName) []PermissionName {
		return slices.DeleteFunc(slices.Clone(in), func(p PermissionName) bool {
			_, found := slices.BinarySearch(notIn, p)
			return found
		})
	}
	return only(after, before), only(before, after)
}
