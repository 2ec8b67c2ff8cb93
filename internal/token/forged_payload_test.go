package token

import (
	"fmt"
	"strings"
)

// payloadKinds are payloads that are wrong, all under a good signature of ours.
func payloadKinds() []kind {
	var kinds []kind
	add := func(want error, name string, body object) {
		kinds = append(kinds, kind{"payload " + name, signed(goodHeader().String(), body.String()), want, true})
	}
	p := goodPayload()

	// what a claim that is missing, null or in the wrong type is refused for
	missing := map[string]error{
		"iss": errIssuer, "aud": errAudience, "sub": errID, "iat": errTimes, "nbf": errTimes, "exp": errTimes, "jti": errID,
		"ver": errVersion, "email": errEmail, "roles": errRoles, "permissions": errPermissions,
	}
	for _, m := range p {
		name, value := m[0], m[1]
		add(missing[name], name+" missing", p.without(name))
		add(missing[name], name+" capitalized", p.renamed(name, strings.ToUpper(name[:1])+name[1:]))
		add(missing[name], name+" in capitals", p.renamed(name, strings.ToUpper(name)))
		add(missing[name], name+" with a space", p.renamed(name, name+" "))
		add(errPayload, name+" twice alike", p.plus(name, value))
		add(errPayload, name+" twice, null first", append(object{{name, "null"}}, p...))
		add(errPayload, name+" twice, null last", p.plus(name, "null"))
		add(errPayload, name+" twice, one escaped", p.plus(fmt.Sprintf(`\u%04x%s`, name[0], name[1:]), value))
		for _, odd := range []string{`true`, `false`, `{}`, `{"value":` + value + `}`, `[[` + value + `]]`, `[null]`, `[1]`, `[{}]`, `1.5`, `-1.5`, `1e9`, `1E400`, `9223372036854775808`} {
			add(errPayload, name+" "+odd, p.with(name, odd))
		}
	}
	for _, name := range []string{"aud", "roles", "permissions"} {
		add(errPayload, name+" null", p.with(name, "null"))
		add(errPayload, name+" null inside", p.with(name, `["`+testAudience+`",null]`))
		add(errPayload, name+" a number inside", p.with(name, `["`+testAudience+`",1]`))
		add(errPayload, name+" nested", p.with(name, `["`+testAudience+`",["x"]]`))
		add(errPayload, name+" nested deep", p.with(name, strings.Repeat("[", 2500)+strings.Repeat("]", 2500)))
		add(errPayload, name+" a number", p.with(name, `1`))
	}
	for _, name := range []string{"roles", "permissions"} {
		add(errPayload, name+" a string", p.with(name, `"Admin"`))
		add(errPayload, name+" an empty string", p.with(name, `""`))
		add(errPayload, name+" an object", p.with(name, `{"0":"Admin"}`))
	}
	for _, name := range []string{"iss", "sub", "jti", "email"} {
		want := missing[name]
		if name == "email" {
			want = errPayload // where there is an e-mail it is one
		}
		add(want, name+" null", p.with(name, "null"))
		add(want, name+" empty", p.with(name, `""`))
		add(errPayload, name+" an array", p.with(name, "["+p[p.index(name)][1]+"]"))
		add(errPayload, name+" a number", p.with(name, "1"))
	}
	for _, name := range []string{"iat", "nbf", "exp", "ver"} {
		value := p[p.index(name)][1]
		for _, odd := range []string{"null", "0", "-0", "-1", "-9223372036854775808"} {
			add(missing[name], name+" "+odd, p.with(name, odd))
		}
		for _, odd := range []string{
			`"` + value + `"`, `""`, `"2030-01-01T00:00:00Z"`, value + ".0", value + ".5", value + "e0", value + "E+0", "1e10", "18446744073709551616",
			"99999999999999999999999999", "-9223372036854775809", "[" + value + "]", `"NaN"`, `"Infinity"`,
		} {
			add(errPayload, name+" "+odd, p.with(name, odd))
		}
	}
	for _, name := range []string{"iat", "nbf", "exp"} {
		for _, odd := range []string{"253402300800", "9223372036854775807", "1760529600000000"} {
			add(errTimes, name+" "+odd, p.with(name, odd))
		}
	}
	add(errTooEarly, "nbf in milliseconds", p.with("nbf", fmt.Sprint(testNow.UnixMilli()/10)))
	add(errExpired, "exp long ago", p.with("exp", "1"))
	add(errExpired, "exp yesterday", p.with("exp", fmt.Sprint(testNow.Unix()-86400)))
	add(errTooEarly, "nbf tomorrow", p.with("nbf", fmt.Sprint(testNow.Unix()+86400)))
	add(errTooEarly, "iat tomorrow", p.with("iat", fmt.Sprint(testNow.Unix()+86400)))

	for _, name := range []string{"sub", "jti"} {
		for _, odd := range []string{
			`"0199E7A0-0000-7000-8000-00000000000A"`, `"{0199e7a0-0000-7000-8000-000000000001}"`, `"urn:uuid:0199e7a0-0000-7000-8000-000000000001"`,
			`"0199e7a0000070008000000000000001"`, `"0199e7a0-0000-7000-8000-000000000001 "`, `" 0199e7a0-0000-7000-8000-000000000001"`,
			`"00000000-0000-0000-0000-000000000000"`, `"1"`, `"admin"`, `"0199e7a0-0000-7000-8000-00000000000g"`, `"0199e7a0-0000-7000-8000-0000000000\u0000"`, `"*"`,
			`"' OR 1=1--"`, `"0199e7a0-0000-7000-8000-00000000000\uff11"`, `"../admin"`,
		} {
			add(errID, name+" "+odd, p.with(name, odd))
		}
	}
	for _, odd := range []string{
		`"https://evil.example"`, `"` + testIssuer + `/"`, `"` + testIssuer + ` "`, `"` + strings.ToUpper(testIssuer) + `"`, `"id.example.com"`,
		`"http://id.example.com"`, `"` + testIssuer + `\u0000"`, `"` + testIssuer + `.evil.example"`, `"` + testIssuer[:len(testIssuer)-1] + `"`, `"` + testAudience + `"`,
	} {
		add(errIssuer, "iss "+odd, p.with("iss", odd))
	}
	for _, odd := range []string{
		`"https://evil.example"`, `"` + testAudience + `/"`, `"` + strings.ToUpper(testAudience) + `"`, `"*"`, `""`, `[]`, `[""]`, `["https://evil.example"]`, `["*"]`,
		`["https://evil.example","` + testAudience + `/"]`, `"` + testAudience + `,https://evil.example"`, `"` + testAudience + ` https://evil.example"`, `"` + testIssuer + `"`,
	} {
		add(errAudience, "aud "+odd, p.with("aud", odd))
	}
	add(errRoles, "roles []", p.with("roles", "[]"))
	for _, odd := range []string{`null`, `1`, `0`, `"true"`, `"false"`, `""`, `[]`, `[true]`, `{}`} {
		add(errPayload, "permissions_omitted "+odd, p.plus("permissions_omitted", odd))
	}
	for _, odd := range []string{
		`null`, `""`, `1`, `true`, `[]`, `{}`, `["` + testRole + `"]`, `{"id":"` + testRole + `"}`, `"` + strings.ToUpper(testRole) + `"`, `"{` + testRole + `}"`, `"` + testRole + ` "`,
		`"00000000-0000-0000-0000-000000000000"`, `"Admin"`, `"0199e7a0-0000-7000-8000-00000000000g"`,
	} {
		add(errPayload, "role_id "+odd, p.plus("role_id", odd))
	}
	add(errPayload, "role_id twice", p.plus("role_id", `"`+testRole+`"`).plus("role_id", `"`+testRole+`"`))
	add(errPayload, "permissions_omitted twice", p.plus("permissions_omitted", "true").plus("permissions_omitted", "true"))

	token := func(text string) string { return signed(goodHeader().String(), text) }
	kinds = append(kinds, jsonKinds("payload ", errPayload, token, p.String())...)
	for _, text := range []string{`null`, `{}`} {
		kinds = append(kinds, kind{"payload is " + text, token(text), errTimes, true})
	}
	return kinds
}
