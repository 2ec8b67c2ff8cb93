package assertion

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users/internal/federation"
)

const (
	// leastRSA and mostRSA bound the length of RSA keys in bits: 2048 are 112 bits of security (RFC 7518 §3.3), and a
	// signature of far longer ones takes long to verify.
	leastRSA, mostRSA = 2048, 8192
	// maxKeysOfSet is how many keys a JWK set may have. Those of large issuers have about ten.
	maxKeysOfSet = 100
)

// webKey is a JWK (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). Certificates are not looked at: the key itself is trusted.
type webKey struct {
	Type       string   `json:"kty"`
	Use        string   `json:"use,omitzero"`
	Operations []string `json:"key_ops,omitzero"`
	Algorithm  string   `json:"alg,omitzero"`
	ID         string   `json:"kid,omitzero"`
	Curve      string   `json:"crv,omitzero"`
	N          string   `json:"n,omitzero"`
	E          string   `json:"e,omitzero"`
	X          string   `json:"x,omitzero"`
	Y          string   `json:"y,omitzero"`
}

// privateMembers are those that no public key has.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// ParseKey implements federation.Assertions. Members that are not known are passed over (RFC 7517 §4).
func (Reader) ParseKey(text string) (federation.PublicKey, error) {
	if !isObject([]byte(text)) {
		return federation.PublicKey{}, errors.New("must be a JWK: one JSON object without duplicate members")
	}
	return parseKey([]byte(text))
}

func parseKey(raw []byte) (federation.PublicKey, error) {
	var none federation.PublicKey
	var members map[string]jsontext.Value
	var k webKey
	if json.Unmarshal(raw, &members) != nil || json.Unmarshal(raw, &k) != nil {
		return none, errors.New("must be a JWK whose members are of the right types")
	}
	for _, name := range privateMembers {
		if _, has := members[name]; has {
			return none, errors.New("must be a public key: it has the member " + name)
		}
	}
	switch {
	case k.Use != "" && k.Use != "sig":
		return none, errors.New("must be for signatures: its use is another")
	case k.Operations != nil && !slices.Contains(k.Operations, "verify"):
		return none, errors.New("must be for verifying: its key_ops have no verify")
	case len(k.ID) > maxKeyID:
		return none, errors.New("must have a kid of at most 256 bytes")
	}
	key, algorithms, err := k.public()
	if err != nil {
		return none, err
	}
	if k.Algorithm != "" {
		if !slices.Contains(algorithms, k.Algorithm) {
			return none, errors.New("must have an alg that is for its type of key: RS256 or PS256, ES256, EdDSA")
		}
		algorithms = []string{k.Algorithm}
	}
	jwk := jose.JSONWebKey{Key: key}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return none, errors.New("must be a key that has a thumbprint of RFC 7638")
	}
	kept, err := json.Marshal(k.bare())
	if err != nil {
		return none, fmt.Errorf("writing a JWK: %w", err)
	}
	return federation.PublicKey{
		ID: k.ID, Algorithms: algorithms, Thumbprint: base64.RawURLEncoding.EncodeToString(thumbprint), JWK: string(kept), Key: key,
	}, nil
}

// bare is the key without what decides nothing.
func (k webKey) bare() webKey {
	return webKey{Type: k.Type, Algorithm: k.Algorithm, ID: k.ID, Curve: k.Curve, N: k.N, E: k.E, X: k.X, Y: k.Y}
}

// public is the key and what it can be used with. It is read by go-jose, of the members that make the key and no other.
func (k webKey) public() (key any, algorithms []string, err error) {
	material, err := json.Marshal(webKey{Type: k.Type, Curve: k.Curve, N: k.N, E: k.E, X: k.X, Y: k.Y})
	if err != nil {
		return nil, nil, fmt.Errorf("writing a JWK: %w", err)
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(material); err != nil || !parsed.Valid() || !parsed.IsPublic() {
		return nil, nil, errors.New("must be a public key of kty RSA, EC (P-256) or OKP (Ed25519)")
	}
	switch key := parsed.Key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < leastRSA || bits > mostRSA {
			return nil, nil, fmt.Errorf("must be an RSA key of %d to %d bits", leastRSA, mostRSA)
		}
		if key.E < 3 || key.E%2 == 0 || key.N.Bit(0) == 0 {
			return nil, nil, errors.New("must be an RSA key with an odd modulus and an odd exponent")
		}
		return key, []string{"RS256", "PS256"}, nil
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return key, []string{"ES256"}, nil
		}
	case ed25519.PublicKey:
		if len(key) == ed25519.PublicKeySize {
			return key, []string{"EdDSA"}, nil
		}
	}
	return nil, nil, errors.New("must be a public key of kty RSA, EC (P-256) or OKP (Ed25519)")
}

// ParseKeySet implements federation.Assertions.
func (Reader) ParseKeySet(document []byte) ([]federation.PublicKey, error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if !isObject(document) || json.Unmarshal(document, &set) != nil || set.Keys == nil {
		return nil, errors.New("is no JSON object with keys, without duplicate members")
	}
	if len(set.Keys) > maxKeysOfSet {
		return nil, fmt.Errorf("has more than %d keys", maxKeysOfSet)
	}
	var keys []federation.PublicKey
	for _, raw := range set.Keys {
		if k, err := parseKey(raw); err == nil { // RFC 7517 §5: others are passed over
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// ParseDiscovery implements federation.Assertions.
func (Reader) ParseDiscovery(document []byte) (issuer, keys string, err error) {
	var metadata struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if !isObject(document) || json.Unmarshal(document, &metadata) != nil || metadata.Issuer == "" || metadata.Keys == "" {
		return "", "", errors.New("is no JSON object with issuer and jwks_uri, without duplicate members")
	}
	return metadata.Issuer, metadata.Keys, nil
}
