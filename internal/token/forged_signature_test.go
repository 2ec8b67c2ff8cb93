package token

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"hash"
	"math/big"
)

// signatureKinds are good headers and payloads under signatures that are none of ours, and headers that ask
// for another algorithm under a signature by it.
func signatureKinds() []kind {
	var kinds []kind
	add := func(want error, name, token string) {
		kinds = append(kinds, kind{"signature " + name, token, want, false})
	}
	head, body := b64(goodHeader().String()), b64(goodPayload().String())
	input := head + "." + body
	good := signatureOf(signParts(ourKey(), head, body))
	with := func(signature []byte) string { return input + "." + b64(string(signature)) }

	// the key of another, or the signature of another token
	add(errSignature, "by a strange key under our kid", signParts(strange(), head, body))
	add(errSignature, "by our other key", signParts(ourNextKey(), head, body))
	add(errSignature, "of another payload", with(signatureOf(signed(goodHeader().String(), goodPayload().with("ver", "4").String()))))
	add(errSignature, "of another header", with(signatureOf(signed(goodHeader().with("typ", `"at+jwt"`).String(), goodPayload().String()))))
	add(errSignature, "of the payload alone", with(rs(crypto.SHA256, body)))
	add(errSignature, "of the header alone", with(rs(crypto.SHA256, head)))
	add(errSignature, "of the decoded parts", with(rs(crypto.SHA256, goodHeader().String()+"."+goodPayload().String())))
	add(errSignature, "of the input with a dot", with(rs(crypto.SHA256, input+".")))
	add(errSignature, "of nothing", with(rs(crypto.SHA256, "")))
	for name, payload := range map[string]object{
		"other subject":   goodPayload().with("sub", `"0199e7a0-0000-7000-8000-000000000009"`),
		"later exp":       goodPayload().with("exp", "253402300799"),
		"higher ver":      goodPayload().with("ver", "9"),
		"more roles":      goodPayload().with("roles", `["Admin"]`),
		"one more member": goodPayload().plus("x", "1"),
	} {
		add(errSignature, "kept for "+name, head+"."+b64(payload.String())+"."+b64(string(good)))
	}

	// the right key by another scheme, the header saying RS256 or the truth
	schemes := map[string][]byte{
		"RS384": rs(crypto.SHA384, input), "RS512": rs(crypto.SHA512, input), "RS1": rs(crypto.SHA1, input),
		"PS256": ps(crypto.SHA256, input), "PS384": ps(crypto.SHA384, input), "PS512": ps(crypto.SHA512, input),
		"ES256": es(ecOf(strangeCurve()), sum256(input), 32),
	}
	for alg, signature := range schemes {
		add(errSignature, alg+" called RS256", with(signature))
	}
	for _, alg := range []string{"RS1", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256"} {
		honest := b64(goodHeader().with("alg", `"`+alg+`"`).String()) + "." + body
		signature := map[string]func() []byte{
			"RS1": func() []byte { return rs(crypto.SHA1, honest) }, "RS384": func() []byte { return rs(crypto.SHA384, honest) },
			"RS512": func() []byte { return rs(crypto.SHA512, honest) }, "PS256": func() []byte { return ps(crypto.SHA256, honest) },
			"PS384": func() []byte { return ps(crypto.SHA384, honest) }, "PS512": func() []byte { return ps(crypto.SHA512, honest) },
			"ES256": func() []byte { return es(ecOf(strangeCurve()), sum256(honest), 32) },
		}[alg]()
		add(errAlgorithm, alg+" called so", honest+"."+b64(string(signature)))
	}
	raw, err := rsa.SignPKCS1v15(nil, rsaOf(ourKey()), 0, sum256(input)) // no DigestInfo
	must(err)
	add(errSignature, "of the bare digest", with(raw))
	kinds = append(kinds, hmacKinds(body)...)
	kinds = append(kinds, embeddedKinds(body)...)

	// alg none, with and without what looks like a signature
	for _, alg := range []string{"none", "None", "NONE", "nOnE", ""} {
		unsigned := b64(goodHeader().with("alg", `"`+alg+`"`).String()) + "." + body
		add(errAlgorithm, "alg "+alg+" and one of ours", unsigned+"."+b64(string(good)))
		add(errAlgorithm, "alg "+alg+" and zeros", unsigned+"."+b64(string(make([]byte, 256))))
		add(errAlgorithm, "alg "+alg+" and none", unsigned+".")
	}

	// the number itself
	for _, n := range []int{0, 1, 7, 127, 128, 200, 254, 255} {
		flipped := append([]byte(nil), good...)
		flipped[n] ^= 1
		add(errSignature, fmt.Sprintf("bit 0 of byte %d flipped", n), with(flipped))
		flipped[n] ^= 0x81
		add(errSignature, fmt.Sprintf("bit 7 of byte %d flipped", n), with(flipped))
	}
	key := &rsaOf(ourKey()).PublicKey
	number := new(big.Int).SetBytes(good)
	for name, signature := range map[string][]byte{
		"truncated by one":       good[:len(good)-1],
		"truncated at the front": good[1:],
		"half":                   good[:128],
		"one byte":               good[:1],
		"extended by zero":       append(append([]byte(nil), good...), 0),
		"with a leading zero":    append([]byte{0}, good...),
		"with two leading zeros": append([]byte{0, 0}, good...),
		"with 256 leading zeros": append(make([]byte, 256), good...),
		"twice":                  append(append([]byte(nil), good...), good...),
		"plus the modulus":       new(big.Int).Add(number, key.N).Bytes(),
		"the modulus less it":    new(big.Int).Sub(key.N, number).FillBytes(make([]byte, 256)),
		"plus two":               new(big.Int).Add(number, big.NewInt(2)).FillBytes(make([]byte, 256)),
		"zero":                   make([]byte, 256),
		"one":                    big.NewInt(1).FillBytes(make([]byte, 256)),
		"the modulus":            key.N.Bytes(),
		"the modulus less one":   new(big.Int).Sub(key.N, big.NewInt(1)).Bytes(),
		"all ones":               new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2048), big.NewInt(1)).Bytes(),
		"the digest":             sum256(input),
		"backwards":              backwards(good),
		"the padded digest":      padded(input),
		"its hexadecimal":        fmt.Appendf(nil, "%x", good),
		"in base64 once more":    []byte(b64(string(good))),
		"squared":                new(big.Int).Exp(number, big.NewInt(2), key.N).FillBytes(make([]byte, 256)),
	} {
		add(errSignature, name, with(signature))
	}
	kinds = append(kinds, paddingKinds(input)...)
	return kinds
}

