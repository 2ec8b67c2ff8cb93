package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
)

// TestIssueService reads what is issued for a service account to the byte.
func TestIssueService(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	whole := serviceClaims()
	scoped := scopedClaims()
	const common = `"iss":"https://id.example.com","aud":"https://api.example.com","sub":"` + testClient + `","client_id":"` + testClient + `",`
	times := fmt.Sprintf(`"iat":%d,"nbf":%d,"exp":%d,"jti":"0199e7a0-0000-7000-8000-000000000002","ver":3,"role_id":"%s",`, testNow.Unix(), testNow.Unix(), testNow.Unix()+3600, testRole)
	for name, c := range map[string]struct {
		claims users.Claims
		want   string
	}{
		"without a scope": {whole, "{" + common + times + `"roles":["Manager","User"],"permissions":["accounts:read","roles:read"]}`},
		"with a scope":    {scoped, "{" + common + `"scope":"accounts:read roles:read",` + times + `"roles":[],"permissions":["accounts:read","roles:read"]}`},
	} {
		token := issue(t, set, c.claims)
		head, body := decoded(t, token)
		if head != `{"alg":"RS256","typ":"at+jwt","kid":"key-1"}` || body != c.want {
			t.Errorf("%s: %s %s", name, head, body)
		}
		got, err := set.Verify(token, testNow)
		if err != nil {
			t.Fatal(err)
		}
		checkClaims(t, got, c.claims)
	}
	for name, change := range map[string]func(*users.Claims){
		"an e-mail":           func(c *users.Claims) { c.Email = "ada@example.com" },
		"a session":           func(c *users.Claims) { c.Session = c.TokenID },
		"no role":             func(c *users.Claims) { c.RoleID = users.ID{} },
		"no roles":            func(c *users.Claims) { c.Roles = nil },
		"roles beside scope":  func(c *users.Claims) { c.Scope = scoped.Scope },
		"a person's scope":    func(c *users.Claims) { c.Service, c.Email, c.Scope = false, "ada@example.com", scoped.Scope },
		"a person, no e-mail": func(c *users.Claims) { c.Service = false },
	} {
		claims := serviceClaims()
		change(&claims)
		if token, _, err := set.Issue(claims); err == nil {
			t.Errorf("%s: %s is issued", name, token)
		}
	}
}

// TestIssueServiceLength: a list of permissions is left out where it does not fit, a scope never is.
func TestIssueServiceLength(t *testing.T) {
	t.Parallel()
	set, err := NewKeySet(ourKey(), nil, Options{Issuer: testIssuer, Audiences: []string{testAudience}, MaxBytes: 2048})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 60 {
		names := make([]users.PermissionName, n)
		for i := range names {
			names[i] = users.PermissionName(fmt.Sprintf("orders:%03d-%s", i, strings.Repeat("x", 9)))
		}
		permissions := make([]string, n)
		for i, name := range names {
			permissions[i] = string(name)
		}
		whole := serviceClaims()
		whole.Permissions = permissions
		token, isWhole, err := set.Issue(whole)
		got, problem := set.Verify(token, testNow)
		if err != nil || problem != nil || len(token) > 2048 || isWhole != slices.Equal(got.Permissions, permissions) && n > 0 {
			t.Fatalf("%d permissions: %d bytes, whole is %t, %v, %v", n, len(token), isWhole, err, problem)
		}
		if n == 0 {
			continue
		}
		scope := users.NewScope(names...)
		restricted := scopedClaims()
		restricted.Scope, restricted.Permissions = &scope, permissions
		token, isWhole, err = set.Issue(restricted)
		if errors.Is(err, users.ErrScopeTooLong) {
			if n < 20 || token != "" {
				t.Errorf("%d permissions do not fit: %q", n, token)
			}
			continue
		}
		got, problem = set.Verify(token, testNow)
		if err != nil || problem != nil || len(token) > 2048 || !isWhole || got.Scope == nil || got.Scope.String() != scope.String() {
			t.Fatalf("a scope of %d: %d bytes, whole is %t, %v, %v", n, len(token), isWhole, err, problem)
		}
	}
}
