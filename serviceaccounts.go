package users

import (
	"context"
	"errors"
	"slices"
	"strings"
)

const accountNameTaken = "A service account with this name already exists."

// ServiceAccountQuery brings what is searched for into the form in which names are compared.
func ServiceAccountQuery(q string) string { return strings.ToLower(q) }

// CreateServiceAccount needs service-accounts:create, and all that the role holds. ErrInvalid, ErrForbidden, ErrConflict
// for a name that is taken.
func (s *Service) CreateServiceAccount(ctx context.Context, c Caller, in NewServiceAccount) (ServiceAccount, error) {
	var made ServiceAccount
	err := s.Change(ctx, c, ServiceAccountsCreate, func(tx *Change) error {
		c := tx.Caller
		faults := slices.Clone(in.Found)
		made = ServiceAccount{
			Account: Account{
				ID: s.NewID(), Kind: SubjectService, Name: faults.AccountName("name", in.Name),
				Role: faults.role(c.graph, "role_id", in.RoleID), Active: in.Active == nil || *in.Active, TokenVersion: 1,
				CreatedAt: tx.Now, UpdatedAt: tx.Now,
			},
			Description: faults.Description("description", in.Description), Owner: Owner{Account: c.Subject.ID},
		}
		if in.Owner != "" {
			made.Owner = Owner{Service: in.Owner}
		}
		if in.OwnerID != nil {
			if err := setOwner(ctx, tx, &faults, &made, in.OwnerID); err != nil {
				return err
			}
		}
		if err := faults.Err(); err != nil {
			return err
		}
		if err := c.mayGive(made.Role); err != nil {
			return err
		}
		if err := tx.InsertServiceAccount(ctx, made); err != nil {
			return taken(err, accountNameTaken)
		}
		event, err := serviceAccountEvent(ctx, tx, AccountCreated, nil, &made)
		tx.Record(event)
		return err
	})
	return made, err
}

// ServiceAccount needs service-accounts:read. ErrNotFound for an id that is unknown, none, or of a person.
func (s *Service) ServiceAccount(ctx context.Context, c Caller, id string) (ServiceAccount, error) {
	if _, err := s.Authorize(ctx, c, ServiceAccountsRead); err != nil {
		return ServiceAccount{}, err
	}
	return serviceAccountNow(ctx, s.Store, id)
}

// serviceAccountNow finds a service account as r sees it now.
func serviceAccountNow(ctx context.Context, r ServiceAccountReader, text string) (ServiceAccount, error) {
	id, ok := ParseID(text)
	if !ok {
		return ServiceAccount{}, notFound("Service account")
	}
	a, err := r.ServiceAccount(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return ServiceAccount{}, notFound("Service account")
	}
	return a, err
}

// ServiceAccounts needs service-accounts:read. The query of f finds parts of names.
func (s *Service) ServiceAccounts(ctx context.Context, c Caller, f ServiceAccountFilter, p Paging) (Page[ServiceAccount], error) {
	if _, err := s.Authorize(ctx, c, ServiceAccountsRead); err != nil {
		return Page[ServiceAccount]{}, err
	}
	f.Query = ServiceAccountQuery(f.Query)
	rows, err := s.Store.ServiceAccounts(ctx, f, p.list())
	if err != nil {
		return Page[ServiceAccount]{}, err
	}
	page := cut(p, rows, func(a ServiceAccount) Position {
		return Position{Time: a.CreatedAt, Text: string(a.Name), ID: a.ID}
	})
	if p.Page == 0 {
		return page, nil
	}
	limit := 0
	if f.Query != "" {
		limit = maxSearchTotal + 1
	}
	page.Total, err = s.Store.CountServiceAccounts(ctx, f, limit)
	if limit > 0 && page.Total >= limit {
		page.Total, page.Exact = maxSearchTotal, false
	}
	return page, err
}

