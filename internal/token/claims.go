package token

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users"
)

// tokenType is the only value of the header member typ of tokens, in writing and on reading.
const tokenType = "JWT"

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
	IssuedAt    int64    `json:"iat"`
	NotBefore   int64    `json:"nbf"`
	Expires     int64    `json:"exp"`
	TokenID     string   `json:"jti"`
	Version     int64    `json:"ver"`
	Email       string   `json:"email"`
	RoleID      uuid     `json:"role_id,omitzero"` // left out in tokens from before there was this claim
	SessionID   uuid     `json:"sid,omitzero"`     // left out in tokens without a session
	Roles       names    `json:"roles"`
	Permissions names    `json:"permissions"`
	// PermissionsOmitted is left out unless it is true.
	PermissionsOmitted flag `json:"permissions_omitted,omitzero"`
	// Prefix is left out of tokens that are for no declared audience.
	Prefix prefix `json:"permission_prefix,omitzero"`
}

// maxTime is the last second of the year 9999, past which RFC 3339 cannot write a time.
const maxTime = 253402300799

// Why claims are not valid, even with a valid signature.
var (
	errTimes       = errors.New("iat, nbf or exp is missing or no time")
	errVersion     = errors.New("ver is missing or below 1")
	errEmail       = errors.New("email is missing")
	errRoles       = errors.New("roles is missing or empty")
	errPermissions = errors.New("permissions is missing")
)

// check returns an error that names the claim that is missing or out of its range. Verify checks issuer, audience, ids
// and times against now.
func (p *payload) check() error {
	for _, t := range []int64{p.IssuedAt, p.NotBefore, p.Expires} {
		if t < 1 || t > maxTime {
			return errTimes
		}
	}
	switch {
	case p.Version < 1:
		return errVersion
	case p.Email == "":
		return errEmail
	case len(p.Roles) == 0:
		return errRoles
	case p.Permissions == nil:
		return errPermissions
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
	_ json.UnmarshalerFrom = (*uuid)(nil)
	_ json.MarshalerTo     = uuid{}
)
