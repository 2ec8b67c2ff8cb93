package gateway

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// JWK is a public key (RFC 7517): an RSA key with n and e (RFC 7518 §6.3), or an EC key with crv, x and y (RFC 7518 §6.2).
type JWK struct {
	KeyType   string `json:"kty" enum:"RSA,EC"`
	KeyID     string `json:"kid"`
	Use       string `json:"use" enum:"sig"`
	Algorithm string `json:"alg" enum:"RS256,ES256" doc:"the one algorithm of the key: RS256 of an RSA key, ES256 of an EC key"`
	Modulus   string `json:"n,omitzero" doc:"base64url; of an RSA key"`
	Exponent  string `json:"e,omitzero" doc:"base64url; of an RSA key"`
	Curve     string `json:"crv,omitzero" enum:"P-256" doc:"of an EC key"`
	X         string `json:"x,omitzero" doc:"base64url of 32 bytes; of an EC key"`
	Y         string `json:"y,omitzero" doc:"base64url of 32 bytes; of an EC key"`
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

func toPEMKey(k users.PublicKey) PEMKey {
	return PEMKey{
		JWK: JWK{
			KeyType: k.KeyType, KeyID: k.ID, Use: "sig", Algorithm: k.Algorithm,
			Modulus:  base64.RawURLEncoding.EncodeToString(k.Modulus),
			Exponent: base64.RawURLEncoding.EncodeToString(k.Exponent),
			Curve:    k.Curve,
			X:        base64.RawURLEncoding.EncodeToString(k.X),
			Y:        base64.RawURLEncoding.EncodeToString(k.Y),
		},
		PublicKey: base64.StdEncoding.EncodeToString(k.PEM),
	}
}

// keysCaching is how long others may keep the keys, in seconds: short enough for a new key to be known before it signs.
// Afterwards they must not be used without asking again (RFC 9111 §5.2.2.2), since one of them may have been withdrawn.
const keysCaching = "public, max-age=300, must-revalidate"

// keysPath is where the bare JWK set is.
const keysPath = "/.well-known/jwks.json"

const keysMessage = "JWKS retrieved successfully"

func (g *gateway) keyRoutes() []web.Route {
	const tag = "Authentication"
	enveloped := web.Route{
		Method: http.MethodGet, Path: "/api/v1/auth/jwks", Auth: web.AuthNone, LogAtDebug: true, Tagged: true, AnyOrigin: true,
		Name: "getJWKS", Tag: tag, Summary: "Read the public keys as a JWK set in the envelope",
		Description: "data.keys and, beside it at top level, keys hold the same keys.",
		Message:     keysMessage, Data: reflect.TypeFor[PEMKeySet](), Keys: []PEMKey{exampleKey}, Example: PEMKeySet{[]PEMKey{exampleKey}},
	}.WithoutBody(func(x *web.Exchange) error {
		return g.serveKeys(x, func(k *publishedKeys) *web.Page { return &k.enveloped })
	})
	bare := web.Route{
		Method: http.MethodGet, Path: keysPath, Auth: web.AuthNone, LogAtDebug: true, Tagged: true, AnyOrigin: true,
		Name: "getWellKnownJWKS", Tag: tag, Summary: "Read the public keys as a bare JWK set",
		Description: "The keys that verify tokens and statements of changes (RFC 7517), for any standard client.",
		Data:        reflect.TypeFor[KeySet](), Plain: &web.Plain{MediaType: web.JSONType}, Example: KeySet{[]JWK{exampleKey.JWK}},
		Serve: func(x *web.Exchange, _ []byte) error {
			return g.serveKeys(x, func(k *publishedKeys) *web.Page { return &k.bare })
		},
	}
	return []web.Route{enveloped, bare}
}

// publishedKeys is the two shapes of the key set, encoded once for as long as the keys are the same.
type publishedKeys struct {
	keys            []users.PublicKey
	enveloped, bare web.Page
}

type keyCache struct{ atomic.Pointer[publishedKeys] }

func (g *gateway) serveKeys(x *web.Exchange, shape func(*publishedKeys) *web.Page) error {
	keys := g.Keys()
	published := g.jwks.Load()
	if published == nil || !slices.EqualFunc(published.keys, keys, isSameKey) {
		var err error
		if published, err = encodeKeys(keys); err != nil {
			return err
		}
		g.jwks.Store(published)
	}
	return shape(published).Serve(x, keysCaching)
}

func isSameKey(a, b users.PublicKey) bool {
	return a.ID == b.ID && a.Algorithm == b.Algorithm && bytes.Equal(a.PEM, b.PEM) // the PEM holds all of the key
}

func encodeKeys(keys []users.PublicKey) (*publishedKeys, error) {
	set := PEMKeySet{web.MapSlice(keys, toPEMKey)}
	enveloped, err := web.Envelope{
		Code: http.StatusOK, Message: keysMessage, Data: set, Keys: set.Keys,
	}.Append(nil)
	if err != nil {
		return nil, err
	}
	bare, err := web.AppendJSON(nil, KeySet{web.MapSlice(set.Keys, func(k PEMKey) JWK { return k.JWK })})
	if err != nil {
		return nil, err
	}
	return &publishedKeys{
		keys:      keys,
		enveloped: web.NewPage(web.JSONType, web.APIPolicy, enveloped),
		bare:      web.NewPage(web.JSONType, web.APIPolicy, bare),
	}, nil
}
