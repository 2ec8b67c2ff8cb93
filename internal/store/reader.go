package store

import (
	"context"

	"github.com/svc-users/svc-users"
)

// The methods of users.AccountReader outside a transaction: each is one statement, a search a few, tried again
// where its connection breaks.

// Account implements users.AccountReader.
func (s *Store) Account(ctx context.Context, id users.ID) (users.Account, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.Account, error) {
		return s.reads().Account(ctx, id)
	})
}

// AccountByEmail implements users.AccountReader.
func (s *Store) AccountByEmail(ctx context.Context, e users.Email) (users.Account, users.PasswordHash, error) {
	var hash users.PasswordHash
	account, err := retry(ctx, s, s.readLimit, func(ctx context.Context) (a users.Account, err error) {
		a, hash, err = s.reads().AccountByEmail(ctx, e)
		return a, err
	})
	return account, hash, err
}

// Accounts implements users.AccountReader.
func (s *Store) Accounts(ctx context.Context, f users.AccountFilter, list users.List) ([]users.Account, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.Account, error) {
		return s.reads().Accounts(ctx, f, list)
	})
}

// CountAccounts implements users.AccountReader.
func (s *Store) CountAccounts(ctx context.Context, f users.AccountFilter, limit int) (int, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (int, error) {
		return s.reads().CountAccounts(ctx, f, limit)
	})
}

// CountRoleHolders implements users.AccountReader.
func (s *Store) CountRoleHolders(ctx context.Context, role users.ID, active bool) (int, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (int, error) {
		return s.reads().CountRoleHolders(ctx, role, active)
	})
}

// ServiceAccount implements users.ServiceAccountReader.
func (s *Store) ServiceAccount(ctx context.Context, id users.ID) (users.ServiceAccount, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.ServiceAccount, error) {
		return s.reads().ServiceAccount(ctx, id)
	})
}

// ServiceAccounts implements users.ServiceAccountReader.
func (s *Store) ServiceAccounts(ctx context.Context, f users.ServiceAccountFilter, list users.List) ([]users.ServiceAccount, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.ServiceAccount, error) {
		return s.reads().ServiceAccounts(ctx, f, list)
	})
}

// CountServiceAccounts implements users.ServiceAccountReader.
func (s *Store) CountServiceAccounts(ctx context.Context, f users.ServiceAccountFilter, limit int) (int, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (int, error) {
		return s.reads().CountServiceAccounts(ctx, f, limit)
	})
}

// PasswordHash implements users.AccountReader.
func (s *Store) PasswordHash(ctx context.Context, id users.ID) (users.PasswordHash, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.PasswordHash, error) {
		return s.reads().PasswordHash(ctx, id)
	})
}

// DemoPasswords implements users.AccountReader.
func (s *Store) DemoPasswords(ctx context.Context) ([]users.Email, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.Email, error) {
		return s.reads().DemoPasswords(ctx)
	})
}
