package token

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/svc-users/svc-users"
)

// leeway is how far the clocks of two replicas may be apart.
const leeway = 30 * time.Second

// partEncoding is base64url without padding (RFC 7515 §2). Strict refuses a last character with bits that
// mean nothing, so that a part has one spelling.
var partEncoding = base64.RawURLEncoding.Strict()

// Why a token does not count. The words of the JSON reader are not passed on, since they quote what they read.
var (
	errTooLong   = errors.New("longer than 8 KiB")
	errParts     = errors.New("not three base64url parts")
	errHeader    = errors.New("header not a JSON object of alg, typ and kid")
	errAlgorithm = errors.New("alg is not that of the key")
	errTokenType = errors.New("typ is neither JWT nor at+jwt")
	errKey       = users.ErrUnknownKey
	errSignature = errors.New("signature does not match")
	errPayload   = errors.New("payload not a JSON object with claims of the right types")
	errIssuer    = errors.New("iss is not ours")
	errAudience  = errors.New("aud is not ours")
	errID        = errors.New("sub or jti is not a canonical UUID")
	errExpired   = errors.New("expired")
	errTooEarly  = errors.New("not valid yet")
)

// Verify returns the claims of a token that one of the keys has signed and that counts at now. The error
// says why it does not, for the log alone, and quotes nothing of it. Nothing of the payload is looked at
// before the signature has been found good, and of the header only what chooses the key.
//
// Claims that are not ours are left unread (RFC 7519 §4), so that a later version can add some while an
// earlier one still runs.
func (s *KeySet) Verify(token string, now time.Time) (users.Claims, error) {
	if len(token) > maxLength {
		return users.Claims{}, errTooLong
	}
	last := strings.LastIndexByte(token, '.')
	if last < 0 {
		return users.Claims{}, errParts
	}
	// Parts are cut at the first and the last dot: any more are inside the payload, whose alphabet has none.
	signed := token[:last]
	head, body, _ := strings.Cut(signed, ".")
	key, typ, err := s.keyFor(head)
	if err != nil {
		return users.Claims{}, err
	}
	raw, err := decodePart(body)
	if err != nil {
		return users.Claims{}, err
	}
	signature, err := decodePart(token[last+1:])
	if err != nil {
		return users.Claims{}, err
	}
	digest := sha256.Sum256([]byte(signed))
	if !key.public.verify(digest[:], signature) {
		return users.Claims{}, errSignature
	}
	c, err := s.claims(raw, typ, now)
	if err != nil {
		return users.Claims{}, err
	}
	c.Key = key.id
	return c, nil
}

// keyFor returns typ of a header, and the key that it names, if its alg is that of the key: the algorithm is never chosen by the token
// (RFC 8725 §3.1). A member beside alg, typ and kid is refused rather than
// passed over: none of ours has one, and crit, b64, jwk, jku and x5u exist only to change what is verified,
// or by what.
func (s *KeySet) keyFor(part string) (key *Key, typ string, err error) {
	raw, err := decodePart(part)
	if err != nil {
		return nil, "", err
	}
	var h header
	if json.Unmarshal(raw, &h, json.RejectUnknownMembers(true)) != nil {
		return nil, "", errHeader
	}
	if h.Type != tokenType && h.Type != serviceType {
		return nil, "", errTokenType
	}
	key, ok := s.byID[h.KeyID]
	if !ok {
		return nil, "", errKey
	}
	if h.Algorithm != key.Algorithm() {
		return nil, "", errAlgorithm
	}
	return key, h.Type, nil
}

// claims reads a payload whose signature is good, under a header with this typ. The reader refuses invalid UTF-8, duplicate members at any
// depth, names in another case, numbers that are not plain integers, and anything after the object.
func (s *KeySet) claims(raw []byte, typ string, now time.Time) (users.Claims, error) {
	var p payload
	if json.Unmarshal(raw, &p) != nil {
		return users.Claims{}, errPayload
	}
	if err := p.check(typ); err != nil {
		return users.Claims{}, err
	}
	if p.Issuer != s.options.Issuer {
		return users.Claims{}, errIssuer
	}
	narrowing, err := s.narrowing(&p)
	if err != nil {
		return users.Claims{}, err
	}
	subject, okSubject := users.ParseID(p.Subject)
	id, okID := users.ParseID(p.TokenID)
	if !okSubject || !okID {
		return users.Claims{}, errID
	}
	c := users.Claims{
		Subject:     subject,
		TokenID:     id,
		IssuedAt:    time.Unix(p.IssuedAt, 0).UTC(),
		NotBefore:   time.Unix(p.NotBefore, 0).UTC(),
		Expires:     time.Unix(p.Expires, 0).UTC(),
		Version:     p.Version,
		Email:       string(p.Email),
		Service:     typ == serviceType && p.Email == "",
		Scope:       p.Scope.names,
		RoleID:      users.ID(p.RoleID),
		Roles:       p.Roles,
		Permissions: p.Permissions,
		Session:     users.ID(p.SessionID),
		Narrowing:   narrowing,
		Exchanged:   bool(p.Exchanged),
		APIKey:      users.ID(p.APIKeyID),
		Act:         p.Act.actor,
	}
	if err := validityOf(c).check(now); err != nil {
		return users.Claims{}, err
	}
	return c, nil
}

// narrowing returns what makes a token one for a declared audience: with the claim permission_prefix it is for the one
// audience that it names, whichever that is, and without it for one of ours.
func (s *KeySet) narrowing(p *payload) (users.Narrowing, error) {
	if p.Prefix == "" {
		ours := func(one string) bool { return slices.Contains(s.options.Audiences, one) }
		if !slices.ContainsFunc(p.Audience, ours) {
			return users.Narrowing{}, errAudience
		}
		return users.Narrowing{}, nil
	}
	if len(p.Audience) != 1 {
		return users.Narrowing{}, errAudience
	}
	name, err := users.ParseAudienceName(p.Audience[0])
	if err != nil {
		return users.Narrowing{}, errAudience
	}
	return users.Narrowing{Audience: name, Prefix: users.PermissionPrefix(p.Prefix)}, nil
}

// validity is the time in which claims count, leeway included.
type validity struct{ from, until time.Time }

func validityOf(c users.Claims) validity {
	from := c.NotBefore
	if c.IssuedAt.After(from) {
		from = c.IssuedAt
	}
	return validity{from: from.Add(-leeway), until: c.Expires.Add(leeway)}
}

// check says why claims do not count at now, or nil.
func (v validity) check(now time.Time) error {
	if !now.Before(v.until) {
		return errExpired
	}
	if now.Before(v.from) {
		return errTooEarly
	}
	return nil
}

// decodePart undoes base64url. Line breaks are looked for by hand, because the decoder skips them.
func decodePart(part string) ([]byte, error) {
	if part == "" || strings.ContainsAny(part, "\r\n") {
		return nil, errParts
	}
	raw, err := partEncoding.DecodeString(part)
	if err != nil {
		return nil, errParts
	}
	return raw, nil
}
