package token

import (
	"fmt"
	"strings"
)

// headerKinds are headers that are wrong, all but the last group under a good signature of ours.
func headerKinds() []kind {
	var kinds []kind
	add := func(want error, name, head string) {
		kinds = append(kinds, kind{"header " + name, signed(head, goodPayload().String()), want, true})
	}
	h := goodHeader()

	// alg (RFC 8725 §2.1, §3.1)
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"nonE"`, `"none "`, `""`, `"rs256"`, `"Rs256"`, `"RS256 "`, `" RS256"`, `"RS256\u0000"`,
		`"RS-256"`, `"RS"`, `"RS2566"`, `"RS1"`, `"RS384"`, `"RS512"`, `"PS256"`, `"PS384"`, `"PS512"`, `"HS256"`, `"HS384"`, `"HS512"`,
		`"ES256"`, `"ES256K"`, `"EdDSA"`, `"Ed25519"`, `"RSA-OAEP"`, `"dir"`, `"RSASSA-PKCS1-v1_5"`, `"\uff32S256"`, `"R\u017f256"`, `null`,
	} {
		add(errAlgorithm, "alg "+alg, h.with("alg", alg).String())
	}
	for _, alg := range []string{`256`, `true`, `{}`, `["RS256"]`, `{"RS256":1}`} {
		add(errHeader, "alg "+alg, h.with("alg", alg).String())
	}
	add(errAlgorithm, "alg missing", h.without("alg").String())

	// typ (RFC 8725 §3.11)
	for _, typ := range []string{
		`"jwt"`, `"Jwt"`, `"JWT "`, `"JWt"`, `""`, `"AT+JWT"`, `"at+jwt "`, `"At+JWT"`, `"at jwt"`, `"application/jwt"`, `"application/at+jwt"`, `"dpop+jwt"`, `"id+jwt"`, `"logout+jwt"`,
		`"secevent+jwt"`, `"changes+jwt"`, `"JOSE"`, `"JOSE+JSON"`, `"JWE"`, `"JWT\u0000"`, `null`,
	} {
		add(errTokenType, "typ "+typ, h.with("typ", typ).String())
	}
	for _, typ := range []string{`1`, `false`, `["JWT"]`, `{}`} {
		add(errHeader, "typ "+typ, h.with("typ", typ).String())
	}
	add(errTokenType, "typ missing", h.without("typ").String())

	// kid (RFC 8725 §3.10)
	for _, kid := range []string{
		`""`, `null`, `"KEY-1"`, `"key-1 "`, `" key-1"`, `"key-1\u0000"`, `"key-3"`, `"key"`, `"key-11"`, `"0"`, `"*"`, `"../../../../dev/null"`, `"/dev/null"`,
		`"file:///etc/passwd"`, `"https://evil.example/key"`, `"' OR '1'='1"`, `"key-1'--"`, `"x' UNION SELECT 'secret"`, `"key-1; ls"`, `"key-1|sh"`,
		`"%6bey-1"`, `"key-\uff11"`, `"__proto__"`, `"${jndi:ldap://evil.example}"`,
		`"` + strings.Repeat("k", 4000) + `"`,
	} {
		add(errKey, fmt.Sprintf("kid %.40s", kid), h.with("kid", kid).String())
	}
	for _, kid := range []string{`1`, `0`, `true`, `["key-1"]`, `{"key-1":1}`} {
		add(errHeader, "kid "+kid, h.with("kid", kid).String())
	}
	add(errKey, "kid missing", h.without("kid").String())
	add(errSignature, "kid of our other key", h.with("kid", `"`+otherKID+`"`).String())
	kinds[len(kinds)-1].signed = false

	// members that would change what is verified, or by what (RFC 7515 §4.1, RFC 7797, RFC 8725 §3.10)
	n, e := b64(string(rsaOf(ourKey()).N.Bytes())), "AQAB"
	for _, m := range [][2]string{
		{"crit", `[]`}, {"crit", `["exp"]`}, {"crit", `["b64"]`}, {"crit", `["alg"]`}, {"crit", `["unknown"]`}, {"crit", `"exp"`}, {"crit", `null`}, {"crit", `{}`}, {"crit", `[null]`},
		{"b64", `false`}, {"b64", `true`}, {"b64", `null`}, {"b64", `"false"`},
		{"jwk", `{"kty":"RSA","n":"` + n + `","e":"` + e + `"}`}, {"jwk", `{}`}, {"jwk", `null`}, {"jwk", `"key"`},
		{"jku", `"https://evil.example/jwks.json"`}, {"jku", `"` + testIssuer + `/.well-known/jwks.json"`}, {"jku", `"file:///etc/passwd"`}, {"jku", `null`},
		{"x5u", `"https://evil.example/cert.pem"`}, {"x5u", `null`}, {"x5c", `["MIIB"]`}, {"x5c", `[]`}, {"x5c", `null`},
		{"x5t", `"AAAA"`}, {"x5t#S256", `"AAAA"`}, {"cty", `"JWT"`}, {"zip", `"DEF"`}, {"enc", `"A256GCM"`}, {"epk", `{}`}, {"apu", `"AA"`}, {"p2c", `1000000000`},
		{"nonce", `"n"`}, {"url", `"https://evil.example"`}, {"iss", `"` + testIssuer + `"`}, {"exp", `1`}, {"iv", `"AA"`}, {"tag", `"AA"`}, {"ppt", `"x"`},
		{"", `""`}, {"ALG", `"none"`}, {"Alg", `"RS256"`}, {"Typ", `"JWT"`}, {"KID", `"key-1"`}, {"Kid", `"key-2"`}, {"alg ", `"none"`}, {`alg\u0000`, `"none"`},
		{"deep", strings.Repeat("[", 1500) + strings.Repeat("]", 1500)},
	} {
		add(errHeader, fmt.Sprintf("%s %.40s", m[0], strings.ReplaceAll(m[1], n, "…")), h.plus(m[0], m[1]).String())
	}
	add(errHeader, "crit exp with exp", h.plus("crit", `["exp"]`).plus("exp", "1").String())
	add(errHeader, "crit b64 with b64 false", h.plus("crit", `["b64"]`).plus("b64", "false").String())
	for _, m := range h {
		add(errHeader, m[0]+" in capitals", h.renamed(m[0], strings.ToUpper(m[0])).String())
		add(errHeader, m[0]+" twice alike", h.plus(m[0], m[1]).String())
		add(errHeader, m[0]+" twice, another first", append(object{{m[0], `"none"`}}, h...).String())
		add(errHeader, m[0]+" twice, another last", h.plus(m[0], `"none"`).String())
		add(errHeader, m[0]+" twice, one escaped", h.plus(fmt.Sprintf(`\u%04x%s`, m[0][0], m[0][1:]), `"none"`).String())
	}
	add(errHeader, "duplicates nested", h.plus("jwk", `{"kty":"RSA","kty":"oct"}`).String())
	kinds = append(kinds, jsonKinds("header ", errHeader, func(text string) string { return signed(text, goodPayload().String()) }, h.String())...)
	for _, text := range []string{`null`, `{}`} { // objects, or as good as, without typ
		add(errTokenType, "is "+text, text)
	}
	return kinds
}

// jsonKinds are texts that are not quite the JSON object good (RFC 8725 §3.7, RFC 7493).
func jsonKinds(name string, want error, token func(string) string, good string) []kind {
	inside := func(text string) string { return strings.Replace(good, `"kid"`, text+`"kid"`, 1) }
	if !strings.Contains(good, `"kid"`) {
		inside = func(text string) string { return strings.Replace(good, `"iss"`, text+`"iss"`, 1) }
	}
	bad := map[string]string{
		"BOM":                       "\ufeff" + good,
		"BOM inside":                inside("\ufeff"),
		"trailing object":           good + "{}",
		"trailing copy":             good + good,
		"trailing text":             good + "x",
		"trailing NUL":              good + "\x00",
		"trailing comma":            good + ",",
		"trailing brace":            good + "}",
		"comma before brace":        good[:len(good)-1] + ",}",
		"no last brace":             good[:len(good)-1],
		"no first brace":            good[1:],
		"an array around":           "[" + good + "]",
		"a string around":           `"` + strings.ReplaceAll(good, `"`, `\"`) + `"`,
		"number":                    "1",
		"true":                      "true",
		"string":                    `"RS256"`,
		"spaces":                    "  ",
		"form feed":                 "\f" + good,
		"no-break space":            "\u00a0" + good,
		"comment":                   inside("/*c*/"),
		"line comment":              inside("//c\n"),
		"single quotes":             strings.ReplaceAll(good, `"`, `'`),
		"bare names":                strings.NewReplacer(`"kid":`, `kid:`, `"iss":`, `iss:`).Replace(good),
		"invalid UTF-8 value":       inside(`"x":"` + "\xff" + `",`),
		"invalid UTF-8 name":        inside(`"` + "\xc3\x28" + `":1,`),
		"overlong UTF-8":            inside(`"x":"` + "\xc0\xaf" + `",`),
		"surrogate in UTF-8":        inside(`"x":"` + "\xed\xa0\x80" + `",`),
		"lone high surrogate":       inside(`"x":"\ud800",`),
		"lone low surrogate":        inside(`"x":"\udc00",`),
		"surrogates swapped":        inside(`"x":"\udc00\ud800",`),
		"lone surrogate in name":    inside(`"\ud83d":1,`),
		"control character":         inside("\"x\":\"a\nb\","),
		"NUL in string":             inside("\"x\":\"a\x00b\","),
		"unknown escape":            inside(`"x":"\x41",`),
		"NaN":                       inside(`"x":NaN,`),
		"Infinity":                  inside(`"x":Infinity,`),
		"minus Infinity":            inside(`"x":-Infinity,`),
		"hexadecimal":               inside(`"x":0x10,`),
		"leading zero":              inside(`"x":01,`),
		"plus sign":                 inside(`"x":+1,`),
		"undefined":                 inside(`"x":undefined,`),
		"True":                      inside(`"x":True,`),
		"unclosed nesting":          inside(`"x":` + strings.Repeat("[", 3000)),
		"mismatched nesting":        inside(`"x":[},`),
		"duplicate unknown":         inside(`"x":1,"x":1,`),
		"duplicate unknown escaped": inside(`"x":1,"\u0078":2,`),
		"duplicate nested":          inside(`"x":{"y":1,"y":2},`),
		"duplicate nested escaped":  inside(`"x":{"y":1,"\u0079":2},`),
		"duplicate nested deep":     inside(`"x":[[{"y":[{"z":1,"z":1}]}]],`),
		"duplicate empty name":      inside(`"":1,"":2,`),
		"UTF-16":                    utf16(good),
	}
	kinds := make([]kind, 0, len(bad))
	for what, text := range bad {
		kinds = append(kinds, kind{name + what, token(text), want, true})
	}
	return kinds
}

func utf16(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte(0)
		b.WriteByte(text[i])
	}
	return b.String()
}
