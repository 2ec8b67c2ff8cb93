package users

// audienceEvent is an event about a declared audience. The zero Audience stands for one that does not exist.
func audienceEvent(kind EventKind, before, after Audience) Event {
	name := after.Name
	if name == "" {
		name = before.Name
	}
	var f fieldChanges
	f.add(FieldPermissionPrefix, nameValue(before.Prefix), nameValue(after.Prefix))
	f.add(FieldOwner, nameValue(before.Owner), nameValue(after.Owner))
	return Event{Kind: kind, Target: Target{Kind: TargetAudience, Name: string(name)}, Fields: f}
}
