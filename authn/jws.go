package authn

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

const (
	algorithm     = "RS256"
	tokenType     = "JWT"
	statementType = "changes+jwt"

	// maxToken is the longest token, in bytes, that the service issues or reads.
	maxToken = 8 << 10
)

// partEncoding is base64url without padding (RFC 7515 §2). Strict refuses a last character with bits that mean
// nothing, so that a part has one spelling.
var partEncoding = base64.RawURLEncoding.Strict()

// Why a JWS is not valid.
var (
	errTooLong   = errors.New("too long")
	errParts     = errors.New("not three base64url parts")
	errHeader    = errors.New("header not a JSON object of alg, typ and kid alone")
	errAlgorithm = errors.New("alg is not RS256")
	errType      = errors.New("typ is not the one expected")
	errKey       = errors.New("kid names no key of the issuer")
	errSignature = errors.New("signature does not match")
)

// open parses a compact JWS (RFC 7515 §7.1) by hand and returns its payload once the signature is verified: there is one
// algorithm, and the key comes from the issuer's key set, never from the JWS.
func (v *Verifier) open(ctx context.Context, compact, typ string) ([]byte, error) {
	last := strings.LastIndexByte(compact, '.')
	if last < 0 {
		return nil, errParts
	}
	// Cut at the first and the last dot: any more are inside the payload, whose alphabet has none.
	signed := compact[:last]
	head, body, _ := strings.Cut(signed, ".")
	kid, err := keyID(head, typ)
	if err != nil {
		return nil, err
	}
	payload, err := decodePart(body)
	if err != nil {
		return nil, err
	}
	signature, err := decodePart(compact[last+1:])
	if err != nil {
		return nil, err
	}
	// Last, since it may cost a request, which malformed tokens must not cause.
	key, err := v.keys.get(ctx, kid)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
		return nil, errSignature
	}
	return payload, nil
}

// keyID reads the header. A member beside alg, typ and kid is refused rather than passed over: the service writes
// none, and crit, b64, jwk, jku and x5u exist only to change what is verified, or by what.
func keyID(part, typ string) (string, error) {
	raw, err := decodePart(part)
	if err != nil {
		return "", err
	}
	head, err := parseObject(raw)
	if err != nil {
		return "", errHeader
	}
	for name := range head {
		if name != "alg" && name != "typ" && name != "kid" {
			return "", errHeader
		}
	}
	if head["alg"] != algorithm {
		return "", errAlgorithm
	}
	if head["typ"] != typ {
		return "", errType
	}
	kid, ok := head["kid"].(string)
	if !ok || kid == "" {
		return "", errKey
	}
	return kid, nil
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
