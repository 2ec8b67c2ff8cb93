package authn

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

const (
	// minBits is what NIST SP 800-131A asks of RSA, and RFC 7518 §3.3 of RS256.
	minBits = 2048
	// maxBits bounds the time to verify a signature, even with a forged document.
	maxBits = 8192
	// minExponent is the least public exponent FIPS 186-5 §5.5 allows.
	minExponent = 1<<16 + 1
	// maxKID is more than the service gives a key id.
	maxKID = 256
)

// parseKeys reads a JWK set (RFC 7517): the object with a member keys that both documents of the service are. Keys
// that are not for verifying RS256, or too weak for it, are passed over, since others may be published beside ours.
// Two usable ones under one id are an error: nothing would say which is meant.
func parseKeys(raw []byte) (map[string]*rsa.PublicKey, error) {
	document, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	list, err := document.objects("keys")
	if err != nil {
		return nil, err
	}
	keys := make(map[string]*rsa.PublicKey, len(list))
	for _, jwk := range list {
		kid, key := parseKey(jwk)
		if key == nil {
			continue
		}
		if keys[kid] != nil {
			return nil, fmt.Errorf("two keys have the id %q", kid)
		}
		keys[kid] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("no RSA key for RS256 of 2048 bits or more in it")
	}
	return keys, nil
}

// parseKey returns nil for a key that is not for verifying RS256.
func parseKey(jwk object) (kid string, key *rsa.PublicKey) {
	kid, _ = jwk["kid"].(string)
	if kid == "" || len(kid) > maxKID || jwk["kty"] != "RSA" || !absentOr(jwk, "use", "sig") || !absentOr(jwk, "alg", algorithm) {
		return "", nil
	}
	if _, there := jwk["key_ops"]; there {
		if ops, err := jwk.texts("key_ops"); err != nil || !slices.Contains(ops, "verify") {
			return "", nil
		}
	}
	n, okN := unsigned(jwk["n"])
	e, okE := unsigned(jwk["e"])
	if !okN || !okE || n.BitLen() < minBits || n.BitLen() > maxBits || n.Bit(0) == 0 {
		return "", nil
	}
	if e.BitLen() > 31 || e.Int64() < minExponent || e.Bit(0) == 0 {
		return "", nil
	}
	return kid, &rsa.PublicKey{N: n, E: int(e.Int64())}
}

func absentOr(jwk object, name, value string) bool {
	v, there := jwk[name]
	return !there || v == value
}

// unsigned reads a number as RFC 7518 §2 writes it (Base64urlUInt).
func unsigned(v any) (*big.Int, bool) {
	text, _ := v.(string)
	raw, err := decodePart(text)
	if err != nil || raw[0] == 0 {
		return nil, false
	}
	return new(big.Int).SetBytes(raw), true
}
