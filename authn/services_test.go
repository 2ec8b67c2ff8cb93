package authn

import "testing"

// serviceToken is a token of a service account with the role Manager.
func serviceToken(account string, changes member) string {
	claims := claimsOf(account, member{"client_id": account, "role_id": manager})
	delete(claims, "email")
	for name, value := range changes {
		claims[name] = value
	}
	return sign(ourKey(), "key-1", "at+jwt", claims)
}

// A service account is told from a person, and a scope restricts its rights whatever the feed says.
func TestServices(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	v := follow(t, f, func(o *Options) { o.Changes.WhenLost = TokensAlone })
	awaitChanges(t, v)
	scoped := member{"scope": "orders:read orders:void", "roles": []string{}, "permissions": []string{"orders:read", "orders:void"}}
	whole, restricted := serviceToken(ada, nil), serviceToken(ada, scoped)
	becomes(t, "without a scope", v, whole, asManager)
	becomes(t, "with a scope", v, restricted, ":orders:read") // the role has lost orders:void since
	p, err := v.Verify(t.Context(), restricted)
	if err != nil || !p.Service || p.Account != ada || p.Email != "" || len(p.Scope) != 2 || !p.Live || p.Can("orders:write") {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := v.Verify(t.Context(), tokenOf(ada, nil)); err != nil || p.Service || p.Scope != nil {
		t.Errorf("a person is %+v, %v", p, err)
	}
	f.tells(accountOf(ada, 1, user))
	becomes(t, "with a weaker role", v, whole, asUser)
	becomes(t, "with a scope and a weaker role", v, restricted, ":orders:read")
	f.tells(accountOf(ada, nil, nil))
	becomes(t, "disabled", v, whole, "401")
	becomes(t, "disabled, with a scope", v, restricted, "401")
}

// Without the feed a token with a scope has its permissions, also where they were left out for length.
func TestServiceWithoutFeed(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, nil)
	for _, permissions := range []member{
		{"permissions": []string{"a:a", "b:b"}}, {"permissions": []string{}, "permissions_omitted": true},
	} {
		permissions["scope"], permissions["roles"] = "a:a b:b", []string{}
		p, err := v.Verify(t.Context(), serviceToken(ada, permissions))
		if err != nil || !p.Can("a:a") || !p.Can("b:b") || len(p.Permissions) != 2 || p.PermissionsOmitted || len(p.Roles) != 0 {
			t.Errorf("%+v, %v", p, err)
		}
	}
}
