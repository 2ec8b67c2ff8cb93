package authn

import (
	"errors"
	"fmt"
	"slices"
)

// maxKID is more than the service gives a key id.
const maxKID = 256

// parseKeys reads a JWK set (RFC 7517): the object with a member keys that both documents of the service are. Keys that
// are not for verifying RS256 or ES256, or too weak for it, are passed over, since others may be published beside ours.
// Two usable ones under one id are an error: nothing would say which is meant.
func parseKeys(raw []byte) (map[string]publicKey, error) {
	document, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	list, err := document.objects("keys")
	if err != nil {
		return nil, err
	}
	keys := make(map[string]publicKey, len(list))
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
		return nil, errors.New("no key for RS256 of 2048 bits or more, nor one for ES256, in it")
	}
	return keys, nil
}

// parseKey returns nil for a key that is not for verifying RS256 or ES256. The kind of the key decides which of the two:
// alg, where it is there, must be that one.
func parseKey(jwk object) (kid string, key publicKey) {
	kid, _ = jwk["kid"].(string)
	if kid == "" || len(kid) > maxKID || !absentOr(jwk, "use", "sig") {
		return "", nil
	}
	if _, there := jwk["key_ops"]; there {
		if ops, err := jwk.texts("key_ops"); err != nil || !slices.Contains(ops, "verify") {
			return "", nil
		}
	}
	switch {
	case jwk["kty"] == "RSA" && absentOr(jwk, "alg", rs256):
		return kid, parseRSA(jwk)
	case jwk["kty"] == "EC" && absentOr(jwk, "alg", es256):
		return kid, parseP256(jwk)
	}
	return "", nil
}

func absentOr(jwk object, name, value string) bool {
	v, there := jwk[name]
	return !there || v == value
}
