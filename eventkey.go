package users

import "time"

// keyTarget is a signing key as the target of an event. Its name is the kid.
func keyTarget(kid string) Target { return Target{Kind: TargetKey, Name: kid} }

// SigningKeyCreated is the event of a signing key of an algorithm, such as "RS256", that was made or imported and signs
// from a time.
func SigningKeyCreated(kid, algorithm string, signsFrom time.Time) Event {
	var f fieldChanges
	f.add(FieldAlgorithm, Value{}, Value{algorithm})
	f.add(FieldSignsFrom, Value{}, timeValue(signsFrom))
	return Event{Kind: KeyCreated, Target: keyTarget(kid), Fields: f}
}

// SigningKeyRescheduled is the event of a signing key that signs from another time than planned.
func SigningKeyRescheduled(kid string, before, after time.Time) Event {
	var f fieldChanges
	f.add(FieldSignsFrom, timeValue(before), timeValue(after))
	return Event{Kind: KeyRescheduled, Target: keyTarget(kid), Fields: f}
}

// SigningKeyRevoked is the event of a signing key whose tokens are refused.
func SigningKeyRevoked(kid string) Event {
	return Event{Kind: KeyRevoked, Target: keyTarget(kid)}
}

// SigningKeyRewrapped is the event of a signing key whose private part was encrypted under another ENCRYPTION_KEY.
func SigningKeyRewrapped(kid string) Event {
	return Event{Kind: KeyRewrapped, Target: keyTarget(kid)}
}

// SigningKeyDeleted is the event of a signing key that had long expired.
func SigningKeyDeleted(kid string) Event {
	return Event{Kind: KeyDeleted, Target: keyTarget(kid)}
}