// hmacKinds sign with what everybody knows of our key as the secret (RFC 8725 §2.1).
func hmacKinds(body string) []kind {
	public := ourKey().PublicPEM()
	der, err := x509.MarshalPKIXPublicKey(&rsaOf(ourKey()).PublicKey)
	must(err)
	n := rsaOf(ourKey()).N.Bytes()
	secrets := map[string][]byte{
		"PEM": public, "PEM without its newline": public[:len(public)-1], "PEM in base64": []byte(base64.StdEncoding.EncodeToString(public)),
		"DER": der, "PKCS#1": x509.MarshalPKCS1PublicKey(&rsaOf(ourKey()).PublicKey), "modulus": n, "modulus in base64url": []byte(b64(string(n))),
		"JWK": []byte(`{"kty":"RSA","n":"` + b64(string(n)) + `","e":"AQAB"}`), "kid": []byte(testKID), "nothing": nil,
	}
	hashes := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}
	var kinds []kind
	for what, secret := range secrets {
		for alg, h := range hashes {
			input := b64(goodHeader().with("alg", `"`+alg+`"`).String()) + "." + body
			mac := hmac.New(h, secret)
			mac.Write([]byte(input))
			kinds = append(kinds, kind{"signature " + alg + " by " + what, input + "." + b64(string(mac.Sum(nil))), errAlgorithm, false})
		}
		input := b64(goodHeader().String()) + "." + body
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		kinds = append(kinds, kind{"signature HS256 called RS256 by " + what, input + "." + b64(string(mac.Sum(nil))), errSignature, false})
	}
	return kinds
}

