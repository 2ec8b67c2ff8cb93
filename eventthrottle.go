package users

// ThrottleClearedEvent is the event of a budget of attempts that was made full: of a kind, such as "account", and with what
// it counts, such as an address. Without an id it is of all budgets of the kind, and of all there are without a kind.
func ThrottleClearedEvent(id ID, kind, subject string) Event {
	var f fieldChanges
	f.add(FieldSubject, textValue(subject), Value{})
	return Event{Kind: ThrottleCleared, Target: Target{Kind: TargetThrottle, ID: id, Name: kind}, Fields: f}
}
