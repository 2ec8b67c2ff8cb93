package token

import (
	"fmt"

	"github.com/svc-users/svc-users"
)

const testClient = "0199e7a0-0000-7000-8000-000000000001" // also sub

// serviceHeader is the header of a token of a service account.
func serviceHeader() object { return goodHeader().with("typ", `"at+jwt"`) }

// servicePayload is the payload of a token of a service account without a scope.
func servicePayload() object {
	return goodPayload().without("email").plus("client_id", `"`+testClient+`"`).plus("role_id", `"`+testRole+`"`)
}

// scopedPayload is the payload of a token of a service account with a scope.
func scopedPayload() object {
	return servicePayload().with("roles", "[]").plus("scope", `"accounts:read roles:read"`)
}

// serviceClaims are what Verify returns of servicePayload.
func serviceClaims() users.Claims {
	c := testClaims()
	c.Email, c.Service = "", true
	c.RoleID, _ = users.ParseID(testRole)
	return c
}

// scopedClaims are what Verify returns of scopedPayload.
func scopedClaims() users.Claims {
	c := serviceClaims()
	scope := users.NewScope("roles:read", "accounts:read")
	c.Scope, c.Roles = &scope, []string{}
	return c
}

// unforgedServices are good tokens of service accounts by name, those whose name has "scope" of scopedClaims.
func unforgedServices() map[string]string {
	h := serviceHeader().String()
	return map[string]string{
		"service":                              signed(h, servicePayload().String()),
		"service, an unknown claim":            signed(h, servicePayload().plus("cnf", `{"jkt":"x"}`).String()),
		"service, ES256":                       signedES(curveHeader().with("typ", `"at+jwt"`).String(), servicePayload().String()),
		"service with a scope":                 signed(h, scopedPayload().String()),
		"service with a scope, omitted false":  signed(h, scopedPayload().plus("permissions_omitted", "false").String()),
		"service with a scope, escaped a word": signed(h, scopedPayload().with("scope", `"accounts\u003aread roles:read"`).String()),
	}
}

// serviceKinds are tokens whose claims are not those of their typ, all under a good signature of ours.
func serviceKinds() []kind {
	var kinds []kind
	add := func(want error, name string, head, body object) {
		kinds = append(kinds, kind{"service " + name, signed(head.String(), body.String()), want, true})
	}
	person, service := goodHeader(), serviceHeader()
	p, s, scoped := goodPayload(), servicePayload(), scopedPayload()

	// a token of one kind under the typ of the other, and what has something of both
	add(errEmail, "under JWT", person, s)
	add(errEmail, "with a scope under JWT", person, scoped)
	add(errKind, "a person under at+jwt", service, p)
	add(errKind, "a person with client_id", person, p.plus("client_id", `"`+testClient+`"`))
	add(errKind, "a person with a scope", person, p.plus("scope", `"accounts:read"`))
	add(errKind, "a person with both", person, p.plus("client_id", `"`+testClient+`"`).plus("scope", `"accounts:read"`))
	add(errKind, "a person with client_id under at+jwt", service, p.plus("client_id", `"`+testClient+`"`))
	add(errKind, "with e-mail", service, s.plus("email", `"ada@example.com"`))
	add(errKind, "with a session", service, s.plus("sid", `"0199e7a0-0000-7000-8000-000000000003"`))
	add(errPayload, "with an empty e-mail", service, s.plus("email", `""`))
	add(errPayload, "with the e-mail null", service, s.plus("email", `null`))
	for _, odd := range []string{`null`, `""`, `"x"`, `1`, `{}`, `[]`, `["accounts:read"]`, `true`} {
		if odd != `"x"` {
			add(errPayload, "a person with the scope "+odd, person, p.plus("scope", odd))
		}
	}

	// client_id
	add(errClientID, "without client_id", service, s.without("client_id"))
	add(errClientID, "client_id capitalized", service, s.renamed("client_id", "Client_id"))
	add(errClientID, "client_id of another", service, s.with("client_id", `"0199e7a0-0000-7000-8000-00000000000a"`))
	add(errPayload, "client_id twice", service, s.plus("client_id", `"`+testClient+`"`))
	for _, odd := range []string{`null`, `""`, `1`, `true`, `[]`, `{}`, `["` + testClient + `"]`, `"0199E7A0-0000-7000-8000-00000000000A"`, `"` + testClient + ` "`, `"00000000-0000-0000-0000-000000000000"`, `"orders-worker"`} {
		add(errPayload, "client_id "+odd, service, s.with("client_id", odd))
	}

	add(errRoleID, "without role_id", service, s.without("role_id"))
	add(errRoleID, "with a scope without role_id", service, scoped.without("role_id"))

	// scope: any other spelling than the one that is issued
	for _, odd := range []string{
		`null`, `""`, `" "`, `1`, `true`, `[]`, `["accounts:read"]`, `{}`, `"accounts:read "`, `" accounts:read"`, `"accounts:read  roles:read"`, `"roles:read accounts:read"`,
		`"accounts:read accounts:read"`, `"accounts:read,roles:read\u0000"`, `"accounts:read\troles:read"`, `"accounts:read\nroles:read"`, `"accounts\"read"`, `"accounts\\read"`, `"accounts:r\u00e9ad"`,
	} {
		add(errPayload, fmt.Sprintf("scope %q", odd), service, scoped.with("scope", odd))
	}
	add(errPayload, "scope twice", service, scoped.plus("scope", `"accounts:read"`))
	add(errScopedRoles, "scope and roles", service, scoped.with("roles", `["Manager"]`))
	add(errRoles, "no roles and no scope", service, s.with("roles", `[]`))
	add(errRoles, "roles missing beside a scope", service, scoped.without("roles"))
	add(errRoles, "scope capitalized", service, scoped.renamed("scope", "Scope"))

	// what holds for every token
	for name, want := range map[string]error{"iss": errIssuer, "aud": errAudience, "sub": errClientID, "iat": errTimes, "nbf": errTimes, "exp": errTimes, "jti": errID, "ver": errVersion, "permissions": errPermissions} {
		add(want, name+" missing", service, s.without(name))
	}
	add(errExpired, "exp long ago", service, s.with("exp", "1"))
	add(errTooEarly, "nbf tomorrow", service, s.with("nbf", fmt.Sprint(testNow.Unix()+86400)))
	return kinds
}
