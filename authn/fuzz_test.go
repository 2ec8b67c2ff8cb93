package authn

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// FuzzToken: the only tokens that count are, byte for byte, those of the file that do.
func FuzzToken(f *testing.F) {
	file := readVectors(f)
	v := file.verifier(f)
	good := map[string]bool{}
	for i, one := range file.Tokens {
		if one.Good {
			good[one.Token] = true
		}
		if one.Good || i%10 == 0 {
			f.Add(one.Token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Verify(context.Background(), token); (err == nil) != good[token] {
			t.Errorf("%v for %q", err, token)
		}
	})
}

// FuzzClaims reads whatever the fuzzer thinks of as if it were signed. What then counts must be understood as a lenient
// reader understands it.
func FuzzClaims(f *testing.F) {
	file := readVectors(f)
	v := file.verifier(f)
	for i, one := range file.Tokens {
		parts := strings.Split(one.Token, ".")
		if len(parts) != 3 || !one.Good && i%10 != 0 {
			continue
		}
		if body, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			f.Add(string(body), strings.Contains(one.Name, "service"))
		}
	}
	f.Fuzz(func(t *testing.T, body string, service bool) {
		typ := tokenType
		if service {
			typ = serviceType
		}
		c, err := v.readClaims([]byte(body), typ)
		if err != nil {
			return
		}
		p, err := v.principal(&c)
		if err != nil {
			t.Fatal(err)
		}
		if problem := differs(p, "."+base64.RawURLEncoding.EncodeToString([]byte(body))+"."); problem != "" {
			t.Errorf("%s: %q", problem, body)
		}
	})
}

// FuzzStatement: no statement, however it is made, does more than be refused or make facts that are whole.
func FuzzStatement(f *testing.F) {
	v := newVerifier(f, func(o *Options) {
		o.Changes = Changes{URL: "http://127.0.0.1:1/", Token: func(context.Context) (string, error) { return "x", nil }}
	})
	feed := newFeed(f)
	feed.tells(accountOf(ada, 2, user), accountOf(bob, nil, nil))
	data, _ := feed.statement("")["data"].(member)
	compact, _ := data["statement"].(string)
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(compact, ".")[1])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(body), true)
	f.Add(string(body), false)
	f.Fuzz(func(t *testing.T, body string, continues bool) {
		s, err := v.parseStatement([]byte(body), "", "key-1")
		if err != nil {
			return
		}
		var known *facts
		if continues {
			known = &facts{rights: newRights()}
			known.share()
		}
		limits := Changes{MaxAccounts: 100, MaxRoles: 100, MaxPermissions: 100, MaxAssignments: 100}
		next, err := known.after(s, &limits)
		if err != nil {
			return
		}
		kept, roles, assigned := 0, 0, 0
		for _, part := range next.accounts.parts {
			kept += len(part)
		}
		for _, part := range next.rights.roles.parts {
			for u, role := range part {
				roles, assigned = roles+1, assigned+len(role.own)
				if _, permissions, known := next.rights.of(u); !known || !slices.IsSorted(permissions) {
					t.Errorf("the role %v may do %q", u, permissions)
				}
			}
		}
		r := next.rights
		if next.cursor == "" || kept != next.accounts.count || kept > 100 || roles != r.roles.count || roles > 100 || assigned != r.assigned || assigned > 100 ||
			len(r.permissions.names) > 200 || continues && known.rights.roles.count > 0 {
			t.Errorf("%d accounts, %d roles and %d assignments, but the counters are %d, %d and %d: %q", kept, roles, assigned, next.accounts.count, r.roles.count, r.assigned, body)
		}
	})
}
