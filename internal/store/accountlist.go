package store

import (
	"context"

	"github.com/svc-users/svc-users"
)

// listed are the columns of accounts that a list is cut from.
const listed = `a.id, a.kind, a.email, a.email_key, a.role_id, a.is_active, a.token_version, a.created_at, a.updated_at`

// Accounts implements users.AccountReader. What a list costs depends on the rows that it returns and passes
// over, not on how many accounts there are or how deep in the list it begins. A search is more work; see search.
func (q queries) Accounts(ctx context.Context, f users.AccountFilter, list users.List) ([]users.Account, error) {
	if list.Limit <= 0 || findsNothing(f.Query) {
		return nil, nil
	}
	list.Offset = max(list.Offset, 0)
	switch {
	case !f.Email.IsZero():
		return q.accountByFilter(ctx, f, list)
	case f.Query == "" || isPrefix(f.Query) && list.Order.ByText:
		v := &values{}
		w := window{order: list.Order, after: list.After, prefix: f.Query}
		return q.withRoles(ctx, list.Order, v, q.scan(v, f, w, listed, nil, list.Limit, list.Offset))
	}
	return q.search(ctx, f, list)
}

// withRoles runs a query for rows of listed and joins them with their roles. A piece is cut before roles are
// joined to it, so that neither engine can be led to begin with the roles and sort all accounts.
func (q queries) withRoles(ctx context.Context, o users.Order, v *values, piece string) ([]users.Account, error) {
	return rows(ctx, q, "list accounts", scanAccount,
		`SELECT `+accountColumns+` FROM (`+piece+`) AS a JOIN roles r ON r.id = a.role_id`+orderBy(sortColumns(o), o), v.args...)
}

// accountByFilter is the list of the account with the filter's address, if it is chosen by all else too.
func (q queries) accountByFilter(ctx context.Context, f users.AccountFilter, list users.List) ([]users.Account, error) {
	v := &values{}
	terms := append(q.chosen(v, f), after(v, list)...)
	return q.withRoles(ctx, list.Order, v, `SELECT `+listed+` FROM accounts a`+where(terms)+
		` LIMIT `+v.bind(list.Limit)+` OFFSET `+v.bind(list.Offset))
}

// chosen returns the terms of a filter for accounts of people that are found some other way than along an index.
func (q queries) chosen(v *values, f users.AccountFilter) []string {
	terms := []string{people}
	if !f.Email.IsZero() {
		terms = append(terms, `a.email_key = `+v.bind(f.Email.Canonical()))
	}
	if f.Query != "" {
		terms = append(terms, q.matching(v, f.Query))
	}
	return append(terms, chosenByRole(v, f.RoleID, f.Active)...)
}

// chosenByRole returns the terms for a role and a state, either of which may be none.
func chosenByRole(v *values, role users.ID, active *bool) []string {
	var terms []string
	if !role.IsZero() {
		terms = append(terms, `a.role_id = `+v.bind(role.String()))
	}
	if active != nil {
		terms = append(terms, `a.is_active = `+v.bind(*active))
	}
	return terms
}

// after is chosen for where a list begins.
func after(v *values, list users.List) []string {
	if list.After == nil {
		return nil
	}
	on, _ := comparisonFor(list.Order)
	return []string{v.compare(sortColumns(list.Order), on, place(list.Order, *list.After))}
}
