package users

import "time"

// Value is what a field of an event holds. The zero Value is none. A Value can be made of the fields of an Account,
// a Role, a Permission, an Audience, an APIKey, a signing key, or the key or trust of a service account alone: of what kinds
// these are is listed below and in eventapikey.go, and neither Password nor PasswordHash nor APIKeySecret is among them.
type Value struct {
	held any // nil, a string, a bool, an int64 or a Ref
}

// Ref is another thing that a field points at.
type Ref struct {
	ID   ID
	Name string // at that time
}

// Get returns nil for none, else a string, a bool, an int64 or a Ref.
func (v Value) Get() any { return v.held }

// emailValue is the address as it was typed.
func emailValue(e Email) Value { return Value{e.String()} }

// nameValue is a name. An empty one is none.
func nameValue[N RoleName | PermissionName | ServiceName | AccountName | PermissionPrefix](name N) Value {
	if name == "" {
		return Value{}
	}
	return Value{string(name)}
}

// descriptionValue is a description, of which an empty one is not the same as none.
func descriptionValue(text *string) Value {
	if text == nil {
		return Value{}
	}
	return Value{*text}
}

// textValue is a text that is no secret. An empty one is none.
func textValue(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{text}
}

// flagValue is true or false.
func flagValue(b bool) Value { return Value{b} }

// systemValue is true or none, since what is no part of the system is the rule.
func systemValue(system bool) Value {
	if !system {
		return Value{}
	}
	return Value{true}
}

// versionValue is a token version.
func versionValue(n int64) Value { return Value{n} }

// timeValue is a time as in RFC 3339, in UTC and to the microsecond: "2026-11-03T12:00:00.5Z".
func timeValue(t time.Time) Value {
	return Value{t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)}
}

// roleValue is a reference to a role, or none if it has no id.
func roleValue(r Role) Value {
	if r.ID.IsZero() {
		return Value{}
	}
	return Value{Ref{r.ID, string(r.Name)}}
}

// permissionValue is a reference to a permission.
func permissionValue(p Permission) Value { return Value{Ref{p.ID, string(p.Name)}} }

// fieldChanges collects the fields of an event.
type fieldChanges []FieldChange

// add appends a field unless it stays the same.
func (f *fieldChanges) add(field Field, before, after Value) {
	if before != after {
		*f = append(*f, FieldChange{field, before, after})
	}
}
