package users

import (
	"maps"
	"slices"
)

// ClientKeyEvent is a key of a service account as events have it. A text that is empty is none.
type ClientKeyEvent struct {
	ID         ID
	Thumbprint string // of RFC 7638
	URL        string // of a JWK set
}

// ClientTrustEvent is a trust of a service account as events have it. A text that is empty is none.
type ClientTrustEvent struct {
	ID                        ID
	Issuer, Subject, Audience string
	Claims                    map[string]string
	URL                       string // of a JWK set
}

// NewClientKeyEvent is the event ClientKeyCreated of a key of a service account.
func NewClientKeyEvent(owner Account, k ClientKeyEvent) Event {
	return k.event(ClientKeyCreated, owner, created)
}

// DeletedClientKeyEvent is the event ClientKeyDeleted.
func DeletedClientKeyEvent(owner Account, k ClientKeyEvent) Event {
	return k.event(ClientKeyDeleted, owner, deleted)
}

// NewClientTrustEvent is the event ClientTrustCreated of a trust of a service account.
func NewClientTrustEvent(owner Account, t ClientTrustEvent) Event {
	return t.event(ClientTrustCreated, owner, created)
}

// DeletedClientTrustEvent is the event ClientTrustDeleted.
func DeletedClientTrustEvent(owner Account, t ClientTrustEvent) Event {
	return t.event(ClientTrustDeleted, owner, deleted)
}

// end says on which side of a field its text is.
type end bool

const (
	created end = false
	deleted end = true
)

// addText appends a field of a thing that was created or deleted.
func (f *fieldChanges) addText(field Field, text string, e end) {
	before, after := Value{}, textValue(text)
	if e == deleted {
		before, after = after, before
	}
	f.add(field, before, after)
}

func (k ClientKeyEvent) event(kind EventKind, owner Account, e end) Event {
	var f fieldChanges
	f.addText(FieldThumbprint, k.Thumbprint, e)
	f.addText(FieldKeysURL, k.URL, e)
	return Event{Kind: kind, Target: Target{Kind: TargetClientKey, ID: k.ID, Name: owner.Label()}, Fields: f}
}

func (t ClientTrustEvent) event(kind EventKind, owner Account, e end) Event {
	var f fieldChanges
	f.addText(FieldIssuer, t.Issuer, e)
	f.addText(FieldSubject, t.Subject, e)
	f.addText(FieldAudience, t.Audience, e)
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		f.addText(FieldClaim, name+"="+t.Claims[name], e)
	}
	f.addText(FieldKeysURL, t.URL, e)
	return Event{Kind: kind, Target: Target{Kind: TargetTrust, ID: t.ID, Name: owner.Label()}, Fields: f}
}
