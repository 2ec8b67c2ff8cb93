package token

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users"
)

// actClaim is the claim act of an exchanged token (RFC 8693 §4.1): the account that acts for its subject, and the one before it in an act
// of its own. With sub it has what shows whether the actor's account still stands behind it:
//
//	{"sub":"0199e7a0-…","ver":3,"sid":"0199e7a1-…","impersonator":true,"role_id":"0199e7a2-…","act":{…}}
//
// sid is there if the actor's token belonged to a session; impersonator is true or left out, and role_id is there with it. Its
// reader refuses null, which is not the same as no claim, and passes over members that it does not know, as with claims.
type actClaim struct{ actor *users.Actor }

// actorMembers are the members of the claim.
type actorMembers struct {
	Subject      uuid     `json:"sub"`
	Version      int64    `json:"ver"`
	SessionID    uuid     `json:"sid,omitzero"`
	Impersonator flag     `json:"impersonator,omitzero"`
	RoleID       uuid     `json:"role_id,omitzero"`
	Act          actClaim `json:"act,omitzero"`
}

func (a actClaim) IsZero() bool { return a.actor == nil }

func (a actClaim) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, actorMembers{
		Subject: uuid(a.actor.Account), Version: a.actor.Version, SessionID: uuid(a.actor.Session),
		Impersonator: flag(a.actor.Impersonator), RoleID: uuid(a.actor.Role), Act: actClaim{a.actor.Prior},
	})
}

func (a *actClaim) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != jsontext.KindBeginObject {
		return errType
	}
	var m actorMembers
	if err := json.UnmarshalDecode(dec, &m); err != nil {
		return err
	}
	if m.Subject == (uuid{}) || m.Version < 1 || bool(m.Impersonator) != (m.RoleID != uuid{}) {
		return errActor
	}
	a.actor = &users.Actor{
		Account: users.ID(m.Subject), Version: m.Version, Session: users.ID(m.SessionID),
		Impersonator: bool(m.Impersonator), Role: users.ID(m.RoleID), Prior: m.Act.actor,
	}
	return nil
}

var (
	_ json.UnmarshalerFrom = (*actClaim)(nil)
	_ json.MarshalerTo     = actClaim{}
)
