package token

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// encodingKinds are good tokens in another spelling or another serialization (RFC 7515 §2, §7.2; RFC 7516).
// Where a part is spelled otherwise the signature is made over that very spelling.
func encodingKinds() []kind {
	var kinds []kind
	add := func(want error, name, token string) {
		kinds = append(kinds, kind{"encoding " + name, token, want, false})
	}
	head, body := b64(goodHeader().String()), b64(goodPayload().String())
	good := signParts(ourKey(), head, body)
	signature := good[len(head)+1+len(body)+1:]

	// the number of parts
	for name, token := range map[string]string{
		"empty":                       "",
		"one dot":                     ".",
		"two dots":                    "..",
		"four dots":                   "....",
		"header alone":                head,
		"header and payload":          head + "." + body,
		"payload and signature":       body + "." + signature,
		"header and signature":        head + "." + signature,
		"no dots":                     head + body + signature,
		"four parts":                  good + "." + signature,
		"five parts":                  good + "." + body + "." + signature,
		"a dot in front":              "." + good,
		"a dot behind":                good + ".",
		"a doubled dot":               head + ".." + body + "." + signature,
		"a doubled last dot":          head + "." + body + ".." + signature,
		"comma for dot":               strings.Replace(good, ".", ",", 1),
		"parts swapped":               body + "." + head + "." + signature,
		"no signature":                head + "." + body + ".",
		"null for a payload (Go 'n')": head + ".null." + signature,
	} {
		kinds = append(kinds, kind{"encoding " + name, token, nil, false})
	}
	add(errParts, "no payload (detached)", head+".."+signature)
	add(errParts, "no payload, signed so", signParts(ourKey(), head, ""))
	add(errParts, "no header", "."+body+"."+signature)
	add(errParts, "no header, signed so", signParts(ourKey(), "", body))

	// each part in another spelling
	for name, respell := range respellings() {
		add(errParts, "header "+name, signParts(ourKey(), respell(goodHeader()), body))
		add(errParts, "payload "+name, signParts(ourKey(), head, respell(goodPayload())))
	}
	for name, other := range map[string]string{
		"padding ==":       signature + "==",
		"padding =":        signature + "=",
		"padding %3D":      signature + "%3D%3D",
		"a line break":     signature + "\n",
		"CR LF":            signature + "\r\n",
		"a break inside":   signature[:100] + "\n" + signature[100:],
		"a space":          signature + " ",
		"a space in front": " " + signature,
		"a space inside":   signature[:100] + " " + signature[100:],
		"a tab":            signature + "\t",
		"NUL":              signature + "\x00",
		"one less":         signature[:len(signature)-1],
		"wide character":   signature + "\uff21",
		"a plus":           signature[:50] + "+" + signature[51:],
		"a slash":          signature[:50] + "/" + signature[51:],
		"a tilde":          signature[:50] + "~" + signature[51:],
		"invalid UTF-8":    signature[:50] + "\xff" + signature[51:],
	} {
		add(errParts, "signature with "+name, head+"."+body+"."+other)
	}
	for i := range 15 {
		add(errParts, fmt.Sprintf("signature with trailing bits %d", i+1), head+"."+body+"."+trailingBits(signature, i+1, 4))
	}

	// around the whole
	for name, token := range map[string]string{
		"Bearer in front":   "Bearer " + good,
		"a space in front":  " " + good,
		"a break in front":  "\n" + good,
		"BOM in front":      "\ufeff" + good,
		"in quotes":         `"` + good + `"`,
		"in base64":         b64(good),
		"two with a comma":  good + "," + good,
		"two with a space":  good + " " + good,
		"in capitals":       strings.ToUpper(good),
		"backwards":         string(backwards([]byte(good))),
		"query behind":      good + "?x=1",
		"percent-encoded .": strings.ReplaceAll(good, ".", "%2E"),
		"full-width dots":   strings.ReplaceAll(good, ".", "\uff0e"),
	} {
		kinds = append(kinds, kind{"encoding " + name, token, nil, false})
	}

	// other serializations
	jws := `{"payload":"` + body + `","protected":"` + head + `","signature":"` + signature + `"}`
	general := `{"payload":"` + body + `","signatures":[{"protected":"` + head + `","signature":"` + signature + `"}]}`
	unprotected := `{"payload":"` + body + `","header":` + goodHeader().String() + `,"signature":"` + signature + `"}`
	jwe := func(alg, enc string) string {
		h := goodHeader().with("alg", alg).plus("enc", enc).String()
		return strings.Join([]string{b64(h), b64("an encrypted key"), b64("twelve bytes"), b64(goodPayload().String()), b64("a tag of 16 byte")}, ".")
	}
	for name, token := range map[string]string{
		"flattened JSON":               jws,
		"general JSON":                 general,
		"flattened JSON, unprotected":  unprotected,
		"flattened JSON in base64":     b64(jws),
		"general JSON in base64":       b64(general),
		"JSON as a part":               b64(jws) + "." + body + "." + signature,
		"JWE RSA-OAEP":                 jwe(`"RSA-OAEP"`, `"A256GCM"`),
		"JWE RSA1_5":                   jwe(`"RSA1_5"`, `"A128CBC-HS256"`),
		"JWE dir":                      jwe(`"dir"`, `"A256GCM"`),
		"JWE PBES2":                    jwe(`"PBES2-HS256+A128KW"`, `"A128GCM"`),
		"JWE RS256":                    jwe(`"RS256"`, `"A256GCM"`),
		"SD-JWT":                       good + "~",
		"SD-JWT with disclosure":       good + "~" + b64(`["salt","roles",["Admin"]]`) + "~",
		"PASETO":                       "v4.public." + body,
		"unsecured, JSON not encoded":  goodHeader().String() + "." + goodPayload().String() + "." + signature,
		"payload not encoded (b64)":    head + "." + goodPayload().String() + "." + signature,
		"nested: a token as a payload": head + "." + b64(good) + "." + signature,
	} {
		kinds = append(kinds, kind{"encoding " + name, token, nil, false})
	}
	add(errPayload, "nested and signed", signed(goodHeader().String(), good))
	add(errHeader, "nested and signed with cty", signed(goodHeader().plus("cty", `"JWT"`).String(), good))
	add(errTooLong, "9 KiB", signed(goodHeader().String(), goodPayload().plus("x", `"`+strings.Repeat("x", 6500)+`"`).String()))
	add(errTooLong, "1 MiB of dots", strings.Repeat(".", 1<<20))
	add(errTooLong, "1 MiB of signature", good+strings.Repeat("A", 1<<20))
	return kinds
}

