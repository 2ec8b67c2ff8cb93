package assertion_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/svc-users/svc-users/internal/assertion"
	"github.com/svc-users/svc-users/internal/federation"
)

func jwkOf(t testing.TB, key any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKey{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func text(t testing.TB, members map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeys(t *testing.T) {
	t.Parallel()
	private := rsaKey(t, 2048)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ec384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	ed, edPrivate, _ := ed25519.GenerateKey(rand.Reader)
	r := jwkOf(t, private.Public())
	with := func(base map[string]any, changes ...any) string {
		m := map[string]any{}
		for name, value := range base {
			m[name] = value
		}
		for i := 0; i < len(changes); i += 2 {
			m[changes[i].(string)] = changes[i+1]
		}
		return text(t, m)
	}
	for name, c := range map[string]struct {
		jwk  string
		want []string
	}{
		"RSA":         {with(r), []string{"RS256", "PS256"}},
		"RSA for one": {with(r, "alg", "PS256", "kid", "k", "use", "sig", "key_ops", []string{"verify"}, "ext", true, "x5c", []string{"not looked at"}), []string{"PS256"}},
		"P-256":       {with(jwkOf(t, ec.Public())), []string{"ES256"}},
		"Ed25519":     {with(jwkOf(t, ed)), []string{"EdDSA"}},
	} {
		k, err := assertion.Reader{}.ParseKey(c.jwk)
		if err != nil || !slices.Equal(k.Algorithms, c.want) || len(k.Thumbprint) != 43 {
			t.Errorf("%s: %v %v", name, k, err)
			continue
		}
		again, err := assertion.Reader{}.ParseKey(k.JWK)
		if err != nil || again.JWK != k.JWK || again.Thumbprint != k.Thumbprint || again.ID != k.ID || !slices.Equal(again.Algorithms, k.Algorithms) {
			t.Errorf("%s: what is kept is read as %v %v", name, again, err)
		}
		if strings.Contains(k.JWK, "x5c") {
			t.Errorf("%s: %s", name, k.JWK)
		}
	}
	short := rsa.PublicKey{N: rsaKey(t, 1024).N, E: 65537}
	for name, jwk := range map[string]string{
		"nothing":            ``,
		"no object":          `[]`,
		"no kty":             `{}`,
		"an unknown kty":     with(r, "kty", "XYZ"),
		"a secret":           `{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
		"a private RSA key":  text(t, jwkOf(t, private)),
		"a private EC key":   text(t, jwkOf(t, ec)),
		"a private Ed25519":  text(t, jwkOf(t, edPrivate)),
		"d that is null":     with(r, "d", nil),
		"a short RSA key":    text(t, jwkOf(t, &short)),
		"an even exponent":   with(r, "e", "AQAA"),
		"an exponent of one": with(r, "e", "AQ"),
		"P-384":              text(t, jwkOf(t, ec384.Public())),
		"off the curve":      with(jwkOf(t, ec.Public()), "x", base64.RawURLEncoding.EncodeToString(make([]byte, 32))),
		"a short Ed25519":    with(jwkOf(t, ed), "x", "AAAA"),
		"X25519":             with(jwkOf(t, ed), "crv", "X25519"),
		"for encryption":     with(r, "use", "enc"),
		"for signing":        with(r, "key_ops", []string{"sign"}),
		"alg of HMAC":        with(r, "alg", "HS256"),
		"alg of another":     with(r, "alg", "ES256"),
		"alg none":           with(r, "alg", "none"),
		"kid a number":       with(r, "kid", 1),
		"a long kid":         with(r, "kid", strings.Repeat("k", 257)),
		"duplicates":         `{"kty":"RSA",` + with(r)[1:],
		"trailing data":      with(r) + "{}",
	} {
		if k, err := (assertion.Reader{}).ParseKey(jwk); err == nil {
			t.Errorf("%s: read as %v", name, k)
		}
	}
}

func TestKeySets(t *testing.T) {
	t.Parallel()
	ed, _, _ := ed25519.GenerateKey(rand.Reader)
	one := text(t, jwkOf(t, ed))
	keys, err := assertion.Reader{}.ParseKeySet([]byte(`{"keys":[{"kty":"future"},1,null,` + one + `,{"kty":"oct","k":"AAAA"}],"more":1}`))
	if err != nil || len(keys) != 1 {
		t.Errorf("%v %v", keys, err)
	}
	if keys, err := (assertion.Reader{}).ParseKeySet([]byte(`{"keys":[]}`)); err != nil || len(keys) != 0 {
		t.Errorf("%v %v", keys, err)
	}
	for _, bad := range []string{``, `null`, `[]`, `{}`, `{"keys":null}`, `{"keys":{}}`, `{"keys":[],"keys":[]}`, `{"keys":[` + strings.Repeat(one+",", 100) + one + `]}`, `{"keys":[]}x`} {
		if _, err := (assertion.Reader{}).ParseKeySet([]byte(bad)); err == nil {
			t.Errorf("%.40q is a key set", bad)
		}
	}
	for _, bad := range []string{``, `[]`, `{"issuer":"a"}`, `{"jwks_uri":"a"}`, `{"issuer":"a","issuer":"b","jwks_uri":"c"}`, `{"issuer":1,"jwks_uri":"c"}`} {
		if _, _, err := (assertion.Reader{}).ParseDiscovery([]byte(bad)); err == nil {
			t.Errorf("%q is a discovery document", bad)
		}
	}
}

// FuzzAssertion: whatever is read has what the rules go by; and what was not signed is never verified.
func FuzzAssertion(f *testing.F) {
	ed, private, _ := ed25519.GenerateKey(rand.Reader)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: private}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		f.Fatal(err)
	}
	signed, err := signer.Sign([]byte(`{"iss":"https://ci.example","sub":"repo:acme/orders","aud":["a","b"],"exp":1793000000.5,"nbf":1,"iat":2,"jti":"j","ref":"main","n":{"a":[1]}}`))
	if err != nil {
		f.Fatal(err)
	}
	good, err := signed.CompactSerialize()
	if err != nil {
		f.Fatal(err)
	}
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	key, err := assertion.Reader{}.ParseKey(fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":"%s"}`, base64.RawURLEncoding.EncodeToString(ed)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(encode(`{"alg":"none"}`) + "." + encode(`{"iss":"a","sub":"a","aud":"a","exp":1}`) + ".AA")
	f.Add(encode(`{"alg":"EdDSA","crit":["b64"],"b64":false}`) + ".e30.AA")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := assertion.Reader{}.Parse(text)
		if err != nil {
			return
		}
		if a.Issuer == "" || a.Subject == "" || len(a.Audiences) == 0 || slices.Contains(a.Audiences, "") || a.Expires.IsZero() || !slices.Contains(federation.Algorithms, a.Algorithm) || len(text) > 8<<10 {
			t.Errorf("read as %+v", a)
		}
		if (assertion.Reader{}).Verify(a, key) == nil && text != good {
			t.Errorf("%q is verified", text)
		}
	})
}
