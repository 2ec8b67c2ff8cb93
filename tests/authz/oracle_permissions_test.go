package authz

func permissionKey(p permission) string { return p.Name }

func createPermission(j *judgement) {
	name, _ := j.text("name")
	description, _ := j.text("description")
	if taken(j.Permissions, j.created(), name, permissionKey) {
		j.conflict("the name is taken")
	}
	j.next.Permissions[j.created()] = permission{Name: name, Description: description}
}

// carriers are the roles other than Admin that a permission is assigned to.
func (j *judgement) carriers(p string) []string {
	var list []string
	for id, r := range j.Roles {
		if !r.System && r.Own[p] {
			list = append(list, id)
		}
	}
	return list
}

func updatePermission(j *judgement) {
	if isPermission(j); j.missing != "" {
		return
	}
	before := j.Permissions[j.target]
	after := before
	if name, ok := j.text("name"); ok && name != before.Name {
		after.Name = name
		// "Renaming a permission that a role other than Admin holds is granting a new one: only an account with
		// Admin can."
		if len(j.carriers(j.target)) > 0 && !j.admin() {
			j.forbid("roles hold it")
		}
		if system(before.Name) {
			j.conflict("a system permission")
		}
		if taken(j.Permissions, j.target, name, permissionKey) {
			j.conflict("the name is taken")
		}
	}
	if j.has("description") {
		after.Description, _ = j.text("description")
	}
	j.next.Permissions[j.target] = after
}

func deletePermission(j *judgement) {
	if isPermission(j); j.missing != "" {
		return
	}
	if !j.holds(j.own)[j.target] {
		j.forbid("the caller must hold it")
	}
	for _, r := range j.carriers(j.target) {
		j.outranks(r)
		delete(j.next.Roles[r].Own, j.target)
	}
	if system(j.Permissions[j.target].Name) {
		j.conflict("a system permission")
	}
	delete(j.next.Permissions, j.target)
}
