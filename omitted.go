package users

import (
	"math"
	"strings"
	"time"
)

// longestEmail is how many bytes an e-mail has at most.
const longestEmail = 254

// omitsPermissions reports whether the list of permissions has no room in a token of an account with a role and an e-mail.
// It is false where no tokens are issued.
func (s *Service) omitsPermissions(g *Graph, role ID, email string, version int64) bool {
	if s.Tokens == nil {
		return false
	}
	now := s.Now().UTC().Truncate(time.Second)
	return !s.Tokens.Fits(Claims{
		IssuedAt: now, NotBefore: now, Expires: now, Version: version, Email: email,
		RoleID: role, Roles: texts(g.Chain(role)), Permissions: texts(g.Effective(role)),
		Session: ID{1}, // that of a session is the longer one
	})
}

// detail is a role with all that it holds.
func (s *Service) detail(g *Graph, id ID) RoleDetail {
	d := g.detail(id)
	d.PermissionsOmitted = s.omitsPermissions(g, id, strings.Repeat("e", longestEmail), math.MaxInt64)
	return d
}

// explain explains what an account may do, and whether its tokens say so.
func (s *Service) explain(a Access, p PermissionName, key *APIKey) Explanation {
	e := a.explain(p, key)
	e.PermissionsOmitted = s.omitsPermissions(a.Graph, a.Account.Role.ID, a.Account.Email.String(), a.Account.TokenVersion)
	return e
}