// UpdateServiceAccount needs service-accounts:update, and what changing an account takes. ErrInvalid, ErrNotFound,
// ErrForbidden, ErrConflict for a name that is taken.
func (s *Service) UpdateServiceAccount(ctx context.Context, c Caller, id string, in ServiceAccountPatch) (ServiceAccount, error) {
	var after ServiceAccount
	err := s.Change(ctx, c, ServiceAccountsUpdate, func(tx *Change) error {
		before, missing := serviceAccountNow(ctx, tx, id)
		if missing != nil && !errors.Is(missing, ErrNotFound) {
			return missing
		}
		var err error
		if after, err = applyServicePatch(ctx, tx, before, in); err != nil {
			return err
		}
		if missing != nil {
			return missing
		}
		return updateServiceAccount(ctx, tx, before, &after)
	})
	return after, err
}

// applyServicePatch returns the service account as the patch would have it. ErrInvalid.
func applyServicePatch(ctx context.Context, tx *Change, a ServiceAccount, in ServiceAccountPatch) (ServiceAccount, error) {
	faults := slices.Clone(in.Found)
	if in.Name != nil {
		a.Name = faults.AccountName("name", *in.Name)
	}
	if in.Description.Set {
		a.Description = faults.Description("description", in.Description.To)
	}
	if in.RoleID != nil {
		if role := faults.role(tx.Caller.graph, "role_id", *in.RoleID); role.ID != a.Role.ID {
			a.Role = role
		}
	}
	if in.Active != nil {
		a.Active = *in.Active
	}
	if in.OwnerID.Set {
		if err := setOwner(ctx, tx, &faults, &a, in.OwnerID.To); err != nil {
			return ServiceAccount{}, err
		}
	}
	if in.Owner != "" {
		a.Owner = Owner{Service: in.Owner}
	}
	return a, faults.Err()
}

// setOwner gives a service account the owner with an id, or none. A fault names owner_id.
func setOwner(ctx context.Context, tx *Change, faults *Faults, a *ServiceAccount, owner *string) error {
	a.Owner = Owner{}
	if owner == nil {
		return nil
	}
	id, ok := ParseID(*owner)
	if !ok {
		faults.Add("owner_id", "must be a UUID")
		return nil
	}
	_, err := tx.Account(ctx, id)
	if errors.Is(err, ErrNotFound) {
		faults.Add("owner_id", "must be the id of an account")
		return nil
	}
	a.Owner.Account = id
	return err
}

// updateServiceAccount decides on a change and makes it.
func updateServiceAccount(ctx context.Context, tx *Change, before ServiceAccount, after *ServiceAccount) error {
	c := tx.Caller
	if err := c.mayChangeAccount(before.Account); err != nil {
		return err
	}
	if after.Role.ID != before.Role.ID {
		if err := c.mayGive(after.Role); err != nil {
			return err
		}
	}
	if before.Active && !after.Active {
		after.TokenVersion = before.nextTokenVersion(tx.Now)
	}
	if after.Account == before.Account && sameText(after.Description, before.Description) && after.Owner == before.Owner {
		return nil
	}
	after.UpdatedAt = tx.Now
	if err := tx.UpdateServiceAccount(ctx, *after); err != nil {
		return taken(err, accountNameTaken)
	}
	event, err := serviceAccountEvent(ctx, tx, AccountUpdated, &before, after)
	tx.Record(event)
	return err
}

// DeleteServiceAccount needs service-accounts:delete, and what changing an account takes. Its tokens are dead at once.
// ErrNotFound, ErrForbidden.
func (s *Service) DeleteServiceAccount(ctx context.Context, c Caller, id string) error {
	return s.reduce(ctx, c, ServiceAccountsDelete, func(tx *Change) error {
		target, err := serviceAccountNow(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := tx.Caller.mayChangeAccount(target.Account); err != nil {
			return err
		}
		event, err := serviceAccountEvent(ctx, tx, AccountDeleted, &target, nil)
		if err != nil {
			return err
		}
		if err := deleteClientSecrets(ctx, tx, target.Account); err != nil {
			return err
		}
		if err := tx.DeleteAccount(ctx, target.ID); err != nil {
			return err
		}
		tx.Record(event)
		return nil
	})
}
