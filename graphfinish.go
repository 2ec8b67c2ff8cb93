package users

import (
	"maps"
	"slices"
)

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
