package token

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users"
)

// The values of the header member typ of tokens, in writing and on reading. A token of one kind must have the claims of that
// kind, and none of the other.
const (
	tokenType   = "JWT"    // of a login
	serviceType = "at+jwt" // of the token endpoint (RFC 9068 §2.1): of service accounts, and exchanged ones
)

// header is the JOSE header (RFC 7515 §4), all of it.
type header struct {
	Algorithm Algorithm `json:"alg"`
	Type      string    `json:"typ"`
	KeyID     string    `json:"kid"`
}

// payload is the claims as they stand in a token, in the order in which they are written. In each field the
// zero value, which is also what a missing or null claim leaves, is one that check refuses.
type payload struct {
	Issuer      string   `json:"iss"`
	Audience    audience `json:"aud"`
	Subject     string   `json:"sub"`
	ClientID    uuid     `json:"client_id,omitzero"` // of the token endpoint: the account that got the token, act.sub or sub
	Scope       scope    `json:"scope,omitzero"`     // of the token endpoint, if the token is restricted to it
	IssuedAt    int64    `json:"iat"`
	NotBefore   int64    `json:"nbf"`
	Expires     int64    `json:"exp"`
	TokenID     string   `json:"jti"`
	Version     int64    `json:"ver"`
	Email       text     `json:"email,omitzero"`   // of a person
	RoleID      uuid     `json:"role_id,omitzero"` // left out in tokens from before there was this claim
	SessionID   uuid     `json:"sid,omitzero"`     // left out in tokens without a session
	Roles       names    `json:"roles"`
	Permissions names    `json:"permissions"`
	// PermissionsOmitted is left out unless it is true.
	PermissionsOmitted flag `json:"permissions_omitted,omitzero"`
	// Prefix is left out of tokens that are for no declared audience.
	Prefix prefix `json:"permission_prefix,omitzero"`
	// Exchanged is left out unless it is true. The two below it are of exchanged tokens alone.
	Exchanged flag     `json:"exchanged,omitzero"`
	APIKeyID  uuid     `json:"api_key_id,omitzero"`
	Act       actClaim `json:"act,omitzero"`
}

// maxTime is the last second of the year 9999, past which RFC 3339 cannot write a time.
const maxTime = 253402300799

// Why claims are not valid, even with a valid signature.
var (
	errTimes       = errors.New("iat, nbf or exp is missing or no time")
	errVersion     = errors.New("ver is missing or below 1")
	errKind        = errors.New("a claim that tokens of this typ do not have")
	errClientID    = errors.New("client_id is missing or is not sub")
	errRoleID      = errors.New("role_id is missing")
	errScopedRoles = errors.New("roles of a token that is restricted")
	errEmail       = errors.New("email is missing")
	errRoles       = errors.New("roles is missing or empty")
	errPermissions = errors.New("permissions is missing")
	errActor       = errors.New("act is not that of an actor, or there are too many")
)

// check returns an error that names the claim that is missing or out of its range in a token of a typ. Verify checks issuer,
// audience, ids and times against now.
func (p *payload) check(typ string) error {
	for _, t := range []int64{p.IssuedAt, p.NotBefore, p.Expires} {
		if t < 1 || t > maxTime {
			return errTimes
		}
	}
	switch {
	case p.Version < 1:
		return errVersion
	case p.Permissions == nil:
		return errPermissions
	case typ == serviceType && bool(p.Exchanged):
		return p.checkExchanged()
	case typ == serviceType:
		return p.checkService()
	case p.Email == "":
		return errEmail
	case len(p.Roles) == 0:
		return errRoles
	case p.ClientID != uuid{} || p.Scope.names != nil || p.onlyExchanged():
		return errKind // a scope that were passed over would widen what the token is for
	}
	return nil
}

// onlyExchanged reports whether there is a claim that only exchanged tokens have.
func (p *payload) onlyExchanged() bool {
	return bool(p.Exchanged) || p.APIKeyID != uuid{} || p.Act.actor != nil
}

// checkService is the part of check that concerns tokens of service accounts. A token with a scope has no roles, since
// software that decides by roles would take it for one without.
func (p *payload) checkService() error {
	switch {
	case p.Email != "" || p.SessionID != uuid{} || p.onlyExchanged():
		return errKind
	case p.ClientID == uuid{} || users.ID(p.ClientID).String() != p.Subject:
		return errClientID
	case p.RoleID == uuid{}:
		return errRoleID
	case p.Roles == nil || p.Scope.names == nil && len(p.Roles) == 0:
		return errRoles
	case p.Scope.names != nil && len(p.Roles) > 0:
		return errScopedRoles
	}
	return nil
}

