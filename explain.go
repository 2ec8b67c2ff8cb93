package users

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// PermissionPath is a permission that an account has, and the way it comes to it.
type PermissionPath struct {
	Name PermissionName
	Path []RoleName // from the account's own role to the nearest one that the permission is assigned to
}

// EffectivePermissions is all that an account may do now, and why.
type EffectivePermissions struct {
	Account     Account
	Permissions []PermissionPath // sorted by name; empty while the account is disabled
}

// Reason is what decides whether an account may do something.
type Reason string

// The reasons there are.
const (
	Granted           Reason = "granted"            // its role has the permission
	NotGranted        Reason = "not_granted"        // its role does not
	AccountDisabled   Reason = "account_disabled"   // whatever its role has
	UnknownPermission Reason = "unknown_permission" // there is no permission of that name
)

// Explanation says whether an account may do something now, and why.
type Explanation struct {
	Account    Account
	Permission PermissionName
	Reason     Reason
	// Path is how the account's role has the permission, also while the account is disabled; empty if it has not.
	Path []RoleName
	// GrantedBy are the roles that give the permission: those that it is assigned to, those that inherit it, Admin.
	GrantedBy []RoleName
}

// Allowed reports whether the account may do it.
func (e Explanation) Allowed() bool { return e.Reason == Granted }

// EffectivePermissions needs accounts:read. ErrNotFound for an id that is unknown or none.
func (s *Service) EffectivePermissions(ctx context.Context, c Caller, id string) (EffectivePermissions, error) {
	if err := c.Require(AccountsRead); err != nil {
		return EffectivePermissions{}, err
	}
	access, err := s.accessOf(ctx, id)
	if err != nil {
		return EffectivePermissions{}, err
	}
	e := EffectivePermissions{Account: access.Account}
	if e.Account.Active {
		e.Permissions = access.Graph.permissionPaths(e.Account.Role.ID)
	}
	return e, nil
}

// Explain needs accounts:read. ErrInvalid for what is no permission's name, ErrNotFound for an id that is unknown or
// none. A permission that does not exist is explained too: no account has it.
func (s *Service) Explain(ctx context.Context, c Caller, id, permission string, found Faults) (Explanation, error) {
	if err := c.Require(AccountsRead); err != nil {
		return Explanation{}, err
	}
	name := found.PermissionName("permission", permission)
	if err := found.Err(); err != nil {
		return Explanation{}, err
	}
	access, err := s.accessOf(ctx, id)
	if err != nil {
		return Explanation{}, err
	}
	return access.explain(name), nil
}

// ExplainByLabel explains to the operator of the machine. The label is the e-mail of a person or the name of a service
// account. ErrInvalid, ErrNotFound for a label that no account has.
func (s *Service) ExplainByLabel(ctx context.Context, label, permission string) (Explanation, error) {
	var faults Faults
	find := faults.label("account", label)
	name := faults.PermissionName("permission", permission)
	if err := faults.Err(); err != nil {
		return Explanation{}, err
	}
	id, err := find(ctx, s.Store)
	if err != nil {
		return Explanation{}, missingAccount(err)
	}
	access, err := s.Store.Access(ctx, id)
	if err != nil {
		return Explanation{}, missingAccount(err)
	}
	return access.explain(name), nil
}

// label reads the e-mail of a person or, without an @, the name of a service account, and returns what finds the account.
func (f *Faults) label(field, s string) func(context.Context, Reader) (ID, error) {
	if !strings.Contains(s, "@") {
		name := f.AccountName(field, s)
		return func(ctx context.Context, r Reader) (ID, error) {
			found, err := r.ServiceAccounts(ctx, ServiceAccountFilter{Name: name}, List{Limit: 1})
			if err == nil && len(found) == 0 {
				err = ErrNotFound
			}
			if err != nil {
				return ID{}, err
			}
			return found[0].ID, nil
		}
	}
	address, err := ParseEmail(s)
	if err != nil {
		f.Add(field, err.Error())
	}
	return func(ctx context.Context, r Reader) (ID, error) {
		account, _, err := r.AccountByEmail(ctx, address)
		return account.ID, err
	}
}