// embeddedKinds bring the key they are signed with along.
func embeddedKinds(body string) []kind {
	n := b64(string(rsaOf(strange()).N.Bytes()))
	der, err := x509.MarshalPKIXPublicKey(&rsaOf(strange()).PublicKey)
	must(err)
	var kinds []kind
	for _, kid := range []string{`"` + testKID + `"`, `"evil"`} {
		for _, m := range [][2]string{
			{"jwk", `{"kty":"RSA","n":"` + n + `","e":"AQAB"}`},
			{"jwk", `{"kty":"RSA","kid":` + kid + `,"use":"sig","alg":"RS256","n":"` + n + `","e":"AQAB"}`},
			{"jku", `"https://evil.example/jwks.json"`},
			{"x5u", `"https://evil.example/cert.pem"`},
			{"x5c", `["` + base64.StdEncoding.EncodeToString(der) + `"]`},
		} {
			head := goodHeader().with("kid", kid).plus(m[0], m[1]).String()
			kinds = append(kinds, kind{fmt.Sprintf("signature by its own %s under kid %s (%d bytes)", m[0], kid, len(m[1])), signParts(strange(), b64(head), body), errHeader, false})
		}
	}
	return kinds
}

// paddingKinds are made with the private key, but pad the digest in another way than RFC 8017 §9.2 has it: a
// verifier that looks for the digest instead of making the padded whole itself takes some of them.
func paddingKinds(input string) []kind {
	good := padded(input)
	change := func(f func(em []byte)) []byte {
		em := append([]byte(nil), good...)
		f(em)
		return em
	}
	separator := len(good) - 32 - 19 - 1
	var kinds []kind
	for name, em := range map[string][]byte{
		"block type 0":           change(func(em []byte) { em[1] = 0 }),
		"block type 2":           change(func(em []byte) { em[1] = 2 }),
		"first byte not zero":    change(func(em []byte) { em[0] = 1 }),
		"a hole at the start":    change(func(em []byte) { em[2] = 0 }),
		"a hole in the middle":   change(func(em []byte) { em[100] = 0xfe }),
		"no separator":           change(func(em []byte) { em[separator] = 0xff }),
		"an early separator":     change(func(em []byte) { em[50] = 0 }),
		"short, garbage after":   append(append(append([]byte{0, 1}, bytesOf(0xff, 8)...), good[separator:]...), make([]byte, separator-10)...),
		"garbage for padding":    change(func(em []byte) { copy(em[2:separator], bytesOf(0xaa, separator-2)) }),
		"digest named SHA-384":   change(func(em []byte) { em[separator+15]++ }),
		"NULL parameter changed": change(func(em []byte) { em[separator+16]++ }),
		"length changed":         change(func(em []byte) { em[separator+2]++ }),
		"digest changed":         change(func(em []byte) { em[255]++ }),
	} {
		number := new(big.Int).SetBytes(em) // below the modulus, whose highest bit is set
		signature := number.Exp(number, rsaOf(ourKey()).D, rsaOf(ourKey()).N).FillBytes(make([]byte, 256))
		kinds = append(kinds, kind{"signature padding: " + name, input + "." + b64(string(signature)), errSignature, false})
	}
	return kinds
}

// padded is the number a good signature hides (EMSA-PKCS1-v1_5).
func padded(input string) []byte {
	number := new(big.Int).SetBytes(rs(crypto.SHA256, input))
	return number.Exp(number, big.NewInt(int64(rsaOf(ourKey()).E)), rsaOf(ourKey()).N).FillBytes(make([]byte, 256))
}

func rs(h crypto.Hash, input string) []byte {
	signature, err := rsa.SignPKCS1v15(nil, rsaOf(ourKey()), h, digestOf(h, input))
	must(err)
	return signature
}

func ps(h crypto.Hash, input string) []byte {
	signature, err := rsa.SignPSS(rand.Reader, rsaOf(ourKey()), h, digestOf(h, input), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	must(err)
	return signature
}

func digestOf(h crypto.Hash, input string) []byte {
	if h == crypto.SHA1 {
		sum := sha1.Sum([]byte(input))
		return sum[:]
	}
	d := h.New()
	d.Write([]byte(input))
	return d.Sum(nil)
}

func sum256(input string) []byte {
	sum := sha256.Sum256([]byte(input))
	return sum[:]
}

func signatureOf(token string) []byte {
	for i := len(token) - 1; ; i-- {
		if token[i] == '.' {
			signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
			must(err)
			return signature
		}
	}
}

func backwards(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[len(b)-1-i] = b[i]
	}
	return out
}

func bytesOf(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
