package users

import (
	"context"
	"slices"
)

// accountTarget is an account as the target of an event.
func accountTarget(a Account) Target {
	return Target{Kind: TargetAccount, ID: a.ID, Name: a.Label()}
}

// accountCreated is the event of an account that was made.
func accountCreated(a Account) Event {
	var f fieldChanges
	f.add(FieldEmail, Value{}, emailValue(a.Email))
	f.add(FieldRole, Value{}, roleValue(a.Role))
	f.add(FieldActive, Value{}, flagValue(a.Active))
	return Event{Kind: AccountCreated, Target: accountTarget(a), Fields: f}
}

// accountDeleted is the event of an account that is gone.
func accountDeleted(a Account) Event {
	var f fieldChanges
	f.add(FieldEmail, emailValue(a.Email), Value{})
	f.add(FieldRole, roleValue(a.Role), Value{})
	f.add(FieldActive, flagValue(a.Active), Value{})
	return Event{Kind: AccountDeleted, Target: accountTarget(a), Fields: f}
}

// accountChanged returns the events of an account that was changed: at most one for its e-mail, one for its password and
// one for all else. password says whether the account was given another one. The token version goes with what has
// raised it.
func accountChanged(before, after Account, password bool) []Event {
	var events []Event
	add := func(kind EventKind, f fieldChanges) {
		events = append(events, Event{Kind: kind, Target: accountTarget(after), Fields: f})
	}
	var version fieldChanges
	version.add(FieldTokenVersion, versionValue(before.TokenVersion), versionValue(after.TokenVersion))
	var rest fieldChanges
	rest.add(FieldRole, roleValue(before.Role), roleValue(after.Role))
	rest.add(FieldActive, flagValue(before.Active), flagValue(after.Active))
	if !password {
		rest = append(rest, version...)
	}
	if len(rest) > 0 {
		add(AccountUpdated, rest)
	}
	var email fieldChanges
	email.add(FieldEmail, emailValue(before.Email), emailValue(after.Email))
	if len(email) > 0 {
		add(AccountEmailChanged, email)
	}
	if password {
		add(AccountPasswordChanged, version)
	}
	return events
}

// accountImpersonated is the event of a token of an account that another account got.
func accountImpersonated(a Account, c Claims, reason *string) Event {
	var f fieldChanges
	f.add(FieldTokenID, Value{}, textValue(c.TokenID.String()))
	f.add(FieldExpiresAt, Value{}, timeValue(c.Expires))
	f.add(FieldReason, Value{}, descriptionValue(reason))
	return Event{Kind: AccountImpersonated, Target: accountTarget(a), Fields: f}
}

// hashUpgraded is the event of a password that was hashed anew.
func hashUpgraded(a Account) Event {
	return Event{Kind: AccountHashUpgraded, Target: accountTarget(a)}
}

// serviceAccountEvent is the event of a service account that was made (before is nil), changed, or is gone (after is nil).
func serviceAccountEvent(ctx context.Context, tx *Change, kind EventKind, before, after *ServiceAccount) (Event, error) {
	was, err := serviceAccountValues(ctx, tx, before)
	if err != nil {
		return Event{}, err
	}
	is, err := serviceAccountValues(ctx, tx, after)
	if err != nil {
		return Event{}, err
	}
	var f fieldChanges
	for _, field := range []Field{FieldName, FieldDescription, FieldOwner, FieldRole, FieldActive, FieldTokenVersion} {
		f.add(field, was[field], is[field])
	}
	if before == nil || after == nil {
		f = slices.DeleteFunc(f, func(c FieldChange) bool { return c.Field == FieldTokenVersion })
	}
	target := after
	if target == nil {
		target = before
	}
	return Event{Kind: kind, Target: accountTarget(target.Account), Fields: f}, nil
}

// serviceAccountValues are the fields of a service account; none of nil.
func serviceAccountValues(ctx context.Context, tx *Change, a *ServiceAccount) (map[Field]Value, error) {
	if a == nil {
		return nil, nil
	}
	owner := nameValue(a.Owner.Service)
	if !a.Owner.Account.IsZero() {
		account, err := tx.Account(ctx, a.Owner.Account)
		if err != nil {
			return nil, err
		}
		owner = Value{Ref{account.ID, account.Label()}}
	}
	return map[Field]Value{
		FieldName: nameValue(a.Name), FieldDescription: descriptionValue(a.Description), FieldOwner: owner,
		FieldRole: roleValue(a.Role), FieldActive: flagValue(a.Active), FieldTokenVersion: versionValue(a.TokenVersion),
	}, nil
}
