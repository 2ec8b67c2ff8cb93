package store

import (
	"context"
	"database/sql"

	"github.com/svc-users/svc-users"
)

// services is the term that accounts a are of programs, written out for the sake of partial indexes, as people is.
const services = `a.kind = 'service'`

// serviceColumns are those of a service account beside its account's; see fromServices. A row of service_accounts is
// missing only where an account was added by hand.
const serviceColumns = accountColumns + `, s.description, s.owner_id, s.owner`

// fromServices joins what serviceColumns are of. accounts a come from a table expression.
func fromServices(accounts string) string {
	return ` FROM ` + accounts + ` JOIN roles r ON r.id = a.role_id LEFT JOIN service_accounts s ON s.account_id = a.id`
}

func scanServiceAccount(r *sql.Rows) (s users.ServiceAccount, err error) {
	var a accountRow
	s.Account, err = a.scan(r, &s.Description, (*idColumn)(&s.Owner.Account), (*ownerColumn)(&s.Owner.Service))
	return s, err
}

// ServiceAccount implements users.ServiceAccountReader.
func (q queries) ServiceAccount(ctx context.Context, id users.ID) (users.ServiceAccount, error) {
	return row(ctx, q, "read a service account", scanServiceAccount,
		`SELECT `+serviceColumns+fromServices(`accounts a`)+` WHERE a.id = $1 AND `+services, id.String())
}

// ServiceAccounts implements users.ServiceAccountReader. A piece is cut before anything is joined to it, as of lists of
// people.
func (q queries) ServiceAccounts(ctx context.Context, f users.ServiceAccountFilter, list users.List) ([]users.ServiceAccount, error) {
	if list.Limit <= 0 || findsNothing(f.Query) {
		return nil, nil
	}
	v := &values{}
	terms := append(q.chosenServices(v, f), after(v, list)...)
	by := orderBy(sortColumns(list.Order), list.Order)
	piece := `SELECT ` + listed + ` FROM accounts a` + where(terms) + by +
		` LIMIT ` + v.bind(list.Limit) + ` OFFSET ` + v.bind(max(list.Offset, 0))
	return rows(ctx, q, "list service accounts", scanServiceAccount,
		`SELECT `+serviceColumns+fromServices(`(`+piece+`) AS a`)+by, v.args...)
}

// CountServiceAccounts implements users.ServiceAccountReader.
func (q queries) CountServiceAccounts(ctx context.Context, f users.ServiceAccountFilter, limit int) (int, error) {
	if findsNothing(f.Query) {
		return 0, nil
	}
	v := &values{}
	query := `SELECT 1 FROM accounts a` + where(q.chosenServices(v, f))
	if limit > 0 {
		query += ` LIMIT ` + v.bind(limit)
	}
	return q.count(ctx, v, query)
}

// chosenServices returns the terms of a filter for service accounts.
func (q queries) chosenServices(v *values, f users.ServiceAccountFilter) []string {
	terms := []string{services}
	if f.Name != "" {
		terms = append(terms, `a.email_key = `+v.bind(string(f.Name)))
	}
	if f.Query != "" {
		terms = append(terms, q.matching(v, f.Query))
	}
	if !f.OwnerID.IsZero() {
		terms = append(terms, `a.id IN (SELECT account_id FROM service_accounts WHERE owner_id = `+v.bind(f.OwnerID.String())+`)`)
	}
	if f.DeclaredBy != "" {
		terms = append(terms, `a.id IN (SELECT account_id FROM service_accounts WHERE owner = `+v.bind(string(f.DeclaredBy))+`)`)
	}
	return append(terms, chosenByRole(v, f.RoleID, f.Active)...)
}

// InsertServiceAccount implements users.ServiceAccountWriter.
func (q queries) InsertServiceAccount(ctx context.Context, a users.ServiceAccount) error {
	err := q.change(ctx, "insert the account of a program", users.ErrBadReference,
		`INSERT INTO accounts (id, kind, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
		VALUES ($1, 'service', $2, $2, $3, $4, $5, $6, $7, $8)`,
		a.ID.String(), string(a.Name), string(users.NoPassword), a.Role.ID.String(), a.Active, a.TokenVersion, instant(a.CreatedAt), instant(a.UpdatedAt))
	if err != nil {
		return err
	}
	return q.change(ctx, "insert a service account", users.ErrBadReference,
		`INSERT INTO service_accounts (account_id, description, owner_id, owner) VALUES ($1, $2, $3, $4)`,
		a.ID.String(), a.Description, optional(a.Owner.Account), owned(a.Owner.Service))
}

// UpdateServiceAccount implements users.ServiceAccountWriter.
func (q queries) UpdateServiceAccount(ctx context.Context, a users.ServiceAccount) error {
	err := q.change(ctx, "update the account of a program", users.ErrBadReference,
		`UPDATE accounts SET email = $2, email_key = $2, role_id = $3, is_active = $4, token_version = $5, updated_at = $6
		WHERE id = $1 AND kind = 'service'`,
		a.ID.String(), string(a.Name), a.Role.ID.String(), a.Active, a.TokenVersion, instant(a.UpdatedAt))
	if err != nil {
		return err
	}
	return q.change(ctx, "update a service account", users.ErrBadReference,
		`INSERT INTO service_accounts (account_id, description, owner_id, owner) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id) DO UPDATE SET description = excluded.description, owner_id = excluded.owner_id, owner = excluded.owner`,
		a.ID.String(), a.Description, optional(a.Owner.Account), owned(a.Owner.Service))
}