// respellings encode an object in base64url, but not canonically.
func respellings() map[string]func(object) string {
	// Three lengths modulo 3 leave no, two or four bits over; a space changes no meaning.
	over := func(o object, bytes int) string {
		text := o.String()
		for len(text)%3 != bytes {
			text += " "
		}
		return text
	}
	r := map[string]func(object) string{
		"padded ==":         func(o object) string { return b64(over(o, 1)) + "==" },
		"padded =":          func(o object) string { return b64(over(o, 2)) + "=" },
		"padded ====":       func(o object) string { return b64(over(o, 0)) + "====" },
		"half padded":       func(o object) string { return b64(over(o, 1)) + "=" },
		"with =  inside":    func(o object) string { s := b64(over(o, 0)); return s[:8] + "=" + s[8:] },
		"and a line break":  func(o object) string { return b64(over(o, 0)) + "\n" },
		"and CR":            func(o object) string { return b64(over(o, 0)) + "\r" },
		"wrapped":           func(o object) string { s := b64(over(o, 0)); return s[:20] + "\n" + s[20:] },
		"wrapped with CRLF": func(o object) string { s := b64(over(o, 0)); return s[:20] + "\r\n" + s[20:] },
		"with four breaks":  func(o object) string { s := b64(over(o, 0)); return s[:20] + "\n\n\n\n" + s[20:] },
		"after a break":     func(o object) string { return "\n" + b64(over(o, 0)) },
		"and a space":       func(o object) string { return b64(over(o, 0)) + " " },
		"after a space":     func(o object) string { return " " + b64(over(o, 0)) },
		"and a tab":         func(o object) string { return b64(over(o, 0)) + "\t" },
		"and NUL":           func(o object) string { return b64(over(o, 0)) + "\x00" },
		"one too long":      func(o object) string { return b64(over(o, 0)) + "A" },
		"cut short":         func(o object) string { s := b64(over(o, 0)); return s[:len(s)-3] },
		"in plain base64": func(o object) string {
			// "???" and ">>>" are where the two alphabets differ.
			text := strings.Replace(over(o, 0), "{", `{"x":"`+"\u00ff\u00fe???>>>\u00bf"+`",`, 1)
			return base64.RawStdEncoding.EncodeToString([]byte(text))
		},
		"in base32-like capitals only": func(o object) string { return fmt.Sprintf("%X=", over(o, 0)) },
		"not encoded":                  func(o object) string { return strings.ReplaceAll(o.String(), ".", "") },
	}
	for i := range 15 {
		r[fmt.Sprintf("with trailing bits %d of 4", i+1)] = func(o object) string { return trailingBits(b64(over(o, 1)), i+1, 4) }
	}
	for i := range 3 {
		r[fmt.Sprintf("with trailing bits %d of 2", i+1)] = func(o object) string { return trailingBits(b64(over(o, 2)), i+1, 2) }
	}
	return r
}

// trailingBits sets the unused low bits of the last character, which must be zero in it.
func trailingBits(part string, value, bits int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	if last < 0 || last&(1<<bits-1) != 0 {
		panic("no unused bits")
	}
	return part[:len(part)-1] + alphabet[last|value:last|value+1]
}
