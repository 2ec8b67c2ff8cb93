package authz

import (
	"slices"
	"strings"
)

func roleKey(r role) string { return strings.ToLower(r.Name) }

// place judges a role that was put into its place in after: the length of the chains it is part of, who may
// grant what it now brings, and what no role may be.
func (j *judgement) place(id string, after state) {
	parent := after.Roles[id].Parent
	circle := parent != "" && slices.Contains(after.chain(parent), id)
	for other := range after.Roles {
		// A cycle is 409; only chains that end can be too long.
		if chain := after.chain(other); !circle && len(chain) > 16 && slices.Contains(chain, id) {
			j.faults = []string{"parent_id"}
		}
	}
	j.grants(after)
	if circle {
		j.conflict("a cycle")
	}
	if after.Roles[parent].System {
		j.conflict("no role inherits from Admin")
	}
	if taken(after.Roles, id, roleKey(after.Roles[id]), roleKey) {
		j.conflict("the name is taken")
	}
}

func createRole(j *judgement) {
	parent := j.refersToRole("parent_id")
	own := setOf(j.refersToPermissions()...)
	if len(j.faults) > 0 {
		return
	}
	name, _ := j.text("name")
	description, _ := j.text("description")
	j.next.Roles[j.created()] = role{Name: name, Description: description, Parent: parent, Own: own}
	j.place(j.created(), j.next)
}

func updateRole(j *judgement) {
	parent := j.refersToRole("parent_id")
	isRole(j)
	if len(j.faults) > 0 || j.missing != "" {
		return
	}
	before := j.Roles[j.target]
	after := j.next.Roles[j.target]
	if name, ok := j.text("name"); ok {
		after.Name = name
	}
	if j.has("description") {
		after.Description, _ = j.text("description")
	}
	if j.has("parent_id") {
		after.Parent = parent
	}
	j.next.Roles[j.target] = after
	j.outranks(j.target)
	j.place(j.target, j.next)
	if before.System && after.Name != before.Name {
		j.conflict("Admin can't be renamed")
	}
}

func deleteRole(j *judgement) {
	if isRole(j); j.missing != "" {
		return
	}
	j.outranks(j.target)
	if j.Roles[j.target].System {
		j.conflict("Admin can't be deleted")
	}
	if j.holders(j.target) > 0 || j.heirs(j.target) > 0 {
		j.conflict("in use")
	}
	delete(j.next.Roles, j.target)
}

// assignPermissions takes "already held" for "assigned to this very role": what is only inherited is assigned.
func assignPermissions(j *judgement) {
	list := j.refersToPermissions()
	if len(list) == 0 {
		j.fault("permission_ids")
	}
	isRole(j)
	if len(j.faults) > 0 || j.missing != "" {
		return
	}
	j.outranks(j.target)
	if j.Roles[j.target].System {
		return // it holds all of them already
	}
	for _, p := range list {
		j.next.Roles[j.target].Own[p] = true
	}
	j.grants(j.next)
}

// removePermission changes the role alone, although its heirs lose with it: only what is granted is judged down
// the hierarchy.
func removePermission(j *judgement) {
	if isRole(j); j.missing != "" {
		return
	}
	if !j.assigned(j.target)[j.second] {
		j.missing = "Permission"
		return
	}
	j.outranks(j.target)
	if j.Roles[j.target].System {
		j.conflict("none can be taken from Admin")
		return
	}
	delete(j.next.Roles[j.target].Own, j.second)
}
