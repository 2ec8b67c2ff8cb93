package httpapi

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/svc-users/svc-users"
)

// JWK is a public key (RFC 7517, RFC 7518 §6.3).
type JWK struct {
	KeyType   string `json:"kty" enum:"RSA"`
	KeyID     string `json:"kid"`
	Use       string `json:"use" enum:"sig"`
	Algorithm string `json:"alg" enum:"RS256"`
	Modulus   string `json:"n" doc:"base64url"`
	Exponent  string `json:"e" doc:"base64url"`
}

// PEMKey is a JWK with the same key once more, for clients that read PEM.
type PEMKey struct {
	JWK
	PublicKey string `json:"publicKey" doc:"base64 of the key in PEM (SubjectPublicKeyInfo)"`
}

// KeySet is a JWK set (RFC 7517 §5).
type KeySet struct {
	Keys []JWK `json:"keys" nullable:"false"`
}

// PEMKeySet is the set with PEM beside each key.
type PEMKeySet struct {
	Keys []PEMKey `json:"keys" nullable:"false"`
}

func pemKeyOf(k users.PublicKey) PEMKey {
	return PEMKey{
		JWK: JWK{
			KeyType: "RSA", KeyID: k.ID, Use: "sig", Algorithm: "RS256",
			Modulus:  base64.RawURLEncoding.EncodeToString(k.Modulus),
			Exponent: base64.RawURLEncoding.EncodeToString(k.Exponent),
		},
		PublicKey: base64.StdEncoding.EncodeToString(k.PEM),
	}
}

// keysMaxAge is how long others may keep the keys: short enough for a new key to be known before it signs.
const keysMaxAge = "public, max-age=300"

const keysMessage = "JWKS retrieved successfully"

func (a *api) keyRoutes() []route {
	const tag = "Authentication"
	enveloped := route{
		method: http.MethodGet, path: "/api/v1/auth/jwks", public: true, quiet: true,
		name: "getJWKS", tag: tag, summary: "Read the public keys, in the envelope and as a JWK set at once",
		description: "data.keys and, beside it at top level, keys hold the same keys.",
		message:     keysMessage, data: reflect.TypeFor[PEMKeySet](), keys: true, example: PEMKeySet{[]PEMKey{exampleKey}},
	}.bodyless(func(x *exchange) error {
		return a.serveKeys(x, func(k *publishedKeys) *page { return &k.enveloped })
	})
	bare := route{
		method: http.MethodGet, path: "/.well-known/jwks.json", public: true, quiet: true,
		name: "getWellKnownJWKS", tag: tag, summary: "Read the public keys as a bare JWK set",
		description: "The keys that verify tokens and statements of changes (RFC 7517), for any standard client.",
		data:        reflect.TypeFor[KeySet](), plain: &plain{mediaType: jsonType}, example: KeySet{[]JWK{exampleKey.JWK}},
		serve: func(x *exchange, _ []byte) error {
			return a.serveKeys(x, func(k *publishedKeys) *page { return &k.bare })
		},
	}
	return []route{enveloped, bare}
}

// publishedKeys is the two shapes of the key set, encoded once for as long as the keys are the same.
type publishedKeys struct {
	keys            []users.PublicKey
	enveloped, bare page
}

type jwksCache struct{ atomic.Pointer[publishedKeys] }

func (a *api) serveKeys(x *exchange, shape func(*publishedKeys) *page) error {
	keys := a.Keys()
	published := a.jwks.Load()
	if published == nil || !slices.EqualFunc(published.keys, keys, sameKey) {
		var err error
		if published, err = publish(keys); err != nil {
			return err
		}
		a.jwks.Store(published)
	}
	return shape(published).serve(x, keysMaxAge)
}

func sameKey(a, b users.PublicKey) bool {
	return a.ID == b.ID && bytes.Equal(a.Modulus, b.Modulus) && bytes.Equal(a.Exponent, b.Exponent) && bytes.Equal(a.PEM, b.PEM)
}

func publish(keys []users.PublicKey) (*publishedKeys, error) {
	set := PEMKeySet{each(keys, pemKeyOf)}
	enveloped, err := envelope{
		code: http.StatusOK, message: keysMessage, data: set, keys: set.Keys,
	}.append(nil)
	if err != nil {
		return nil, err
	}
	bare, err := appendJSON(nil, KeySet{each(set.Keys, func(k PEMKey) JWK { return k.JWK })})
	if err != nil {
		return nil, err
	}
	return &publishedKeys{
		keys:      keys,
		enveloped: newPage(jsonType, apiPolicy, enveloped),
		bare:      newPage(jsonType, apiPolicy, bare),
	}, nil
}
