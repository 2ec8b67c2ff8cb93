// Package assertion reads JWTs of others and the keys that they are signed with, for package federation. Signatures are
// verified by go-jose, with the algorithms of federation.Algorithms and no other; all else is read strictly before, by a
// reader that refuses duplicate members, so that nothing is left to two readers to understand in two ways.
package assertion

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users/internal/federation"
)

// Reader implements federation.Assertions.
type Reader struct{}

var _ federation.Assertions = Reader{}

const (
	// maxText is the longest assertion in bytes: one of a CI system with all its claims has about 2 KiB.
	maxText = 8 << 10
	// maxKeyID is the longest kid in bytes.
	maxKeyID = 256
	// latest is the last second that a time can be in: the end of the year 9999.
	latest = 253402300799
)

// header is the JOSE header (RFC 7515 §4.1), of which the members are read that decide something.
type header struct {
	Algorithm string  `json:"alg"`
	KeyID     *string `json:"kid"`
	Type      string  `json:"typ"`
	// None of these may be there. A key that the assertion brings along proves nothing, and what is critical is not known
	// here.
	JWK      jsontext.Value `json:"jwk"`
	JWKSet   jsontext.Value `json:"jku"`
	X5URL    jsontext.Value `json:"x5u"`
	X5Chain  jsontext.Value `json:"x5c"`
	Critical jsontext.Value `json:"crit"`
	Base64   jsontext.Value `json:"b64"`
	Zip      jsontext.Value `json:"zip"`
}

// claims are those that have rules (RFC 7523 §3).
type claims struct {
	Issuer    string         `json:"iss"`
	Subject   string         `json:"sub"`
	Audience  jsontext.Value `json:"aud"`
	Expires   *float64       `json:"exp"`
	NotBefore *float64       `json:"nbf"`
	IssuedAt  *float64       `json:"iat"`
	ID        string         `json:"jti"`
}

// Parse implements federation.Assertions.
func (Reader) Parse(text string) (federation.Assertion, error) {
	a := federation.Assertion{Text: text}
	if len(text) > maxText {
		return a, errors.New("the assertion is longer than 8 KiB")
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return a, errors.New("the assertion is no JWT in the compact form")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") || part == "" {
			return a, errors.New("a part of the assertion is no base64url")
		}
	}
	if err := readHeader(decoded[0], &a); err != nil {
		return a, err
	}
	return a, readClaims(decoded[1], &a)
}

// isObject reports whether JSON is one object, in UTF-8 and without duplicate members, at any depth.
func isObject(raw []byte) bool {
	return jsontext.Value(raw).Kind() == '{' && jsontext.Value(raw).IsValid()
}

func readHeader(raw []byte, a *federation.Assertion) error {
	var h header
	if !isObject(raw) || json.Unmarshal(raw, &h) != nil {
		return errors.New("the header is no JSON object with members of the right types")
	}
	for _, present := range []jsontext.Value{h.JWK, h.JWKSet, h.X5URL, h.X5Chain, h.Critical, h.Base64, h.Zip} {
		if present != nil {
			return errors.New("the header has one of crit, b64, zip, jwk, jku, x5u and x5c, which are refused")
		}
	}
	if !slices.Contains(federation.Algorithms, h.Algorithm) {
		return errors.New("the header has another alg than " + strings.Join(federation.Algorithms, ", "))
	}
	if h.KeyID != nil {
		if *h.KeyID == "" || len(*h.KeyID) > maxKeyID {
			return errors.New("the kid of the header is empty or too long")
		}
		a.KeyID = *h.KeyID
	}
	a.Algorithm = h.Algorithm
	a.Type = strings.TrimPrefix(strings.ToLower(h.Type), "application/")
	return nil
}

func readClaims(raw []byte, a *federation.Assertion) error {
	var c claims
	var all map[string]jsontext.Value
	if !isObject(raw) || json.Unmarshal(raw, &c) != nil || json.Unmarshal(raw, &all) != nil {
		return errors.New("the payload is no JSON object with members of the right types")
	}
	if c.Issuer == "" || c.Subject == "" || c.Audience == nil || c.Expires == nil {
		return errors.New("one of iss, sub, aud and exp is missing or empty")
	}
	var err error
	if a.Audiences, err = readAudience(c.Audience); err != nil {
		return err
	}
	for _, t := range []struct {
		from *float64
		to   *time.Time
	}{{c.Expires, &a.Expires}, {c.NotBefore, &a.NotBefore}, {c.IssuedAt, &a.IssuedAt}} {
		if t.from == nil {
			continue
		}
		if math.IsNaN(*t.from) || *t.from < 0 || *t.from > latest {
			return errors.New("one of exp, nbf and iat is no time")
		}
		*t.to = time.Unix(int64(*t.from), 0).UTC()
	}
	a.Issuer, a.Subject, a.ID = c.Issuer, c.Subject, c.ID
	a.Claims = map[string]string{}
	for name, value := range all {
		var s string
		if value.Kind() == '"' && json.Unmarshal(value, &s) == nil {
			a.Claims[name] = s
		}
	}
	return nil
}

// readAudience reads a string or an array of strings, none of which is empty.
func readAudience(raw jsontext.Value) ([]string, error) {
	var list []string
	switch raw.Kind() {
	case '"':
		var one string
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, errors.New("the claim aud cannot be read")
		}
		list = []string{one}
	case '[':
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, errors.New("the claim aud has what is no string")
		}
	}
	if len(list) == 0 || slices.Contains(list, "") {
		return nil, errors.New("the claim aud is no string and no list of strings")
	}
	return list, nil
}

// Verify implements federation.Assertions. The key is one that was parsed here: the types of keys fit to no other algorithm.
func (Reader) Verify(a federation.Assertion, k federation.PublicKey) error {
	if !slices.Contains(k.Algorithms, a.Algorithm) || !slices.Contains(federation.Algorithms, a.Algorithm) {
		return errors.New("the key is for another algorithm")
	}
	signed, err := jose.ParseSignedCompact(a.Text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(a.Algorithm)})
	if err != nil {
		return err
	}
	_, err = signed.Verify(k.Key)
	return err
}
