package store

import (
	"context"
	"database/sql"

	"github.com/svc-users/svc-users"
)

// CountAccounts implements users.AccountReader. With a limit the rows themselves are counted: what is decided
// by that, such as whether an administrator is the last, does not rest on a total kept elsewhere. Without one
// the totals are read that triggers keep, unless an address or a part of one is asked for.
func (q queries) CountAccounts(ctx context.Context, f users.AccountFilter, limit int) (int, error) {
	switch {
	case findsNothing(f.Query):
		return 0, nil
	case !f.Email.IsZero() || f.Query != "" && limit <= 0:
		v := &values{}
		return q.count(ctx, v, `SELECT 1 FROM accounts a`+where(q.chosen(v, f)))
	case f.Query != "" && !isPrefix(f.Query):
		return q.countFound(ctx, f, limit)
	case limit > 0:
		return q.countByScan(ctx, f, nil, limit)
	}
	return q.total(ctx, f)
}

// count counts the rows of a query.
func (q queries) count(ctx context.Context, v *values, query string) (int, error) {
	return row(ctx, q, "count accounts", scanInt, `SELECT count(*) FROM (`+query+`) AS counted`, v.args...)
}

// countAlong counts along indexes, in which the addresses are, the accounts of a filter up to a limit.
func (q queries) countByScan(ctx context.Context, f users.AccountFilter, search func(*values) string, limit int) (int, error) {
	v := &values{}
	w := window{order: users.Order{ByText: true}}
	var extra []string
	if search != nil {
		extra = append(extra, search(v))
	} else {
		w.prefix = f.Query
	}
	return q.count(ctx, v, q.scan(v, f, w, `email_key`, extra, limit, 0))
}

// total reads how many people have the filter's role and state: the totals that triggers keep are of all accounts, of
// which those of programs, which are few, are counted and taken away.
func (q queries) total(ctx context.Context, f users.AccountFilter) (int, error) {
	v := &values{}
	terms := where(chosenByRole(v, f.RoleID, f.Active))
	services := append([]string{services}, chosenByRole(v, f.RoleID, f.Active)...)
	return row(ctx, q, "read how many accounts there are", func(r *sql.Rows) (int, error) {
		var all, programs int
		err := r.Scan(&all, &programs)
		return all - programs, err
	}, `SELECT (SELECT CAST(coalesce(sum(total), 0) AS bigint) FROM account_counts a`+terms+`), (SELECT count(*) FROM accounts a`+where(services)+`)`, v.args...)
}

// CountRoleHolders implements users.AccountReader.
func (q queries) CountRoleHolders(ctx context.Context, role users.ID, active bool) (int, error) {
	v := &values{}
	var state *bool
	if active {
		state = &active
	}
	return row(ctx, q, "count the accounts of a role", scanInt,
		`SELECT CAST(coalesce(sum(total), 0) AS bigint) FROM account_counts a`+where(chosenByRole(v, role, state)), v.args...)
}
