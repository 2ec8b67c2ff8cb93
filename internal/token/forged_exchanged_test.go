package token

import (
	"strings"

	"github.com/svc-users/svc-users"
)

const (
	testActor   = "0199e7a0-0000-7000-8000-0000000000a1"
	testActor2  = "0199e7a0-0000-7000-8000-0000000000a2"
	testSession = "0199e7a0-0000-7000-8000-0000000000a3"
	testAPIKey  = "0199e7a0-0000-7000-8000-0000000000a4"
)

// exchangedPayload is the payload of an exchanged token of a person, for which no other account acts.
func exchangedPayload() object {
	return goodPayload().with("roles", "[]").plus("client_id", `"`+testClient+`"`).plus("role_id", `"`+testRole+`"`).plus("exchanged", "true")
}

// exchangedServicePayload is the same of a service account.
func exchangedServicePayload() object { return exchangedPayload().without("email") }

// actedPayload is the payload of an exchanged token for which an account acts.
func actedPayload(act string) object {
	return exchangedPayload().with("client_id", `"`+testActor+`"`).plus("act", act)
}

// testAct is a claim act with all members but those of an impersonator, and with an actor before it.
const testAct = `{"sub":"` + testActor + `","ver":7,"sid":"` + testSession + `","act":{"sub":"` + testActor2 + `","ver":1}}`

// testImpersonator is a claim act of an impersonator.
const testImpersonator = `{"sub":"` + testActor + `","ver":7,"impersonator":true,"role_id":"` + testRole + `"}`

// exchangedClaims are what Verify returns of exchangedPayload.
func exchangedClaims() users.Claims {
	c := testClaims()
	c.Exchanged, c.Roles = true, []string{}
	c.RoleID, _ = users.ParseID(testRole)
	return c
}

// actedClaims are what Verify returns of actedPayload(testAct).
func actedClaims() users.Claims {
	c := exchangedClaims()
	c.Act = &users.Actor{Account: testID(testActor), Version: 7, Session: testID(testSession), Prior: &users.Actor{Account: testID(testActor2), Version: 1}}
	return c
}

// impersonatedClaims are what Verify returns of actedPayload(testImpersonator).
func impersonatedClaims() users.Claims {
	c := exchangedClaims()
	c.Act = &users.Actor{Account: testID(testActor), Version: 7, Impersonator: true, Role: testID(testRole)}
	return c
}

func testID(text string) users.ID {
	id, ok := users.ParseID(text)
	if !ok {
		panic("no id: " + text)
	}
	return id
}

// unforgedExchanged are good exchanged tokens by name, and what Verify returns of each.
func unforgedExchanged() map[string]struct {
	token string
	want  users.Claims
} {
	h := serviceHeader().String()
	scope := users.NewScope("accounts:read", "roles:read")
	made := map[string]struct {
		token string
		want  users.Claims
	}{}
	add := func(name string, body object, want users.Claims, change func(*users.Claims)) {
		if change != nil {
			change(&want)
		}
		made["exchanged "+name] = struct {
			token string
			want  users.Claims
		}{signed(h, body.String()), want}
	}
	add("of a person", exchangedPayload(), exchangedClaims(), nil)
	add("of a service account", exchangedServicePayload(), exchangedClaims(), func(c *users.Claims) { c.Email, c.Service = "", true })
	add("with a session", exchangedPayload().plus("sid", `"`+testSession+`"`), exchangedClaims(), func(c *users.Claims) { c.Session = testID(testSession) })
	add("with a scope", exchangedPayload().plus("scope", `"accounts:read roles:read"`), exchangedClaims(), func(c *users.Claims) { c.Scope = &scope })
	add("for an API key", exchangedPayload().plus("scope", `"accounts:read roles:read"`).plus("api_key_id", `"`+testAPIKey+`"`), exchangedClaims(),
		func(c *users.Claims) { c.Scope, c.APIKey = &scope, testID(testAPIKey) })
	add("with two actors", actedPayload(testAct), actedClaims(), nil)
	add("with an unknown member of act", actedPayload(strings.Replace(testAct, `"ver"`, `"client":"x","ver"`, 1)), actedClaims(), nil)
	add("with an impersonator", actedPayload(testImpersonator), impersonatedClaims(), nil)
	add("impersonator false", actedPayload(`{"sub":"`+testActor+`","ver":7,"impersonator":false}`), exchangedClaims(),
		func(c *users.Claims) { c.Act = &users.Actor{Account: testID(testActor), Version: 7} })
	return made
}

