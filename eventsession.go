package users

// sessionEvent is an event about a session, whose target has the e-mail of the account as its name.
func sessionEvent(kind EventKind, owner Account, id ID) Event {
	return Event{Kind: kind, Target: Target{Kind: TargetSession, ID: id, Name: owner.Label()}}
}
