package users

import (
	"context"
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
	OutOfScope        Reason = "out_of_scope"       // its role has it, and the API key or exchanged token that it is asked about does not
)

// Explanation says whether an account may do something now, and why.
type Explanation struct {
	Account    Account
	Permission PermissionName
	// APIKey is the one that the question is about; nil if it is about the account alone.
	APIKey *APIKey
	// byToken says that the question is about the exchanged token of the caller.
	byToken bool
	Reason  Reason
	// Path is how the account's role has the permission, also while the account is disabled; empty if it has not.
	Path []RoleName
	// PermissionsOmitted says that tokens of the account have no room for its permissions.
	PermissionsOmitted bool
	// Act is who acts by the token of the caller, if the question is what the account may do by that; else nil.
	Act *Actor
	// GrantedBy are the roles that give the permission: those that it is assigned to, those that inherit it, Admin.
	GrantedBy []RoleName
}

// ExplainQuery asks whether an account may do something, as the request gave it.
type ExplainQuery struct {
	Permission string
	// APIKey is the id of an API key of the account, by which it would act; nil for the account alone.
	APIKey *string
	Found  Faults
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

// Explain needs accounts:read, and api-keys:read for a question about an API key. ErrInvalid for what is no permission's
// name and no live API key of the account, ErrNotFound for an id that is unknown or none. A permission that does not exist is
// explained too: no account has it. To a caller with an API key, or an exchanged token, its own account is explained as that has it.
func (s *Service) Explain(ctx context.Context, c Caller, id string, in ExplainQuery) (Explanation, error) {
	needs := []PermissionName{AccountsRead}
	if in.APIKey != nil {
		needs = append(needs, APIKeysRead)
		if err := c.RefuseRestricted(); err != nil {
			return Explanation{}, err
		}
	}
	c, err := s.Authorize(ctx, c, needs...)
	if err != nil {
		return Explanation{}, err
	}
	faults := slices.Clone(in.Found)
	name := faults.PermissionName("permission", in.Permission)
	if err := faults.Err(); err != nil {
		return Explanation{}, err
	}
	access, err := s.accessOf(ctx, id)
	if err != nil {
		return Explanation{}, err
	}
	if in.APIKey == nil && !c.APIKey.IsZero() && !c.exchanged && c.Subject.is(access.Account.ID) {
		own := c.APIKey.String()
		in.APIKey = &own
	}
	e, err := s.explainAccess(ctx, access, name, in.APIKey)
	if err == nil && c.exchanged && c.Subject.is(access.Account.ID) {
		e.Act, e.byToken = c.Act, true
		if e.Reason == Granted && !c.May(name) {
			e.Reason = OutOfScope
		}
	}
	return e, err
}

// explainAccess explains what an account may do or, if an API key is named by its id, what it may do by that.
func (s *Service) explainAccess(ctx context.Context, access Access, p PermissionName, apiKey *string) (Explanation, error) {
	if apiKey == nil {
		return s.explain(access, p, nil), nil
	}
	keys, err := s.Store.APIKeys(ctx, access.Account.ID, s.now())
	if err != nil {
		return Explanation{}, err
	}
	key, err := pickAPIKey(keys, *apiKey)
	if err != nil {
		return Explanation{}, Faults{{"api_key", "is not the id of a live API key of this account"}}.Err()
	}
	return s.explain(access, p, &key), nil
}

// ExplainByLabel explains to the operator of the machine. The label is the e-mail of a person or the name of a service
// account. ErrInvalid, ErrNotFound for a label that no account has.
func (s *Service) ExplainByLabel(ctx context.Context, label string, in ExplainQuery) (Explanation, error) {
	faults := slices.Clone(in.Found)
	find := faults.label("account", label)
	name := faults.PermissionName("permission", in.Permission)
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
	return s.explainAccess(ctx, access, name, in.APIKey)
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

// explain explains the account or, if key is not nil, what it may do by that.
func (a Access) explain(p PermissionName, key *APIKey) Explanation {
	e := Explanation{
		Account: a.Account, Permission: p, APIKey: key, GrantedBy: a.Graph.grantedBy(p), Path: a.Graph.path(a.Account.Role.ID, p),
	}
	if e.Reason = a.reason(p); e.Reason == Granted && key != nil && !key.Scope.Has(p) {
		e.Reason = OutOfScope
	}
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
