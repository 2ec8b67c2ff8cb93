package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
)

// curveHeader is the header of a token of our key on P-256.
func curveHeader() object {
	return object{{"alg", `"ES256"`}, {"typ", `"JWT"`}, {"kid", `"` + curveKID + `"`}}
}

// signedES makes a token of any two texts with our own key on P-256, the right way.
func signedES(head, body string) string { return signPartsES(ourCurveKey(), b64(head), b64(body)) }

func signPartsES(key *Key, head, body string) string {
	signature, err := key.sign(sum256(head + "." + body))
	must(err)
	return head + "." + body + "." + b64(string(signature))
}

// ecOf is the private half of a key on P-256.
func ecOf(key *Key) *ecdsa.PrivateKey { return key.signer.(*ecdsa.PrivateKey) }

// curveKinds are tokens under the id of our key on P-256, or for ES256, whose signature is none of it.
func curveKinds() []kind {
	var kinds []kind
	add := func(want error, name, token string) {
		kinds = append(kinds, kind{"ES256 " + name, token, want, false})
	}
	head, body := b64(curveHeader().String()), b64(goodPayload().String())
	input := head + "." + body
	token := signPartsES(ourCurveKey(), head, body)
	good := signatureOf(token)
	with := func(signature []byte) string { return input + "." + b64(string(signature)) }

	// the key of another, or the signature of another token
	add(errSignature, "by a strange key under our kid", signPartsES(strangeCurve(), head, body))
	add(errSignature, "of another payload", with(signatureOf(signedES(curveHeader().String(), goodPayload().with("ver", "4").String()))))
	add(errSignature, "of another header", with(signatureOf(signedES(curveHeader().with("typ", `"at+jwt"`).String(), goodPayload().String()))))
	for name, text := range map[string]string{
		"payload alone": body, "header alone": head, "decoded parts": curveHeader().String() + "." + goodPayload().String(), "input with a dot": input + ".", "empty text": "",
	} {
		add(errSignature, "of the "+name, with(es(ecOf(ourCurveKey()), sum256(text), 32)))
	}
	add(errSignature, "of the SHA-512", with(es(ecOf(ourCurveKey()), sum512(input), 32)))
	add(errSignature, "of the SHA-384", with(es(ecOf(ourCurveKey()), sum384(input), 32)))
	add(errSignature, "of the digest's digest", with(es(ecOf(ourCurveKey()), sum256(string(sum256(input))), 32)))
	for name, payload := range map[string]object{
		"other subject": goodPayload().with("sub", `"0199e7a0-0000-7000-8000-000000000009"`),
		"later exp":     goodPayload().with("exp", "253402300799"),
		"more roles":    goodPayload().with("roles", `["Admin"]`),
	} {
		add(errSignature, "kept for "+name, head+"."+b64(payload.String())+"."+b64(string(good)))
	}

	kinds = append(kinds, confusedKinds(body)...)
	kinds = append(kinds, curveFormKinds(good, with)...)
	kinds = append(kinds, curveEmbeddedKinds(body)...)
	kinds = append(kinds, curveHMACKinds(body)...)
	add(errTokenType, "of a statement of changes", signedES(curveHeader().with("typ", `"changes+jwt"`).String(), goodPayload().String()))
	add(errExpired, "expired", signedES(curveHeader().String(), goodPayload().with("exp", fmt.Sprint(testNow.Unix()-3600)).String()))
	add(errIssuer, "of another issuer", signedES(curveHeader().String(), goodPayload().with("iss", `"https://evil.example"`).String()))
	add(errAudience, "for another audience", signedES(curveHeader().String(), goodPayload().with("aud", `"https://evil.example"`).String()))
	add(errHeader, "crit", signedES(curveHeader().plus("crit", `["exp"]`).String(), goodPayload().String()))
	return kinds
}