// exchangedKinds are tokens whose claims are not those of an exchanged one, all under a good signature of ours.
func exchangedKinds() []kind {
	var kinds []kind
	add := func(want error, name string, head, body object) {
		kinds = append(kinds, kind{"exchanged " + name, signed(head.String(), body.String()), want, true})
	}
	person, service := goodHeader(), serviceHeader()
	p, e := goodPayload(), exchangedPayload()
	key, act := `"`+testAPIKey+`"`, testAct

	// what only exchanged tokens have, in others; and what they have, under the typ of others
	add(errRoles, "under JWT", person, e)
	add(errKind, "exchanged under JWT", person, p.plus("exchanged", "true"))
	add(errKind, "api_key_id of a login", person, p.plus("api_key_id", key))
	add(errKind, "act of a login", person, p.plus("act", act))
	add(errKind, "api_key_id of a service account", service, servicePayload().plus("api_key_id", key))
	add(errKind, "act of a service account", service, servicePayload().plus("act", act))
	add(errKind, "false", service, e.with("exchanged", "false"))
	add(errKind, "false with an act", service, actedPayload(act).with("exchanged", "false").without("email"))
	for _, odd := range []string{`null`, `"true"`, `1`, `{}`, `[true]`} {
		add(errPayload, "exchanged "+odd, service, e.with("exchanged", odd))
	}
	add(errPayload, "exchanged twice", service, e.plus("exchanged", "true"))
	add(errKind, "capitalized", service, e.renamed("exchanged", "Exchanged"))

	add(errKind, "a service account with a session", service, exchangedServicePayload().plus("sid", `"`+testSession+`"`))
	add(errScopedRoles, "with roles", service, e.with("roles", `["Manager"]`))
	add(errRoles, "without roles", service, e.without("roles"))
	add(errRoleID, "without role_id", service, e.without("role_id"))
	add(errClientID, "without client_id", service, e.without("client_id"))
	add(errClientID, "client_id of another", service, e.with("client_id", `"`+testActor+`"`))
	add(errClientID, "client_id is sub beside an act", service, actedPayload(act).with("client_id", `"`+testClient+`"`))
	add(errClientID, "client_id is the first actor", service, actedPayload(act).with("client_id", `"`+testActor2+`"`))
	for _, odd := range []string{`null`, `""`, `1`, `{}`, `[` + key + `]`, `"x"`} {
		add(errPayload, "api_key_id "+odd, service, e.plus("api_key_id", odd))
	}

	// act
	for _, odd := range []string{`null`, `""`, `1`, `true`, `[]`, `[` + act + `]`, `"` + testActor + `"`} {
		add(errPayload, "act "+odd, service, actedPayload(odd))
	}
	for name, change := range map[string][2]string{
		"no sub":                       {`"sub":"` + testActor + `",`, ``},
		"sub null":                     {`"` + testActor + `"`, `null`},
		"sub is no id":                 {testActor, "orders"},
		"no ver":                       {`"ver":7,`, ``},
		"ver 0":                        {`"ver":7`, `"ver":0`},
		"ver negative":                 {`"ver":7`, `"ver":-1`},
		"ver a text":                   {`"ver":7`, `"ver":"7"`},
		"sid null":                     {`"` + testSession + `"`, `null`},
		"sid no id":                    {testSession, `x`},
		"sub twice":                    {`"ver":7`, `"sub":"` + testActor + `","ver":7`},
		"impersonator without role":    {`"ver":7`, `"ver":7,"impersonator":true`},
		"role without impersonator":    {`"ver":7`, `"ver":7,"role_id":"` + testRole + `"`},
		"role and impersonator false":  {`"ver":7`, `"ver":7,"impersonator":false,"role_id":"` + testRole + `"`},
		"impersonator null":            {`"ver":7`, `"ver":7,"impersonator":null`},
		"impersonator 1":               {`"ver":7`, `"ver":7,"impersonator":1,"role_id":"` + testRole + `"`},
		"the act before it null":       {`{"sub":"` + testActor2 + `","ver":1}`, `null`},
		"the act before it a text":     {`{"sub":"` + testActor2 + `","ver":1}`, `"` + testActor2 + `"`},
		"the act before it lacks ver":  {`,"ver":1}`, `}`},
		"the act before it has ver 1e": {`"ver":1}`, `"ver":1.5}`},
	} {
		changed := strings.Replace(act, change[0], change[1], 1)
		if changed == act {
			panic("unchanged: " + name)
		}
		add(errPayload, "act: "+name, service, actedPayload(changed))
	}
	deep := `{"sub":"` + testActor + `","ver":1`
	add(errActor, "five actors", service, actedPayload(strings.Repeat(deep+`,"act":`, 4)+deep+strings.Repeat("}", 5)))

	// what holds for every token
	for name, want := range map[string]error{"iss": errIssuer, "aud": errAudience, "iat": errTimes, "exp": errTimes, "jti": errID, "ver": errVersion, "permissions": errPermissions} {
		add(want, name+" missing", service, e.without(name))
	}
	return kinds
}