// checkExchanged is the part of check that concerns exchanged tokens. One of a person has an e-mail, one of a service account
// has none and belongs to no session. None has roles: software that decides by roles would take it for one that may do all that
// they hold.
func (p *payload) checkExchanged() error {
	holder := p.Subject
	if p.Act.actor != nil {
		holder = p.Act.actor.Account.String()
	}
	switch {
	case p.Email == "" && p.SessionID != uuid{}:
		return errKind
	case p.ClientID == uuid{} || users.ID(p.ClientID).String() != holder:
		return errClientID
	case p.RoleID == uuid{}:
		return errRoleID
	case p.Roles == nil:
		return errRoles
	case len(p.Roles) > 0:
		return errScopedRoles
	case !p.Act.actor.ValidLength():
		return errActor
	}
	return nil
}

var errType = errors.New("a value of the wrong type")

// names is an array of strings. Its own reader refuses what the general one would let pass as an empty
// string or no array: null.
type names []string

func (n *names) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != jsontext.KindBeginArray {
		return errType
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	read := names{}
	for dec.PeekKind() != jsontext.KindEndArray {
		element, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if element.Kind() != jsontext.KindString {
			return errType
		}
		read = append(read, element.String())
	}
	*n = read
	_, err := dec.ReadToken()
	return err
}

// text is a string that is not empty. Its own reader refuses null and "", neither of which is the same as no claim.
type text string

func (t *text) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if value.Kind() != jsontext.KindString || value.String() == "" {
		return errType
	}
	*t = text(value.String())
	return nil
}

// scope is the claim scope as it is issued: sorted names, each once, with a space between them (RFC 8693 §4.2), such as
// "orders:read orders:ship". Its reader refuses any other spelling, and a scope of nothing.
type scope struct{ names *users.Scope }

func (s scope) IsZero() bool { return s.names == nil }

func (s scope) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteToken(jsontext.String(s.names.String()))
}

func (s *scope) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var written text
	if err := written.UnmarshalJSONFrom(dec); err != nil {
		return err
	}
	names, ok := users.ParseScope(string(written))
	if !ok {
		return errType
	}
	s.names = &names
	return nil
}

// audience is one string or an array of them (RFC 7519 §4.1.3): "https://api.example.com" or ["https://a.example","b"].
// A single one is written as a string.
type audience names

func (a audience) MarshalJSONTo(enc *jsontext.Encoder) error {
	if len(a) == 1 {
		return enc.WriteToken(jsontext.String(a[0]))
	}
	return json.MarshalEncode(enc, []string(a))
}

func (a *audience) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != jsontext.KindString {
		return (*names)(a).UnmarshalJSONFrom(dec)
	}
	one, err := dec.ReadToken()
	if err != nil {
		return err
	}
	*a = audience{one.String()}
	return nil
}

// uuid is an id in its canonical spelling. Its own reader refuses null, which is not the same as no claim.
type uuid users.ID

func (u uuid) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteToken(jsontext.String(users.ID(u).String()))
}

func (u *uuid) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if text.Kind() != jsontext.KindString {
		return errType
	}
	id, ok := users.ParseID(text.String())
	if !ok {
		return errType
	}
	*u = uuid(id)
	return nil
}

// flag is a boolean that is not null.
type flag bool

func (f *flag) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if value.Kind() != jsontext.KindTrue && value.Kind() != jsontext.KindFalse {
		return errType
	}
	*f = flag(value.Bool())
	return nil
}

// prefix is a users.PermissionPrefix. Its own reader refuses null and what is none: a token that can't be read as one for a
// declared audience must not pass for one without limits.
type prefix users.PermissionPrefix

func (p *prefix) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if text.Kind() != jsontext.KindString {
		return errType
	}
	read, err := users.ParsePermissionPrefix(text.String())
	if err != nil {
		return errType
	}
	*p = prefix(read)
	return nil
}

var (
	_ json.UnmarshalerFrom = (*prefix)(nil)
	_ json.UnmarshalerFrom = (*names)(nil)
	_ json.UnmarshalerFrom = (*audience)(nil)
	_ json.MarshalerTo     = audience(nil)
	_ json.UnmarshalerFrom = (*flag)(nil)
	_ json.UnmarshalerFrom = (*text)(nil)
	_ json.UnmarshalerFrom = (*scope)(nil)
	_ json.MarshalerTo     = scope{}
	_ json.UnmarshalerFrom = (*uuid)(nil)
	_ json.MarshalerTo     = uuid{}
)
