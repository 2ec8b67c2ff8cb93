package authn

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

const (
	tokenType     = "JWT"    // of a login
	serviceType   = "at+jwt" // of the token endpoint (RFC 9068 §2.1): of a service account, or exchanged
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
	errAlgorithm = errors.New("alg is not that of the key")
	errType      = errors.New("typ is not one of those expected")
	errKey       = errors.New("kid names no key of the issuer")
	errSignature = errors.New("signature does not match")
)

// open parses a compact JWS (RFC 7515 §7.1) of one of these types by hand and returns its payload and which of them it is,
// once the signature is verified: the key comes from the issuer's key set, never from the JWS, and the algorithm from the
// key. find returns the key of an id.
func (v *Verifier) open(compact string, find func(kid string) (publicKey, error), types ...string) (payload []byte, typ string, err error) {
	last := strings.LastIndexByte(compact, '.')
	if last < 0 {
		return nil, "", errParts
	}
	// Cut at the first and the last dot: any more are inside the payload, whose alphabet has none.
	signed := compact[:last]
	head, body, _ := strings.Cut(signed, ".")
	kid, alg, typ, err := readHeader(head, types)
	if err != nil {
		return nil, "", err
	}
	payload, err = decodePart(body)
	if err != nil {
		return nil, "", err
	}
	signature, err := decodePart(compact[last+1:])
	if err != nil {
		return nil, "", err
	}
	// Last, since it may cost a request, which malformed tokens must not cause.
	key, err := find(kid)
	if err != nil {
		return nil, "", err
	}
	if alg != key.algorithm() {
		return nil, "", errAlgorithm
	}
	digest := sha256.Sum256([]byte(signed))
	if !key.verify(digest[:], signature) {
		return nil, "", errSignature
	}
	return payload, typ, nil
}

// readHeader returns kid, alg and typ of the header, the last of which is one of types. A member beside alg, typ and kid is refused rather than passed over: the
// service writes none, and crit, b64, jwk, jku and x5u exist only to change what is verified, or by what.
func readHeader(part string, types []string) (kid, alg, typ string, err error) {
	raw, err := decodePart(part)
	if err != nil {
		return "", "", "", err
	}
	head, err := parseObject(raw)
	if err != nil {
		return "", "", "", errHeader
	}
	for name := range head {
		if name != "alg" && name != "typ" && name != "kid" {
			return "", "", "", errHeader
		}
	}
	alg, _ = head["alg"].(string)
	if alg != rs256 && alg != es256 {
		return "", "", "", errAlgorithm // before any key is asked for
	}
	typ, _ = head["typ"].(string)
	if !slices.Contains(types, typ) {
		return "", "", "", errType
	}
	kid, ok := head["kid"].(string)
	if !ok || kid == "" {
		return "", "", "", errKey
	}
	return kid, alg, typ, nil
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
