package users

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
)

// graphEdit makes a graph of another.
type graphEdit struct {
	*Graph        // as it is to become
	before *Graph // never changes
	// fresh are the nodes that the graph before does not have, by their ids; nil for a role that is gone. They may be
	// changed until the graph is done.
	fresh map[ID]*node
	// affected are the roles whose effective permissions have to be worked out anew.
	affected map[ID]bool
}

func (g *Graph) change(c GraphChange) (after *Graph, affected []ID) {
	copied := *g
	e := &graphEdit{Graph: &copied, before: g, fresh: make(map[ID]*node, len(c.Roles)), affected: make(map[ID]bool, len(c.Roles))}
	e.changePermissions(c.Permissions)
	e.changeRoles(c.Roles)
	e.inherit()
	e.finish()
	return e.Graph, slices.Collect(maps.Keys(e.affected))
}

func (e *graphEdit) changePermissions(states []PermissionState) {
	if len(states) == 0 {
		return
	}
	e.slots = slices.Clone(e.slots)
	var gone, added []*permission
	names, ids := map[PermissionName]layer[*permission]{}, map[ID]layer[*permission]{}
	var lost, made []int
	for _, s := range states {
		was, existed := e.before.byID.get(s.ID)
		if existed {
			gone = append(gone, was)
			if _, taken := names[was.Name]; !taken {
				names[was.Name] = layer[*permission]{gone: true}
			}
		}
		if s.Permission == nil {
			if existed {
				ids[s.ID] = layer[*permission]{gone: true}
				e.slots[was.slot] = nil
				lost = append(lost, was.slot)
			}
			continue
		}
		is := &permission{Permission: *s.Permission}
		if existed {
			is.slot = was.slot
			e.slots[is.slot] = is
		} else {
			is.slot = len(e.slots)
			e.slots = append(e.slots, is)
			made = append(made, is.slot)
		}
		added = append(added, is)
		ids[is.ID], names[is.Name] = layer[*permission]{value: is}, layer[*permission]{value: is}
	}
	e.permissions = splice(e.permissions, gone, added, func(a, b *permission) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.ID.Compare(b.ID))
	})
	e.byName, e.byID = e.byName.with(names), e.byID.with(ids)
	if len(lost)+len(made) == 0 {
		return
	}
	e.everything = e.everything.minus(newSet(lost...)).union(newSet(made...))
	for _, id := range e.systems {
		e.edit(id).own = e.everything
	}
	e.unassign(newSet(lost...))
	for _, id := range e.incomplete {
		e.reassign(e.edit(id))
	}
}

// unassign takes permissions that are gone from the roles that they were assigned to.
func (e *graphEdit) unassign(lost set) {
	if lost == nil {
		return
	}
	for _, n := range e.before.roles {
		if n.System || !n.own.meets(lost) {
			continue
		}
		n = e.edit(n.ID)
		for slot := range n.own.all() {
			if lost.has(slot) {
				n.missing = append(slices.Clone(n.missing), e.before.slots[slot].ID)
			}
		}
		n.own = n.own.minus(lost)
	}
}

// reassign gives a role the permissions that are assigned to it and exist now.
func (e *graphEdit) reassign(n *node) {
	var found []int
	var missing []ID
	for _, id := range n.missing {
		if slot, ok := e.slot(id); ok {
			found = append(found, slot)
		} else {
			missing = append(missing, id)
		}
	}
	n.missing = missing
	n.own = n.own.union(newSet(found...))
}

// edit returns the node of a role that exists, as one that may be changed.
func (e *graphEdit) edit(id ID) *node {
	e.affected[id] = true
	if n := e.fresh[id]; n != nil {
		return n
	}
	n := *e.before.node(id)
	e.fresh[id] = &n
	return &n
}

// current returns the node of a role as it is to become, or nil.
func (e *graphEdit) current(id ID) *node {
	if n, edited := e.fresh[id]; edited {
		return n
	}
	return e.before.node(id)
}

func (e *graphEdit) changeRoles(states []RoleState) {
	heirs := map[ID]layer[[]ID]{}
	listed := func(parent ID) []ID {
		if l, ok := heirs[parent]; ok {
			return l.value
		}
		ids, _ := e.before.heirs.get(parent)
		return slices.Clone(ids)
	}
	for _, s := range states {
		was := e.before.node(s.ID)
		e.affected[s.ID] = true
		if was != nil && !was.ParentID.IsZero() && (s.Role == nil || s.Role.ParentID != was.ParentID) {
			ids := listed(was.ParentID)
			ids = slices.DeleteFunc(ids, func(id ID) bool { return id == s.ID })
			heirs[was.ParentID] = layer[[]ID]{value: ids, gone: len(ids) == 0}
		}
		if s.Role == nil {
			e.fresh[s.ID] = nil
			continue
		}
		if parent := s.Role.ParentID; !parent.IsZero() && (was == nil || was.ParentID != parent) {
			heirs[parent] = layer[[]ID]{value: append(listed(parent), s.ID)}
		}
		e.fresh[s.ID] = e.newNode(was, s)
	}
	e.heirs = e.heirs.with(heirs)
}

func (e *graphEdit) newNode(was *node, s RoleState) *node {
	n := &node{Role: *s.Role, looks: new(atomic.Pointer[[2]look])}
	if was != nil && was.Name == n.Name {
		n.looks = was.looks
	}
	if n.System {
		n.own = e.everything // whatever is assigned to it
		return n
	}
	ids := slices.Clone(s.Assigned)
	slices.SortFunc(ids, ID.Compare)
	n.missing = slices.Compact(ids)
	n.assigned = len(n.missing)
	e.reassign(n)
	return n
}
