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
// nothing is lost.
func (s *KeySet) Issue(c users.Claims) (token string, whole bool, err error) {
	if s.signing == nil {
		return "", false, errNoSigner()
	}
	p := s.payload(c)
	if err := p.check(); err != nil {
		return "", false, fmt.Errorf("issue a token: %w", err)
	}
	if c.Subject.IsZero() || c.TokenID.IsZero() {
		return "", false, errors.New("issue a token: sub or jti is missing")
	}
	if n := c.Narrowing; !n.IsZero() && (n.Audience == "" || n.Prefix == "") {
		return "", false, errors.New("issue a token: aud or permission_prefix is missing")
	}
	body, err := json.Marshal(p)
	whole = err == nil && s.length(body) <= s.options.MaxBytes
	if err == nil && !whole {
		p.Permissions, p.PermissionsOmitted = names{}, true
		body, err = json.Marshal(p)
	}
	if err == nil && s.length(body) > s.options.MaxBytes {
		p.Roles = p.Roles[:1]
		body, err = json.Marshal(p)
	}
	switch {
	case err != nil:
		return "", false, errors.New("issue a token: a claim is not valid UTF-8")
	case s.length(body) > s.options.MaxBytes:
		return "", false, errors.New("issue a token: the claims are too long")
	}
	token, err = s.sign(s.header, body)
	return token, whole && err == nil, err
}

// Fits reports whether a token of these claims is issued whole; true while there is no key to sign with.
func (s *KeySet) Fits(c users.Claims) bool {
	if s.signing == nil {
		return true
	}
	body, err := json.Marshal(s.payload(c))
	return err == nil && s.length(body) <= s.options.MaxBytes
}

func (s *KeySet) payload(c users.Claims) payload {
	audiences := audience(s.options.Audiences)
	if n := c.Narrowing; !n.IsZero() {
		audiences = audience{string(n.Audience)}
	}
	return payload{
		Issuer:      s.options.Issuer,
		Audience:    audiences,
		Prefix:      prefix(c.Narrowing.Prefix),
		Subject:     c.Subject.String(),
		IssuedAt:    c.IssuedAt.Unix(),
		NotBefore:   c.NotBefore.Unix(),
		Expires:     c.Expires.Unix(),
		TokenID:     c.TokenID.String(),
		Version:     c.Version,
		Email:       c.Email,
		RoleID:      uuid(c.RoleID),
		SessionID:   uuid(c.Session),
		Roles:       c.Roles,
		Permissions: append(names{}, c.Permissions...),
	}
}

// leastLength is how long a token with the own role alone can become: with the longest e-mail and the longest name of a
// role, for our audiences or for a declared one.
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
	return s.length(body), err
}

// length is how long the token with that payload is.
func (s *KeySet) length(body []byte) int {
	return s.lengthUnder(s.header, body)
}

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
