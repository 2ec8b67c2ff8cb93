package token

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/svc-users/svc-users"
)

// maxLength is the longest token, in bytes, that is read, and that Options may have issued.
const maxLength = 8192

const (
	longestEmail = 254     // bytes; an address has no character that JSON escapes
	longestRole  = 4 * 100 // bytes of 100 characters; those that JSON escapes are no longer
	// What a declared audience and its prefix have, in bytes; neither has a character that JSON escapes.
	longestAudience = 96
	longestPrefix   = 32
)

// errNoSigner is the refusal to sign without a key to sign with.
func errNoSigner() error {
	return users.Unavailable("There is no key to sign with.", signerRetry, nil)
}

// signerRetry is when asking again makes sense: a key that is missing is made within a moment.
const signerRetry = 2 * time.Second

// Issue signs claims with the signing key, times cut to whole seconds. It returns an error for claims that
// Verify would refuse, such as no role, and for text that is not UTF-8; ErrUnavailable without a signing key.
//
// A list of permissions that does not fit into Options.MaxBytes is left empty and permissions_omitted says so; if that
// is not enough only the own role is named. The token is then not whole; rights are decided from the database, so
// nothing is lost. A scope is never left out, since it restricts: where it does not fit the error is ErrScopeTooLong. A
// token with a scope is whole without its permissions, which are those of the scope.
func (s *KeySet) Issue(c users.Claims) (token string, whole bool, err error) {
	if s.signing == nil {
		return "", false, errNoSigner()
	}
	p, head, typ := s.payload(c), s.header, tokenType
	if c.Service || c.Exchanged {
		head, typ = s.service, serviceType
	}
	if err := p.check(typ); err != nil {
		return "", false, fmt.Errorf("issue a token: %w", err)
	}
	if c.Subject.IsZero() || c.TokenID.IsZero() {
		return "", false, errors.New("issue a token: sub or jti is missing")
	}
	if n := c.Narrowing; !n.IsZero() && (n.Audience == "" || n.Prefix == "") {
		return "", false, errors.New("issue a token: aud or permission_prefix is missing")
	}
	body, whole, err := s.fit(p, head)
	if err != nil {
		return "", false, err
	}
	token, err = s.sign(head, body)
	return token, whole && err == nil, err
}

// fit returns the body of a token that is no longer than Options.MaxBytes under a header, and whether it has all claims.
func (s *KeySet) fit(p payload, head string) (body []byte, whole bool, err error) {
	fits := func() bool { return err != nil || s.lengthUnder(head, body) <= s.options.MaxBytes }
	body, err = json.Marshal(p)
	whole = true
	if !fits() {
		p.Permissions, p.PermissionsOmitted, whole = names{}, true, p.Scope.names != nil
		body, err = json.Marshal(p)
	}
	if !fits() && len(p.Roles) > 1 {
		p.Roles = p.Roles[:1]
		body, err = json.Marshal(p)
	}
	switch {
	case err != nil:
		return nil, false, errors.New("issue a token: a claim is not valid UTF-8")
	case fits():
		return body, whole, nil
	case p.Scope.names != nil || bool(p.Exchanged):
		return nil, false, users.ErrScopeTooLong
	}
	return nil, false, errors.New("issue a token: the claims are too long")
}

// Fits reports whether a token of these claims is issued whole; true while there is no key to sign with.
func (s *KeySet) Fits(c users.Claims) bool {
	if s.signing == nil {
		return true
	}
	body, err := json.Marshal(s.payload(c))
	return err == nil && s.lengthUnder(s.header, body) <= s.options.MaxBytes
}

func (s *KeySet) payload(c users.Claims) payload {
	audiences := audience(s.options.Audiences)
	if n := c.Narrowing; !n.IsZero() {
		audiences = audience{string(n.Audience)}
	}
	p := payload{
		Issuer:      s.options.Issuer,
		Audience:    audiences,
		Prefix:      prefix(c.Narrowing.Prefix),
		Subject:     c.Subject.String(),
		IssuedAt:    c.IssuedAt.Unix(),
		NotBefore:   c.NotBefore.Unix(),
		Expires:     c.Expires.Unix(),
		TokenID:     c.TokenID.String(),
		Version:     c.Version,
		Email:       text(c.Email),
		Scope:       scope{c.Scope},
		RoleID:      uuid(c.RoleID),
		SessionID:   uuid(c.Session),
		Roles:       append(names{}, c.Roles...),
		Permissions: append(names{}, c.Permissions...),
	}
	if c.Service || c.Exchanged {
		p.ClientID = uuid(c.Subject)
	}
	if c.Exchanged {
		p.Exchanged, p.APIKeyID, p.Act = true, uuid(c.APIKey), actClaim{c.Act}
	}
	if c.Exchanged && c.Act != nil {
		p.ClientID = uuid(c.Act.Account)
	}
	return p
}

// leastLength is how long a token with the own role alone can become: with the longest e-mail and the longest name of a
// role, for our audiences or for a declared one. One of a service account is shorter, since it has no e-mail.
func (s *KeySet) leastLength() (int, error) {
	own, err := s.longestToken(users.Narrowing{})
	narrowed, errNarrowed := s.longestToken(users.Narrowing{
		Audience: users.AudienceName(strings.Repeat("n", longestAudience)), Prefix: users.PermissionPrefix(strings.Repeat("n", longestPrefix)),
	})
	return max(own, narrowed), errors.Join(err, errNarrowed)
}

// longestToken is how long a token with the own role alone can become.
func (s *KeySet) longestToken(n users.Narrowing) (int, error) {
	p := s.payload(users.Claims{
		Narrowing: n,
		RoleID:    users.ID{1}, Session: users.ID{1}, IssuedAt: time.Unix(maxTime, 0), NotBefore: time.Unix(maxTime, 0), Expires: time.Unix(maxTime, 0), Version: math.MaxInt64,
		Email: strings.Repeat("e", longestEmail), Roles: []string{strings.Repeat("r", longestRole)},
	})
	p.PermissionsOmitted = true
	body, err := json.Marshal(p)
	return s.lengthUnder(s.header, body), err
}

// lengthUnder is how long the token with a header and a payload is.
func (s *KeySet) lengthUnder(head string, body []byte) int {
	return len(head) + 1 + partEncoding.EncodedLen(len(body)) + 1 + partEncoding.EncodedLen(s.signing.public.signatureSize())
}

// sign makes the compact serialization (RFC 7515 §7.1).
func (s *KeySet) sign(head string, body []byte) (string, error) {
	token := make([]byte, 0, s.lengthUnder(head, body))
	token = append(token, head...)
	token = append(token, '.')
	token = partEncoding.AppendEncode(token, body)
	digest := sha256.Sum256(token)
	signature, err := s.signing.sign(digest[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	token = append(token, '.')
	return string(partEncoding.AppendEncode(token, signature)), nil
}
