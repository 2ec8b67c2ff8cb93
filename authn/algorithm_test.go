package authn

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// TestAlgorithmIsThatOfTheKey: among keys of both kinds, a token is valid only under the algorithm of the key that its kid
// names.
func TestAlgorithmIsThatOfTheKey(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, keysAnswer(jwk(ourKey(), "rsa"), curveJWK(curveKey(), "ec")))
	v := newVerifier(t, func(o *Options) { o.JWKS = i.URL })
	for name, c := range map[string]struct {
		key      crypto.Signer
		alg, kid string
		status   int
	}{
		"RS256":                       {ourKey(), "RS256", "rsa", http.StatusOK},
		"ES256":                       {curveKey(), "ES256", "ec", http.StatusOK},
		"RS256 under the other kid":   {ourKey(), "RS256", "ec", http.StatusUnauthorized},
		"ES256 under the other kid":   {curveKey(), "ES256", "rsa", http.StatusUnauthorized},
		"RS256 called ES256":          {ourKey(), "ES256", "rsa", http.StatusUnauthorized},
		"RS256 called ES256, its kid": {ourKey(), "ES256", "ec", http.StatusUnauthorized},
		"ES256 called RS256":          {curveKey(), "RS256", "ec", http.StatusUnauthorized},
		"ES256 called RS256, its kid": {curveKey(), "RS256", "rsa", http.StatusUnauthorized},
		"by a strange key":            {newCurveKey(elliptic.P256()), "ES256", "ec", http.StatusUnauthorized},
		"called ES384":                {curveKey(), "ES384", "ec", http.StatusUnauthorized},
		"called none":                 {curveKey(), "none", "ec", http.StatusUnauthorized},
	} {
		want(t, name, v, signAs(c.key, c.alg, c.kid, "JWT", claimsOf(ada, nil)), c.status)
	}
	// An algorithm that there is not costs no request for keys, however unknown the kid is.
	wantAsked(t, "in all", i, 1)
	want(t, "none", v, signAs(curveKey(), "none", "unknown", "JWT", claimsOf(ada, nil)), http.StatusUnauthorized)
	wantAsked(t, "for none", i, 1)
}

