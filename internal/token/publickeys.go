package token

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
)

// publicsVariable is the setting of further keys that verify.
const publicsVariable = "JWT_PUBLIC_KEYS"

// maxPublicKeys bounds how many they are: each is in the JWK set, which every verifier reads.
const maxPublicKeys = 20

// ParsePublicKeys reads the value of JWT_PUBLIC_KEYS: public keys whose tokens are still accepted, in the format of
// JWT_PUBLIC_KEY, separated by commas. One that had a JWT_KID of its own has that before it, and a colon:
//
//	LS0tLS1CRUdJTiBQVUJMSUMg…,main:LS0tLS1CRUdJTiBQVUJMSUMg…
//
// One without is named by its thumbprint (RFC 7638). Base64 may also hold several PEM blocks, as a file does that has one
// key after the other. The error is KeyErrors.
func ParsePublicKeys(value string) ([]*Key, error) {
	var keys []*Key
	fail := func(n int, problem string) ([]*Key, error) {
		return nil, KeyErrors{{publicsVariable, fmt.Sprintf("is wrong at key %d, which %s", n+1, problem)}}
	}
	for i, item := range strings.Split(value, ",") {
		id, text := "", strings.TrimSpace(item)
		if colon := strings.LastIndexByte(text, ':'); colon >= 0 {
			id, text = text[:colon], text[colon+1:]
			if id == "" {
				return fail(i, "must have a key id before the colon")
			}
		}
		if problem := kidProblem(id); problem != "" {
			return fail(i, "has an id that "+problem)
		}
		found, problem := parsePublicBlocks(text, id)
		if problem != "" {
			return fail(i, problem)
		}
		keys = append(keys, found...)
	}
	if len(keys) > maxPublicKeys {
		return nil, KeyErrors{{publicsVariable, fmt.Sprintf("must be at most %d keys", maxPublicKeys)}}
	}
	for i, k := range keys {
		if slices.ContainsFunc(keys[:i], func(other *Key) bool { return other.id == k.id }) {
			return nil, KeyErrors{{publicsVariable, "must not have two keys of one id"}}
		}
	}
	return keys, nil
}

// parsePublicBlocks reads one key, or several where they have no id.
func parsePublicBlocks(value, id string) ([]*Key, string) {
	text, problem := decodeVariable(value)
	if problem != "" {
		return nil, problem
	}
	var keys []*Key
	for len(bytes.TrimSpace(text)) > 0 {
		one := text
		if block, rest := pem.Decode(text); block != nil {
			one, text = text[:len(text)-len(rest)], rest
		} else {
			text = nil
		}
		key, problem := publicFromPEM(one)
		if problem != "" {
			return nil, problem
		}
		if id != "" {
			key.id = id
		}
		keys = append(keys, key)
	}
	if len(keys) > 1 && id != "" {
		return nil, "must be one key, since it has an id"
	}
	return keys, ""
}
