package users

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
)

// GraphChange is what has changed of a graph: each permission and role that did, once, as it is now.
type GraphChange struct {
	Permissions []PermissionState
	Roles       []RoleState
}

// PermissionState is what became of a permission.
type PermissionState struct {
	ID         ID
	Permission *Permission // nil: it is gone
}

// RoleState is what became of a role.
type RoleState struct {
	ID       ID
	Role     *Role // nil: it is gone
	Assigned []ID  // all permissions that are assigned to it now
}

// Changed returns the graph as it is after a change. It costs what the change concerns: the roles in it, those that
// inherit from them, and of a permission that is gone the roles that it was assigned to; beside that, a copy of the lists of
// pointers to all roles and permissions.
func (g *Graph) Changed(c GraphChange) *Graph {
	after, _ := g.change(c)
	if len(after.slots) > 2*len(after.permissions)+pageBits {
		return NewGraph(after.parts())
	}
	return after
}

// with returns the graph as it would be with role added, or put in the place of the one with its id, and the
// permissions assigned to it; and the roles whose effective permissions may differ from those in g. Slots are those of g.
func (g *Graph) with(role Role, permissions []ID) (*Graph, []ID) {
	assigned := slices.Clone(permissions)
	if n := g.node(role.ID); n != nil {
		assigned = append(assigned, n.missing...)
		for slot := range n.own.all() {
			assigned = append(assigned, g.slots[slot].ID)
		}
	}
	return g.change(GraphChange{Roles: []RoleState{{ID: role.ID, Role: &role, Assigned: assigned}}})
}

// parts are what NewGraph makes the same graph of.
func (g *Graph) parts() (roles []Role, permissions []Permission, assigned []Assignment) {
	for _, p := range g.permissions {
		permissions = append(permissions, p.Permission)
	}
	for _, n := range g.roles {
		roles = append(roles, n.Role)
		for _, id := range n.missing {
			assigned = append(assigned, Assignment{n.ID, id})
		}
		if n.System {
			continue
		}
		for slot := range n.own.all() {
			assigned = append(assigned, Assignment{n.ID, g.slots[slot].ID})
		}
	}
	return roles, permissions, assigned
}

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

// inherit works out the effective permissions of the affected roles and of those that inherit from them.
func (e *graphEdit) inherit() {
	for queue := slices.Collect(maps.Keys(e.affected)); len(queue) > 0; queue = queue[1:] {
		ids, _ := e.heirs.get(queue[0])
		for _, id := range ids {
			if !e.affected[id] {
				e.edit(id)
				queue = append(queue, id)
			}
		}
	}
	done := make(map[ID]bool, len(e.affected))
	for id := range e.affected {
		e.inheritAlong(e.fresh[id], done)
	}
}

// inheritAlong works out a role and those above it that are not done yet, from the top on.
func (e *graphEdit) inheritAlong(n *node, done map[ID]bool) {
	var path []*node
	on := map[ID]bool{}
	above := n
	for ; above != nil && e.affected[above.ID] && !done[above.ID]; above = e.current(above.ParentID) {
		if on[above.ID] {
			e.inheritAround(path)
			above = nil
			path = nil
			break
		}
		on[above.ID] = true
		path = append(path, above)
	}
	for _, n := range slices.Backward(path) {
		n.effective = n.own
		if above != nil {
			n.effective = n.own.union(above.effective)
		}
		above = n
	}
	for id := range on {
		done[id] = true
	}
}

// inheritAround works out roles that lead into a cycle: each has what all in its chain have.
func (e *graphEdit) inheritAround(path []*node) {
	for _, n := range path {
		n.effective = n.own
		met := map[ID]bool{}
		for r := n; r != nil && !met[r.ID]; r = e.current(r.ParentID) {
			met[r.ID] = true
			n.effective = n.effective.union(r.own)
		}
	}
}

// finish puts the fresh nodes into the graph.
func (e *graphEdit) finish() {
	nodes := make(map[ID]layer[*node], len(e.fresh))
	var gone, added []*node
	for id, is := range e.fresh {
		was := e.before.node(id)
		if was != nil {
			gone = append(gone, was)
			e.assignments -= was.assigned
		}
		if is != nil {
			added = append(added, is)
			e.assignments += is.assigned
		}
		if was != nil || is != nil {
			nodes[id] = layer[*node]{value: is, gone: is == nil}
		}
	}
	e.roles = splice(e.roles, gone, added, compareCreation)
	e.role = e.role.with(nodes)
	e.systems = e.relist(e.systems, func(n *node) bool { return n.System })
	e.incomplete = e.relist(e.incomplete, func(n *node) bool { return len(n.missing) > 0 })
	e.admin = nil
	for _, id := range e.systems {
		if n := e.node(id); e.admin == nil || compareCreation(n, e.admin) < 0 {
			e.admin = n
		}
	}
}

// relist returns the roles that have a property, of a list that had all of the graph before.
func (e *graphEdit) relist(list []ID, has func(*node) bool) []ID {
	list = slices.DeleteFunc(slices.Clone(list), func(id ID) bool { _, edited := e.fresh[id]; return edited })
	for id, n := range e.fresh {
		if n != nil && has(n) {
			list = append(list, id)
		}
	}
	return list
}

// splice returns a sorted list without the elements that are gone and with those that are added.
func splice[T comparable](sorted, gone, added []T, compare func(a, b T) int) []T {
	const few = 16
	if (len(gone)+len(added))*few > len(sorted) {
		drop := make(map[T]bool, len(gone))
		for _, x := range gone {
			drop[x] = true
		}
		list := make([]T, 0, len(sorted)+len(added))
		for _, x := range sorted {
			if !drop[x] {
				list = append(list, x)
			}
		}
		list = append(list, added...)
		slices.SortFunc(list, compare)
		return list
	}
	list := append(make([]T, 0, len(sorted)+len(added)), sorted...)
	for _, x := range gone {
		i, _ := slices.BinarySearchFunc(list, x, compare)
		list = slices.Delete(list, i, i+1)
	}
	for _, x := range added {
		i, _ := slices.BinarySearchFunc(list, x, compare)
		list = slices.Insert(list, i, x)
	}
	return list
}
