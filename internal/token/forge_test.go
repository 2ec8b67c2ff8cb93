package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// The tools a forger needs, and some that only the holder of the key has: a check that is tested with a bad
// signature is not tested at all.

const (
	testIssuer   = "https://id.example.com"
	testAudience = "https://api.example.com"
	testKID      = "key-1"
	otherKID     = "key-2"
	curveKID     = "key-ec"
)

// Keys are made once: they are the slow part of these tests.
var (
	ourKey       = sync.OnceValue(func() *Key { return keyNamed(RS256, testKID) })
	ourNextKey   = sync.OnceValue(func() *Key { return keyNamed(RS256, otherKID) })
	strange      = sync.OnceValue(func() *Key { return keyNamed(RS256, testKID) }) // the forger's own, under our id
	ourCurveKey  = sync.OnceValue(func() *Key { return keyNamed(ES256, curveKID) })
	strangeCurve = sync.OnceValue(func() *Key { return keyNamed(ES256, curveKID) })
	largerKey    = sync.OnceValue(func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return key
	})
)

func keyNamed(algorithm Algorithm, kid string) *Key {
	key, err := GenerateKey(algorithm)
	if err != nil {
		panic(err)
	}
	return named(key.signer, kid)
}

// named is a key of that signer under that id.
func named(signer crypto.Signer, kid string) *Key {
	key, err := newKey(signer, kid)
	if err != nil {
		panic(err)
	}
	return key
}

// rsaOf is the private half of an RSA key.
func rsaOf(key *Key) *rsa.PrivateKey { return key.signer.(*rsa.PrivateKey) }

// pemOf is the PEM of a private half that is in memory.
func pemOf(key *Key) []byte {
	text, err := key.PrivatePEM()
	must(err)
	return text
}

// variableOf is JWT_PRIVATE_KEY of a private half that is in memory.
func variableOf(key *Key) string { return base64.StdEncoding.EncodeToString(pemOf(key)) }

func testSet(t testing.TB) *KeySet {
	t.Helper()
	return setOf(t, ourKey(), ourNextKey(), ourCurveKey())
}

// curveSet signs with ES256.
func curveSet(t testing.TB) *KeySet {
	t.Helper()
	return setOf(t, ourCurveKey(), ourKey(), ourNextKey())
}

func setOf(t testing.TB, signing *Key, others ...*Key) *KeySet {
	t.Helper()
	set, err := NewKeySet(signing, others, Options{Issuer: testIssuer, Audiences: []string{testAudience}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var testNow = time.Date(2025, 10, 15, 12, 0, 0, 0, time.UTC)

// testRole is the id of a role.
const testRole = "0199e7a0-0000-7000-8000-00000000c001"

func testClaims() users.Claims {
	subject, _ := users.ParseID("0199e7a0-0000-7000-8000-000000000001")
	id, _ := users.ParseID("0199e7a0-0000-7000-8000-000000000002")
	return users.Claims{
		Subject: subject, TokenID: id,
		IssuedAt: testNow, NotBefore: testNow, Expires: testNow.Add(time.Hour),
		Version: 3, Email: "ada@example.com",
		Roles: []string{"Manager", "User"}, Permissions: []string{"accounts:read", "roles:read"},
		Key: "key-1",
	}
}

// object is a JSON object whose members are raw text, so that anything can be wrong with it.
type object [][2]string

func (o object) String() string {
	members := make([]string, len(o))
	for i, m := range o {
		members[i] = `"` + m[0] + `":` + m[1]
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (o object) index(name string) int {
	i := slices.IndexFunc(o, func(m [2]string) bool { return m[0] == name })
	if i < 0 {
		panic("no member " + name)
	}
	return i
}

func (o object) with(name, value string) object {
	c := slices.Clone(o)
	c[c.index(name)][1] = value
	return c
}

func (o object) plus(name, value string) object {
	return append(slices.Clone(o), [2]string{name, value})
}

func (o object) without(name string) object {
	c := slices.Clone(o)
	i := c.index(name)
	return slices.Delete(c, i, i+1)
}

func (o object) renamed(from, to string) object {
	c := slices.Clone(o)
	c[c.index(from)][0] = to
	return c
}

func goodHeader() object {
	return object{{"alg", `"RS256"`}, {"typ", `"JWT"`}, {"kid", `"` + testKID + `"`}}
}

func goodPayload() object {
	return object{
		{"iss", `"` + testIssuer + `"`},
		{"aud", `"` + testAudience + `"`},
		{"sub", `"0199e7a0-0000-7000-8000-000000000001"`},
		{"iat", fmt.Sprint(testNow.Unix())},
		{"nbf", fmt.Sprint(testNow.Unix())},
		{"exp", fmt.Sprint(testNow.Add(time.Hour).Unix())},
		{"jti", `"0199e7a0-0000-7000-8000-000000000002"`},
		{"ver", "3"},
		{"email", `"ada@example.com"`},
		{"roles", `["Manager","User"]`},
		{"permissions", `["accounts:read","roles:read"]`},
	}
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// signParts signs two encoded parts with RS256 as they are.
func signParts(key *Key, head, body string) string {
	digest := sha256.Sum256([]byte(head + "." + body))
	signature, err := rsa.SignPKCS1v15(nil, rsaOf(key), crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return head + "." + body + "." + b64(string(signature))
}

// signed makes a token of any two texts with our own key, the right way.
func signed(head, body string) string { return signParts(ourKey(), b64(head), b64(body)) }

// wellSigned reports whether a token's signature is good by a reader as lenient as can be, so that a test
// knows that nothing else could have refused it.
func wellSigned(token string) bool {
	last := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[last+1:])
	digest := sha256.Sum256([]byte(token[:last]))
	return err == nil && rsa.VerifyPKCS1v15(&rsaOf(ourKey()).PublicKey, crypto.SHA256, digest[:], signature) == nil
}

// kind is one kind of forged token.
type kind struct {
	name  string
	token string
	want  error // why it is refused
	// signed says that its signature is good, so that only what is forged can be the reason.
	signed bool
}
