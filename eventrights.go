package users

// roleTarget is a role as the target of an event.
func roleTarget(r Role) Target { return Target{Kind: TargetRole, ID: r.ID, Name: string(r.Name)} }

// roleFields are the fields of a role that differ. The zero Role stands for one that does not exist. The graph has the
// names of the parents.
func roleFields(g *Graph, before, after Role) fieldChanges {
	var f fieldChanges
	f.add(FieldName, nameValue(before.Name), nameValue(after.Name))
	f.add(FieldDescription, descriptionValue(before.Description), descriptionValue(after.Description))
	f.add(FieldParent, parentValue(g, before), parentValue(g, after))
	f.add(FieldOwner, nameValue(before.Owner), nameValue(after.Owner))
	f.add(FieldSystem, systemValue(before.System), systemValue(after.System))
	return f
}

// parentValue is a reference to the parent of a role, or none.
func parentValue(g *Graph, r Role) Value {
	if r.ParentID.IsZero() {
		return Value{}
	}
	parent, _ := g.Role(r.ParentID)
	parent.ID = r.ParentID
	return roleValue(parent)
}

// roleCreated is the event of a role that was made with permissions.
func roleCreated(g *Graph, r Role, permissions []ID) Event {
	f := roleFields(g, Role{}, r)
	for _, p := range distinctPermissions(g, permissions) {
		f.add(FieldPermission, Value{}, permissionValue(p))
	}
	return Event{Kind: RoleCreated, Target: roleTarget(r), Fields: f}
}

// roleUpdated is the event of a role of which fields were changed.
func roleUpdated(g *Graph, before, after Role) Event {
	return Event{Kind: RoleUpdated, Target: roleTarget(after), Fields: roleFields(g, before, after)}
}

// roleDeleted is the event of a role that is gone, and what was assigned to it with it.
func roleDeleted(g *Graph, r Role) Event {
	f := roleFields(g, r, Role{})
	for _, p := range g.Assigned(r.ID) {
		f.add(FieldPermission, permissionValue(p), Value{})
	}
	return Event{Kind: RoleDeleted, Target: roleTarget(r), Fields: f}
}

// permissionsAssigned is the event of permissions that were assigned to a role.
func permissionsAssigned(g *Graph, r Role, permissions []ID) Event {
	var f fieldChanges
	for _, p := range distinctPermissions(g, permissions) {
		f.add(FieldPermission, Value{}, permissionValue(p))
	}
	return Event{Kind: RolePermissionsAssigned, Target: roleTarget(r), Fields: f}
}

// permissionRemoved is the event of a permission that was taken from a role.
func permissionRemoved(g *Graph, r Role, permission ID) Event {
	p, _ := g.Permission(permission)
	f := fieldChanges{{FieldPermission, permissionValue(p), Value{}}}
	return Event{Kind: RolePermissionRemoved, Target: roleTarget(r), Fields: f}
}

// distinctPermissions returns the permissions of ids, each once, in the order of the ids.
func distinctPermissions(g *Graph, ids []ID) []Permission {
	seen := make(map[ID]bool, len(ids))
	var list []Permission
	for _, id := range ids {
		if p, ok := g.Permission(id); ok && !seen[id] {
			seen[id] = true
			list = append(list, p)
		}
	}
	return list
}

// permissionTarget is a permission as the target of an event.
func permissionTarget(p Permission) Target {
	return Target{Kind: TargetPermission, ID: p.ID, Name: string(p.Name)}
}

// permissionFields are the fields of a permission that differ. The zero Permission stands for one that does not exist.
func permissionFields(before, after Permission) fieldChanges {
	var f fieldChanges
	f.add(FieldName, nameValue(before.Name), nameValue(after.Name))
	f.add(FieldDescription, descriptionValue(before.Description), descriptionValue(after.Description))
	f.add(FieldOwner, nameValue(before.Owner), nameValue(after.Owner))
	f.add(FieldSystem, systemValue(before.System), systemValue(after.System))
	return f
}

// permissionCreated is the event of a permission that was made.
func permissionCreated(p Permission) Event {
	return Event{Kind: PermissionCreated, Target: permissionTarget(p), Fields: permissionFields(Permission{}, p)}
}

// permissionUpdated is the event of a permission of which fields were changed.
func permissionUpdated(before, after Permission) Event {
	return Event{Kind: PermissionUpdated, Target: permissionTarget(after), Fields: permissionFields(before, after)}
}

// permissionDeleted is the event of a permission that is gone, also from the roles that it was assigned to.
func permissionDeleted(g *Graph, p Permission, holders []ID) Event {
	f := permissionFields(p, Permission{})
	for _, id := range holders {
		role, _ := g.Role(id)
		f.add(FieldRole, roleValue(role), Value{})
	}
	return Event{Kind: PermissionDeleted, Target: permissionTarget(p), Fields: f}
}

// systemEvent is an event about the whole database.
func systemEvent(kind EventKind) Event { return Event{Kind: kind, Target: Target{Kind: TargetSystem}} }
