package users

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The subset rule: a caller can neither grant what the caller does not hold, nor change in any way what holds more than the
// caller does. To hold more is to hold at least one permission that the other does not. Each method below is one form
// of it, and returns nil or ErrForbidden.

// effective is the set of the caller's permissions: those of the account's role, and of them those in the scope of the
// credential, and with the prefix of its audience, if it has one.
func (c Caller) effective() set {
	n := c.graph.node(c.Account.Role.ID)
	if n == nil {
		return nil
	}
	held := n.effective
	if c.scope != nil {
		held = held.intersect(c.scope.in(c.graph))
	}
	if !c.narrowing.IsZero() {
		held = held.intersect(c.narrowing.in(c.graph))
	}
	return held
}

// admin reports whether the caller's own role is Admin, and its credential stands for all that Admin holds. Holding every
// permission of today is not the same.
func (c Caller) admin() bool { return c.Account.Role.System && c.scope == nil && !c.Restricted() }

// mayChangeRole refuses a role that holds more than the caller.
func (c Caller) mayChangeRole(role ID) error {
	more := c.graph.node(role).effective.minus(c.effective())
	return c.lacking("That role holds more than you do: ", more)
}

// mayChangeAccount refuses an account whose role holds more than the caller, and an administrator's to all but
// administrators.
func (c Caller) mayChangeAccount(target Account) error {
	more := c.graph.node(target.Role.ID).effective.minus(c.effective())
	if err := c.lacking("That account's role holds more than you do: ", more); err != nil {
		return err
	}
	if target.Role.System && !c.admin() {
		return forbidden("Only an account with the role Admin can change an account that has it.")
	}
	return nil
}

// mayGive refuses to give a role that holds what the caller lacks.
func (c Caller) mayGive(role Role) error {
	if err := c.RefuseRestricted(); err != nil {
		return err
	}
	more := c.graph.node(role.ID).effective.minus(c.effective())
	if err := c.lacking("You can't give a role that holds more than you do: ", more); err != nil {
		return err
	}
	if role.System && !c.admin() {
		return forbidden("Only an account with the role Admin can give it.")
	}
	return nil
}

// mayTurnInto refuses a change of the graph that would newly grant, to whatever role, what the caller lacks. The graph is
// one that Graph.with has returned, with the roles that it concerns.
func (c Caller) mayTurnInto(after *Graph, concerned []ID) error {
	if err := c.RefuseRestricted(); err != nil {
		return err
	}
	var granted set
	for _, id := range concerned {
		is, was := after.node(id), c.graph.node(id)
		if was == nil {
			was = new(node)
		}
		granted = granted.union(is.effective.minus(was.effective))
	}
	return c.lacking(cannotGrant, granted.minus(c.effective()))
}

const cannotGrant = "You can't grant what you do not hold: "

// CheckGrant is ErrForbidden if the caller does not hold all of these permissions, and so can't grant them to a role. Admin
// may grant those also that do not exist yet.
func (c Caller) CheckGrant(names []PermissionName) error {
	if err := c.RefuseRestricted(); err != nil {
		return err
	}
	if c.admin() {
		return nil
	}
	lacking := map[PermissionName]bool{}
	for _, name := range names {
		if c.graph == nil || !c.May(name) {
			lacking[name] = true
		}
	}
	return lackingNames(cannotGrant, slices.Sorted(maps.Keys(lacking)))
}

// lacking is nil for an empty set, else the refusal that names what is in it.
func (c Caller) lacking(why string, missing set) error {
	return lackingNames(why, c.graph.names(missing))
}

func lackingNames(why string, names []PermissionName) error {
	if len(names) == 0 {
		return nil
	}
	const most = 20
	shown := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, string(name))
	}
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
	}
	return forbidden(why + strings.Join(shown, ", ") + more)
}