// accessOf finds an account whose access is to be explained, as the database has it now.
func (s *Service) accessOf(ctx context.Context, text string) (Access, error) {
	id, ok := ParseID(text)
	if !ok {
		return Access{}, notFound("Account")
	}
	access, err := s.Store.Access(ctx, id)
	return access, missingAccount(err)
}

func (a Access) explain(p PermissionName) Explanation {
	e := Explanation{
		Account: a.Account, Permission: p, GrantedBy: a.Graph.grantedBy(p), Path: a.Graph.path(a.Account.Role.ID, p),
	}
	e.Reason = a.reason(p)
	return e
}

// reason decides whether the account may do something now.
func (a Access) reason(p PermissionName) Reason {
	switch _, exists := a.Graph.PermissionByName(p); {
	case !a.Account.Active:
		return AccountDisabled
	case !exists:
		return UnknownPermission
	case !a.Graph.May(a.Account.Role.ID, p):
		return NotGranted
	}
	return Granted
}

// path names the roles from one to the nearest that a permission is assigned to.
func (g *Graph) path(role ID, p PermissionName) []RoleName {
	n := g.node(role)
	held, ok := g.byName.get(p)
	if n == nil || !ok {
		return nil
	}
	var path []RoleName
	for _, r := range g.chain(n) {
		path = append(path, r.Name)
		if r.own.has(held.slot) {
			return path
		}
	}
	return nil
}

func (g *Graph) permissionPaths(role ID) []PermissionPath {
	var list []PermissionPath
	for _, name := range g.Effective(role) {
		list = append(list, PermissionPath{name, g.path(role, name)})
	}
	return list
}

// grantedBy names the roles that give a permission: those that it is assigned to, then their heirs, each sorted by name,
// and Admin, which has them all.
func (g *Graph) grantedBy(p PermissionName) []RoleName {
	held, ok := g.byName.get(p)
	if !ok {
		return nil
	}
	var assigned, heirs []RoleName
	for _, n := range g.roles {
		switch {
		case n == g.admin:
		case n.own.has(held.slot):
			assigned = append(assigned, n.Name)
		case n.effective.has(held.slot):
			heirs = append(heirs, n.Name)
		}
	}
	slices.Sort(assigned)
	slices.Sort(heirs)
	if g.admin != nil {
		heirs = append(heirs, g.admin.Name)
	}
	return append(assigned, heirs...)
}

// maxNamed bounds the names in a sentence.
const maxNamed = 10

// String is the explanation in one or two sentences.
func (e Explanation) String() string {
	account, role := e.Account.Label(), string(e.Account.Role.Name)
	switch e.Reason {
	case Granted:
		return fmt.Sprintf("%s may do %s: %s.", account, e.Permission, e.how())
	case AccountDisabled:
		return account + " may do nothing: the account is disabled."
	case UnknownPermission:
		return fmt.Sprintf("%s may not do %s: there is no such permission.", account, e.Permission)
	}
	return fmt.Sprintf("%s may not do %s: the role %s neither has it nor inherits it. %s.", account, e.Permission, role, e.whoGives())
}

func (e Explanation) how() string {
	own, from := e.Path[0], e.Path[len(e.Path)-1]
	switch {
	case len(e.Path) > 1:
		return fmt.Sprintf("the role %s inherits it from %s", own, from)
	case e.Account.Role.System:
		return fmt.Sprintf("the role %s has every permission", own)
	}
	return fmt.Sprintf("the role %s has it", own)
}

func (e Explanation) whoGives() string {
	names := texts(e.GrantedBy)
	switch n := len(names); {
	case n == 0:
		return "No role gives it"
	case n > maxNamed:
		return fmt.Sprintf("Roles that give it are %s and %d more", strings.Join(names[:maxNamed], ", "), n-maxNamed)
	case n == 1:
		return "The only role that gives it is " + names[0]
	default:
		return "Roles that give it are " + strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
