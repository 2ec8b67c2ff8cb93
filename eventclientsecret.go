package users

// clientSecretCreated is the event of a client secret that was made.
func clientSecretCreated(owner Account, s ClientSecret) Event {
	var f fieldChanges
	f.add(FieldExpiresAt, Value{}, expiryValue(s))
	return Event{Kind: ClientSecretCreated, Target: secretTarget(owner, s), Fields: f}
}

// clientSecretDeleted is the event of a client secret that is gone.
func clientSecretDeleted(owner Account, s ClientSecret) Event {
	var f fieldChanges
	f.add(FieldExpiresAt, expiryValue(s), Value{})
	return Event{Kind: ClientSecretDeleted, Target: secretTarget(owner, s), Fields: f}
}

// secretTarget is a client secret as the target of an event. Its name is that of its service account.
func secretTarget(owner Account, s ClientSecret) Target {
	return Target{Kind: TargetSecret, ID: s.ID, Name: owner.Label()}
}

// expiryValue is when a secret expires, or none for never.
func expiryValue(s ClientSecret) Value {
	if s.ExpiresAt.IsZero() {
		return Value{}
	}
	return timeValue(s.ExpiresAt)
}
