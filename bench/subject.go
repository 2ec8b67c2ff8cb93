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

// subject is an account that may read others or not, by turns.
type subject struct {
	account fill.Account
	admin   *admin
	// ask is a read of another account with a token of the subject's.
	ask atomic.Pointer[load.Request]
	// login logs in and renews ask.
	login func() error
	// take and give take the right away and give it back. Each is one change.
	take, give func() error
}

// said reports what an answer to a subject says it may do. Whoever is out may do nothing.
func said(a load.Answer) (yes bool, err error) {
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

// newSubject makes a subject of the i-th account of a plan, which is a Reader.
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

// ownRole gives the subject a role that nobody else has, and returns its path.
func (s *subject) ownRole(with string) (path string, err error) {
	id, err := s.admin.make("/api/v1/roles", fmt.Sprintf(`{"name":%q,%s}`, "Role of "+s.account.Email, with))
	if err != nil {
		return "", err
	}
	return "/api/v1/roles/" + id, s.patch(fmt.Sprintf(`{"role_id":%q}`, id))()
}

// patch is a change of the account.
func (s *subject) patch(body string) func() error {
	return func() error { return s.admin.patch(accountPath(s.account), body) }
}

// byAssignment: the permission is taken from the subject's role.
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

// byState: the subject's account is disabled. What was issued before stays dead, so whoever is let in again logs in
// again.
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
