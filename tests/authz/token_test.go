package authz

import (
	"fmt"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
)

const garbage = "garbage"

// tokens are signed once for each account, version and honesty.
func (h *house) tokenFor(t *testing.T, c cell) string {
	key := fmt.Sprint(c.who, c.lies, c.key)
	if made, ok := h.tokens[key]; ok {
		return made
	}
	token := ""
	switch {
	case c.key != "":
		return h.visitorKey(t, c)
	case c.who.account == garbage:
		token = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
	case c.lies && len(h.base.more(admin, h.base.Accounts[c.who.account].Role)) > 0:
		token = h.mint(t, c.who, admin, []string{"Admin"}, h.base.names(h.base.holds(admin)))
	case c.lies:
		token = h.mint(t, c.who, "", []string{"Role none"}, nil)
	default:
		token = h.token(t, h.base, c.who)
	}
	h.tokens[key] = token
	return token
}

// token issues a token as a login would, for the account as it is in the model.
func (h *house) token(t testing.TB, s state, who caller) string {
	t.Helper()
	if who.account == "" {
		return ""
	}
	a := s.Accounts[who.account]
	return h.mint(t, who, a.Role, []string{s.Roles[a.Role].Name}, s.names(s.holds(a.Role)))
}

// mint issues a token that claims what it is told to.
func (h *house) mint(t testing.TB, who caller, role string, roles, permissions []string) string {
	t.Helper()
	if len(roles) == 0 || roles[0] == "" {
		roles = []string{"Nobody"}
	}
	subject := h.parsed(who.account)
	if subject.IsZero() {
		subject, _ = users.ParseID(unknownID)
	}
	now := h.now()
	token, _, err := h.Tokens.Issue(users.Claims{
		Subject: subject, TokenID: users.NewID(), IssuedAt: now, NotBefore: now, Expires: now.Add(time.Hour),
		Version: who.version, Email: "somebody@example.com", RoleID: h.parsed(role), Roles: roles, Permissions: permissions,
	})
	must(t, err)
	return token
}