func TestKeysOnACurve(t *testing.T) {
	t.Parallel()
	good := curveJWK(curveKey(), "key-1")
	with := func(changes member) member {
		m := member{}
		for name, value := range good {
			m[name] = value
		}
		for name, value := range changes {
			if m[name] = value; value == nil {
				delete(m, name)
			}
		}
		return m
	}
	coordinate := func(name string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(good[name].(string))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	text := base64.RawURLEncoding.EncodeToString
	x, y := coordinate("x"), coordinate("y")
	zeros := text(make([]byte, 32))
	p, larger := elliptic.P256().Params().P.Bytes(), newCurveKey(elliptic.P384())
	for name, test := range map[string]struct {
		key    member
		status int
	}{
		"good":                    {good, http.StatusOK},
		"without use and alg":     {with(member{"use": nil, "alg": nil}), http.StatusOK},
		"with key_ops":            {with(member{"key_ops": []string{"verify"}}), http.StatusOK},
		"for RS256":               {with(member{"alg": "RS256"}), http.StatusServiceUnavailable},
		"for ES384":               {with(member{"alg": "ES384"}), http.StatusServiceUnavailable},
		"for key agreement":       {with(member{"alg": "ECDH-ES"}), http.StatusServiceUnavailable},
		"for encryption":          {with(member{"use": "enc"}), http.StatusServiceUnavailable},
		"called RSA":              {with(member{"kty": "RSA"}), http.StatusServiceUnavailable},
		"called OKP":              {with(member{"kty": "OKP"}), http.StatusServiceUnavailable},
		"without crv":             {with(member{"crv": nil}), http.StatusServiceUnavailable},
		"crv P-384":               {with(member{"crv": "P-384"}), http.StatusServiceUnavailable},
		"crv secp256k1":           {with(member{"crv": "secp256k1"}), http.StatusServiceUnavailable},
		"crv p-256":               {with(member{"crv": "p-256"}), http.StatusServiceUnavailable},
		"crv an array":            {with(member{"crv": []string{"P-256"}}), http.StatusServiceUnavailable},
		"without x":               {with(member{"x": nil}), http.StatusServiceUnavailable},
		"without y":               {with(member{"y": nil}), http.StatusServiceUnavailable},
		"x a number":              {with(member{"x": 5}), http.StatusServiceUnavailable},
		"x empty":                 {with(member{"x": ""}), http.StatusServiceUnavailable},
		"x padded":                {with(member{"x": text(x) + "="}), http.StatusServiceUnavailable},
		"x of 31 bytes":           {with(member{"x": text(x[1:])}), http.StatusServiceUnavailable},
		"x of 33 bytes":           {with(member{"x": text(append([]byte{0}, x...))}), http.StatusServiceUnavailable},
		"y of 33 bytes":           {with(member{"y": text(append([]byte{0}, y...))}), http.StatusServiceUnavailable},
		"x and y swapped":         {with(member{"x": text(y), "y": text(x)}), http.StatusServiceUnavailable},
		"y of another":            {with(member{"y": curveJWK(newCurveKey(elliptic.P256()), "")["y"]}), http.StatusServiceUnavailable},
		"the point of zeros":      {with(member{"x": zeros, "y": zeros}), http.StatusServiceUnavailable},
		"x is p":                  {with(member{"x": text(p)}), http.StatusServiceUnavailable},
		"a point of P-384":        {with(member{"x": text(larger.X.Bytes()), "y": text(larger.Y.Bytes())}), http.StatusServiceUnavailable},
		"of another, under ours":  {curveJWK(newCurveKey(elliptic.P256()), "key-1"), http.StatusUnauthorized},
		"ours, under another kid": {with(member{"kid": "key-2"}), http.StatusUnauthorized},
	} {
		i := newIssuer(t, keysAnswer(test.key))
		v, _ := keysOf(t, i)
		want(t, name, v, sign(curveKey(), "key-1", "JWT", claimsOf(ada, nil)), test.status)
	}
	i := newIssuer(t, keysAnswer(good, jwk(ourKey(), "key-1")))
	v, _ := keysOf(t, i)
	want(t, "one id for keys of both kinds", v, sign(curveKey(), "key-1", "JWT", claimsOf(ada, nil)), http.StatusServiceUnavailable)
}

// TestSignatureOnACurve: r and s in 32 bytes each, and nothing else.
func TestSignatureOnACurve(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, func(o *Options) { o.JWKS = newIssuer(t, keysAnswer(curveJWK(curveKey(), "key-1"))).URL })
	token := sign(curveKey(), "key-1", "JWT", claimsOf(ada, nil))
	at := strings.LastIndexByte(token, '.') + 1
	good, err := base64.RawURLEncoding.DecodeString(token[at:])
	if err != nil || len(good) != 64 {
		t.Fatal(err)
	}
	half := make([]byte, 32)
	for name, signature := range map[string][]byte{
		"63 bytes": good[:63], "65 bytes": append([]byte{0}, good...), "96 bytes": append(append([]byte{}, good...), half...), "r alone": good[:32],
		"zeros": make([]byte, 64), "r zero": append(append([]byte{}, half...), good[32:]...), "s zero": append(append([]byte{}, good[:32]...), half...),
		"s before r": append(append([]byte{}, good[32:]...), good[:32]...),
	} {
		forged := token[:at] + base64.RawURLEncoding.EncodeToString(signature)
		if _, err := v.Verify(context.Background(), forged); !errors.Is(err, errSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFeedOfACurve follows a feed whose statements are signed with ES256.
func TestFeedOfACurve(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.key = curveKey()
	v := follow(t, f, func(o *Options) { o.JWKS = newIssuer(t, keysAnswer(curveJWK(curveKey(), "key-1"))).URL })
	awaitChanges(t, v)
	token := sign(curveKey(), "key-1", "JWT", claimsOf(ada, nil))
	becomes(t, "as the token says", v, token, asManager)
	f.tells(accountOf(ada, 1, user))
	becomes(t, "another role", v, token, asUser)
}