// confusedKinds name an algorithm that is not that of the key that they name, or sign by another than they name.
func confusedKinds(body string) []kind {
	var kinds []kind
	add := func(want error, alg, kid, by string, sign func(input string) []byte) {
		input := b64(object{{"alg", `"` + alg + `"`}, {"typ", `"JWT"`}, {"kid", `"` + kid + `"`}}.String()) + "." + body
		name := fmt.Sprintf("confused: alg %s, kid %s, signed by %s", alg, kid, by)
		kinds = append(kinds, kind{name, input + "." + b64(string(sign(input))), want, false})
	}
	byRSA := func(input string) []byte { return rs(crypto.SHA256, input) }
	byCurve := func(input string) []byte { return es(ecOf(ourCurveKey()), sum256(input), 32) }
	byP384 := func(input string) []byte { return es(largerKey(), sum384(input), 48) }
	byP384Short := func(input string) []byte { return es(largerKey(), sum256(input), 48)[:64] }
	zeros := func(string) []byte { return make([]byte, 64) }
	nothing := func(string) []byte { return nil }

	// Each of our keys under the algorithm, or the id, of the other.
	add(errAlgorithm, "RS256", curveKID, "the RSA key", byRSA)
	add(errAlgorithm, "RS256", curveKID, "the P-256 key", byCurve)
	add(errAlgorithm, "ES256", testKID, "the P-256 key", byCurve)
	add(errAlgorithm, "ES256", otherKID, "the P-256 key", byCurve)
	add(errSignature, "ES256", curveKID, "the RSA key", byRSA)
	add(errSignature, "ES256", curveKID, "the RSA key, cut", func(input string) []byte { return byRSA(input)[:64] })
	add(errSignature, "RS256", testKID, "the P-256 key", byCurve)
	add(errKey, "ES256", "key-3", "the P-256 key", byCurve)
	add(errKey, "ES256", "KEY-EC", "the P-256 key", byCurve)

	for _, alg := range []string{
		"none", "None", "", "es256", "Es256", "ES256 ", " ES256", "ES-256", "ES2566", "ES", "ES256K", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "HS256", "ECDH-ES",
		"ESP256", `ES256\u0000`, `\uff25S256`,
	} {
		add(errAlgorithm, alg, curveKID, "the P-256 key", byCurve)
	}
	add(errAlgorithm, "none", curveKID, "zeros", zeros)
	add(errParts, "ES256", curveKID, "nothing", nothing)
	add(errAlgorithm, "ES384", curveKID, "a P-384 key", byP384)
	add(errSignature, "ES256", curveKID, "a P-384 key", byP384)
	add(errSignature, "ES256", curveKID, "a P-384 key, cut", byP384Short)
	return kinds
}

// curveEmbeddedKinds bring the key they are signed with along.
func curveEmbeddedKinds(body string) []kind {
	point := strangeCurve().public.(*p256Public)
	x, y := b64(string(point.x())), b64(string(point.y()))
	var kinds []kind
	for _, kid := range []string{`"` + curveKID + `"`, `"evil"`} {
		for name, m := range map[string][2]string{
			"jwk":           {"jwk", `{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`},
			"jwk with alg":  {"jwk", `{"kty":"EC","alg":"ES256","use":"sig","crv":"P-256","x":"` + x + `","y":"` + y + `"}`},
			"jku":           {"jku", `"https://evil.example/jwks.json"`},
			"x5c":           {"x5c", `["` + base64.StdEncoding.EncodeToString(strangeCurve().PublicDER()) + `"]`},
			"ephemeral key": {"epk", `{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`},
		} {
			head := curveHeader().with("kid", kid).plus(m[0], m[1]).String()
			kinds = append(kinds, kind{fmt.Sprintf("ES256 by its own %s under kid %s", name, kid), signPartsES(strangeCurve(), b64(head), body), errHeader, false})
		}
	}
	return kinds
}

// curveHMACKinds sign with what everybody knows of our key as the secret (RFC 8725 §2.1).
func curveHMACKinds(body string) []kind {
	public := ourCurveKey().public.(*p256Public)
	x, y := b64(string(public.x())), b64(string(public.y()))
	secrets := map[string][]byte{
		"PEM": ourCurveKey().PublicPEM(), "PEM in base64": []byte(ourCurveKey().PublicVariable()), "DER": ourCurveKey().PublicDER(), "the point": public.point, "x": public.x(), "y": public.y(),
		"x and y": public.point[1:], "x in base64url": []byte(x), "kid": []byte(curveKID), "nothing": nil,
		"JWK": []byte(`{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`), "thumbprint": []byte(thumbprint(public)),
	}
	hashes := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}
	var kinds []kind
	for what, secret := range secrets {
		for alg, h := range hashes {
			input := b64(curveHeader().with("alg", `"`+alg+`"`).String()) + "." + body
			mac := hmac.New(h, secret)
			mac.Write([]byte(input))
			kinds = append(kinds, kind{"ES256 confused: " + alg + " by " + what, input + "." + b64(string(mac.Sum(nil))), errAlgorithm, false})
		}
		input := b64(curveHeader().String()) + "." + body
		mac := hmac.New(sha512.New, secret) // 64 bytes, as long as a signature
		mac.Write([]byte(input))
		kinds = append(kinds, kind{"ES256 confused: HS512 called ES256 by " + what, input + "." + b64(string(mac.Sum(nil))), errSignature, false})
	}
	return kinds
}

func sum384(input string) []byte {
	sum := sha512.Sum384([]byte(input))
	return sum[:]
}

func sum512(input string) []byte {
	sum := sha512.Sum512([]byte(input))
	return sum[:]
}
