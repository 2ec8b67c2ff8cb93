package authn

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

const (
	testIssuer   = "https://id.example.com"
	testAudience = "https://api.example.com"
	ada          = "0199e7a0-0000-7000-8000-0000000000a1"
	bob          = "0199e7a0-0000-7000-8000-0000000000b1"
	manager      = "0199e7a0-0000-7000-8000-00000000c001"
	user         = "0199e7a0-0000-7000-8000-00000000c002"
)

// Keys are made once: they are the slow part of these tests.
var (
	ourKey   = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	otherKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	curveKey = sync.OnceValue(func() *ecdsa.PrivateKey { return newCurveKey(elliptic.P256()) })
)

func newCurveKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func newKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// member is an object to be encoded.
type member = map[string]any

// sign makes a compact JWS by the algorithm of the key.
func sign(key crypto.Signer, kid, typ string, payload any) string {
	alg := rs256
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		alg = es256
	}
	return signAs(key, alg, kid, typ, payload)
}

// signAs makes one whose header names any algorithm.
func signAs(key crypto.Signer, alg, kid, typ string, payload any) string {
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := encode(member{"alg": alg, "typ": typ, "kid": kid}) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(signatureBy(key, digest[:]))
}

// signatureBy is a signature as it stands in a JWS.
func signatureBy(key crypto.Signer, digest []byte) []byte {
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			panic(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	signature, err := key.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return signature
}

// curveJWK is the JWK of a key on P-256.
func curveJWK(key *ecdsa.PrivateKey, kid string) member {
	coordinate := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.FillBytes(make([]byte, 32))) }
	return member{"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256", "x": coordinate(key.X), "y": coordinate(key.Y)}
}

func jwk(key *rsa.PrivateKey, kid string) member {
	return member{"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes())}
}

// claimsOf are the claims of a good token, with changes.
func claimsOf(account string, changes member) member {
	now := time.Now().Unix()
	c := member{
		"iss": testIssuer, "aud": testAudience, "sub": account, "jti": "0199e7a0-0000-7000-8000-000000000002",
		"iat": now, "nbf": now, "exp": now + 3600, "ver": 1, "email": "ada@example.com",
		"roles": []string{"Manager", "User"}, "permissions": []string{"orders:read", "orders:write"},
	}
	for name, value := range changes {
		c[name] = value
	}
	return c
}

func tokenOf(account string, changes member) string {
	return sign(ourKey(), "key-1", "JWT", claimsOf(account, changes))
}

// issuer is a server of keys whose answers can be changed.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	asked   int
	headers []http.Header
	answer  http.HandlerFunc
}

func newIssuer(t testing.TB, answer http.HandlerFunc) *issuer {
	t.Helper()
	i := &issuer{answer: answer}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.asked++
		i.headers = append(i.headers, r.Header)
		answer := i.answer
		i.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answers(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

func (i *issuer) times() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

func keysAnswer(keys ...member) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, member{"keys": keys}) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// newVerifier trusts an issuer with ourKey.
func newVerifier(t testing.TB, change func(*Options)) *Verifier {
	t.Helper()
	options := Options{Issuer: testIssuer, Audience: testAudience, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&options)
	}
	if options.JWKS == "" {
		options.JWKS = newIssuer(t, keysAnswer(jwk(ourKey(), "key-1"))).URL
	}
	v, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func asError(err error, target **Error) bool { return errors.As(err, target) }

// statusOf is the status with which a token is refused, or 200.
func statusOf(v *Verifier, token string) int {
	_, err := v.Verify(context.Background(), token)
	var refusal *Error
	switch {
	case err == nil:
		return http.StatusOK
	case asError(err, &refusal):
		return refusal.Status
	}
	return 0
}

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// eventually waits for something that must come true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
