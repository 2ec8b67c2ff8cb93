package users

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// The readers below take one field of a request each and note what is wrong with it. A field that is already
// known to be wrong is passed over, so that each has one fault, the most basic.

func (s *Service) email(f *Faults, field, text string) Email {
	if f.Has(field) {
		return Email{}
	}
	e, err := ParseEmail(text)
	if err != nil {
		f.Add(field, err.Error())
	}
	if s.NoDemo && isDemo(e) {
		f.Add(field, "is that of a demo account, which production refuses")
	}
	return e
}

// presentedPassword takes any password but the empty one; NUL in it is for the caller to judge.
func (f *Faults) presentedPassword(field, s string) Password {
	if !f.Has(field) && s == "" {
		f.Add(field, "must not be empty")
	}
	return PresentedPassword(s)
}

// RoleName reads a field that holds the name of a role.
func (f *Faults) RoleName(field, s string) RoleName {
	if f.Has(field) {
		return ""
	}
	n, err := ParseRoleName(s)
	if err != nil {
		f.Add(field, err.Error())
	}
	return n
}

// PermissionName reads a field that holds the name of a permission.
func (f *Faults) PermissionName(field, s string) PermissionName {
	if f.Has(field) {
		return ""
	}
	n, err := ParsePermissionName(s)
	if err != nil {
		f.Add(field, err.Error())
	}
	return n
}

// AccountName reads the name of a service account.
func (f *Faults) AccountName(field, s string) AccountName {
	name, err := ParseAccountName(s)
	if err != nil {
		f.Add(field, err.Error())
	}
	return name
}

// permissionNames reads a list that must name something.
func (f *Faults) permissionNames(field string, list []string) []PermissionName {
	if f.Has(field) {
		return nil
	}
	if len(list) == 0 {
		f.Add(field, "must name at least one permission")
	}
	names := make([]PermissionName, len(list))
	for i, text := range list {
		name, err := ParsePermissionName(text)
		if err != nil {
			f.Add(field+"."+strconv.Itoa(i), err.Error())
		}
		names[i] = name
	}
	return names
}

// Description reads a field that holds a description, or nil, which is none.
func (f *Faults) Description(field string, s *string) *string {
	if s == nil || f.Has(field) {
		return nil
	}
	if err := checkDescription(*s); err != nil {
		f.Add(field, err.Error())
	}
	return s
}

func (f *Faults) role(g *Graph, field, s string) Role {
	if f.Has(field) {
		return Role{}
	}
	id, ok := ParseID(s)
	role, known := g.Role(id)
	switch {
	case !ok:
		f.Add(field, "must be the id of a role, a UUID in lower case")
	case !known:
		f.Add(field, "is not the id of an existing role")
	}
	return role
}

func (f *Faults) permissions(g *Graph, field string, list []string) []ID {
	if f.Has(field) {
		return nil
	}
	ids := make([]ID, 0, len(list))
	for i, s := range list {
		at := field + "." + strconv.Itoa(i)
		if f.Has(at) {
			continue
		}
		id, ok := ParseID(s)
		_, known := g.Permission(id)
		switch {
		case !ok:
			f.Add(at, "must be the id of a permission, a UUID in lower case")
		case !known:
			f.Add(at, "is not the id of an existing permission")
		}
		ids = append(ids, id)
	}
	return ids
}

// target looks up the account that a field names, as the database has it now. The error is none of the field's.
func (s *Service) target(ctx context.Context, f *Faults, field, text string) (Access, error) {
	if f.Has(field) {
		return Access{}, nil
	}
	id, ok := ParseID(text)
	if !ok {
		f.Add(field, "must be the id of an account, a UUID in lower case")
		return Access{}, nil
	}
	access, err := s.Store.Access(ctx, id)
	if errors.Is(err, ErrNotFound) {
		f.Add(field, "is not the id of an existing account")
		return Access{}, nil
	}
	return access, err
}

// noNUL notes a NUL, which no string may hold.
func (f *Faults) noNUL(field, s string) {
	if !f.Has(field) && strings.ContainsRune(s, 0) {
		f.Add(field, "must not contain NUL")
	}
}
