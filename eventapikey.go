package users

import "time"

// apiKeyTarget is an API key as the target of an event.
func apiKeyTarget(k APIKey) Target { return Target{Kind: TargetAPIKey, ID: k.ID, Name: k.Name} }

// apiKeyFields are the fields of an API key that differ. The zero APIKey stands for one that does not exist.
func apiKeyFields(before, after APIKey) fieldChanges {
	var f fieldChanges
	f.add(FieldScope, scopeValue(before.Scope), scopeValue(after.Scope))
	f.add(FieldExpiresAt, optionalTimeValue(before.ExpiresAt), optionalTimeValue(after.ExpiresAt))
	f.add(FieldSuccessor, apiKeyValue(before.Successor, before.Name), apiKeyValue(after.Successor, after.Name))
	return f
}

// apiKeyCreated is the event of an API key that was made for an account.
func apiKeyCreated(owner Account, k APIKey) Event {
	f := fieldChanges{{FieldName, Value{}, Value{k.Name}}, {FieldAccount, Value{}, accountValue(owner)}}
	return Event{Kind: APIKeyCreated, Target: apiKeyTarget(k), Fields: append(f, apiKeyFields(APIKey{}, k)...)}
}

// apiKeyRotated is the event of an API key that has a successor now.
func apiKeyRotated(before, after APIKey) Event {
	return Event{Kind: APIKeyRotated, Target: apiKeyTarget(after), Fields: apiKeyFields(before, after)}
}

// apiKeyEnded is the event of an API key that is gone.
func apiKeyEnded(owner Account, k APIKey) Event {
	f := fieldChanges{{FieldName, Value{k.Name}, Value{}}, {FieldAccount, accountValue(owner), Value{}}}
	return Event{Kind: APIKeyEnded, Target: apiKeyTarget(k), Fields: append(f, apiKeyFields(k, APIKey{})...)}
}

// apiKeyExpiring is the event of an API key that is about to end by itself.
func apiKeyExpiring(owner Account, k APIKey, daysLeft int) Event {
	var f fieldChanges
	f.add(FieldAccount, Value{}, accountValue(owner))
	f.add(FieldExpiresAt, Value{}, timeValue(k.ExpiresAt))
	f.add(FieldDaysLeft, Value{}, Value{int64(daysLeft)})
	return Event{Kind: APIKeyExpiring, Target: apiKeyTarget(k), Fields: f}
}

// scopeValue is the names in a scope with spaces between them, or none if it is empty.
func scopeValue(s Scope) Value {
	if len(s.names) == 0 {
		return Value{}
	}
	return Value{s.String()}
}

// optionalTimeValue is a time, or none if it is zero.
func optionalTimeValue(t time.Time) Value {
	if t.IsZero() {
		return Value{}
	}
	return timeValue(t)
}

// accountValue is a reference to an account.
func accountValue(a Account) Value { return Value{Ref{a.ID, a.Email.String()}} }

// apiKeyValue is a reference to an API key, or none if its id is zero.
func apiKeyValue(id ID, name string) Value {
	if id.IsZero() {
		return Value{}
	}
	return Value{Ref{id, name}}
}
