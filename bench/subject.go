package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/target"
)

// subject is an account whose permission to read other accounts is revoked and granted in turn.
type subject struct {
	account fill.Account
	admin   *admin
	// ask is the request that reads another account with the subject's token.
	ask atomic.Pointer[load.Request]
	// login logs in and renews ask.
	login func() error
	// take revokes the right and give grants it again. Each is one change.
	take, give func() error
}

// parseVerdict reports whether an answer grants the read: 200 does; 403, and 401 to a disabled account, do not. Any
// other status is an error.
func parseVerdict(a load.Answer) (yes bool, err error) {
	switch a.Status {
	case http.StatusOK:
		return true, nil
	case http.StatusForbidden, http.StatusUnauthorized:
		return false, nil
	default:
		return false, fmt.Errorf("neither granted nor refused: %w", a.Expect(http.StatusOK))
	}
}

// subjectKinds are the ways in which a subject loses what it may do.
var subjectKinds = [...]func(*subject) error{
	(*subject).byAssignment, (*subject).byParent, (*subject).byRole, (*subject).byState,
}

// newSubject makes a subject of the i-th account of a plan, which must be a Reader.
func newSubject(ctx context.Context, svc *target.Service, a *admin, p fill.Plan, i int) (*subject, error) {
	s := &subject{account: p.Account(i), admin: a}
	s.login = func() error {
		token, err := svc.Token(ctx, s.account.Email, password)
		request := load.Get(accountPath(p.Account(p.Accounts-1)), token)
		s.ask.Store(&request)
		return err
	}
	if err := subjectKinds[i%len(subjectKinds)](s); err != nil {
		return nil, err
	}
	return s, s.login()
}

// ownRole makes a role for this subject alone, assigns it and returns its path. with are further members of the
// role's JSON, such as "parent_id":"…".
func (s *subject) ownRole(with string) (path string, err error) {
	id, err := s.admin.make("/api/v1/roles", fmt.Sprintf(`{"name":%q,%s}`, "Role of "+s.account.Email, with))
	if err != nil {
		return "", err
	}
	return "/api/v1/roles/" + id, s.patch(fmt.Sprintf(`{"role_id":%q}`, id))()
}

// patch returns a function that sends PATCH with this body for the account.
func (s *subject) patch(body string) func() error {
	return func() error { return s.admin.patch(accountPath(s.account), body) }
}

// byAssignment: the permission is removed from the subject's role.
func (s *subject) byAssignment() error {
	permission, err := s.admin.permission("accounts:read")
	if err != nil {
		return err
	}
	path, err := s.ownRole(fmt.Sprintf(`"permission_ids":[%q]`, permission))
	s.take = func() error {
		_, err := s.admin.send(http.MethodDelete, path+"/permissions/"+permission, "", http.StatusOK)
		return err
	}
	s.give = func() error {
		_, err := s.admin.send(http.MethodPost, path+"/permissions", fmt.Sprintf(`{"permission_ids":[%q]}`, permission), http.StatusOK)
		return err
	}
	return err
}

// byParent: the subject's role no longer inherits from the one that has the permission.
func (s *subject) byParent() error {
	reader := fmt.Sprintf(`"parent_id":%q`, fill.Text(fill.Reader.ID()))
	path, err := s.ownRole(reader)
	s.take = func() error { return s.admin.patch(path, `{"parent_id":null}`) }
	s.give = func() error { return s.admin.patch(path, "{"+reader+"}") }
	return err
}

// byRole: the subject gets another role.
func (s *subject) byRole() error {
	role := func(r fill.Role) func() error { return s.patch(fmt.Sprintf(`{"role_id":%q}`, fill.Text(r.ID()))) }
	s.take, s.give = role(fill.Customer), role(fill.Reader)
	return nil
}

// byState: the subject's account is disabled. Tokens from before stay invalid after it is enabled again, so that the
// subject has to log in again.
func (s *subject) byState() error {
	enable := s.patch(`{"is_active":true}`)
	s.take = s.patch(`{"is_active":false}`)
	s.give = func() error {
		if err := enable(); err != nil {
			return err
		}
		return s.login()
	}
	return nil
}
