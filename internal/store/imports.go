package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
)

var (
	_ importer.Store = (*Store)(nil)
	_ importer.Tx    = (*tx)(nil)
)

// inLists returns the rows of a query for a list of values, in pieces of insertedAtOnce values.
func inLists[T any](ctx context.Context, q queries, doing string, scan scanFunc[T], query func(list string) string, items []string) ([]T, error) {
	var found []T
	for some := range slices.Chunk(items, insertedAtOnce) {
		v := &values{}
		places := make([]string, len(some))
		for i, item := range some {
			places[i] = v.bind(item)
		}
		list, err := rows(ctx, q, doing, scan, query(`(`+strings.Join(places, `, `)+`)`), v.args...)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

// AccountsByEmails implements importer.Tx. No term says that they are of people, because no name of a program is an e-mail:
// with it a PostgreSQL that has no statistics of a growing table reads all of an index on people for each list.
func (q queries) AccountsByEmails(ctx context.Context, emails []users.Email) ([]users.Account, error) {
	keys := make([]string, len(emails))
	for i, e := range emails {
		keys[i] = e.Canonical()
	}
	return inLists(ctx, q, "read accounts by their e-mails", scanAccount, func(list string) string {
		return selectAccount + ` WHERE a.email_key IN ` + list
	}, keys)
}

// AccountsByEmails implements importer.Store.
func (s *Store) AccountsByEmails(ctx context.Context, emails []users.Email) ([]users.Account, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.Account, error) {
		return s.reads().AccountsByEmails(ctx, emails)
	})
}

// UsedIDs implements importer.Tx. What followers were told of an account that is gone must not be said of another one.
func (q queries) UsedIDs(ctx context.Context, ids []users.ID) ([]users.ID, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return inLists(ctx, q, "look for ids of accounts", func(r *sql.Rows) (users.ID, error) {
		var id idColumn
		err := r.Scan(&id)
		return users.ID(id), err
	}, func(list string) string {
		return `SELECT id FROM accounts WHERE id IN ` + list + ` UNION SELECT account_id FROM account_changes WHERE account_id IN ` + list
	}, texts)
}

// UsedIDs implements importer.Store.
func (s *Store) UsedIDs(ctx context.Context, ids []users.ID) ([]users.ID, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.ID, error) { return s.reads().UsedIDs(ctx, ids) })
}

// InsertFactors implements importer.Tx.
func (q queries) InsertFactors(ctx context.Context, list []importer.Factor) error {
	rows := make([][]any, len(list))
	for i, f := range list {
		rows[i] = []any{f.ID.String(), f.Account.String(), f.Kind, f.Sealed, instant(f.CreatedAt)}
	}
	return q.insertRows(ctx, "insert second factors", "imported_factors", []string{"id", "account_id", "kind", "sealed", "created_at"}, rows)
}

// Factors implements importer.Tx.
func (q queries) Factors(ctx context.Context, after users.ID, limit int) ([]importer.Factor, error) {
	return rows(ctx, q, "read second factors", func(r *sql.Rows) (f importer.Factor, err error) {
		return f, r.Scan((*idColumn)(&f.ID), (*idColumn)(&f.Account), &f.Kind, &f.Sealed, (*timeColumn)(&f.CreatedAt))
	}, `SELECT id, account_id, kind, sealed, created_at FROM imported_factors WHERE id > $1 ORDER BY id LIMIT $2`, after.String(), limit)
}

// ResealFactor implements importer.Tx.
func (q queries) ResealFactor(ctx context.Context, id users.ID, sealed string) error {
	return q.change(ctx, "encrypt a second factor anew", users.ErrInUse, `UPDATE imported_factors SET sealed = $2 WHERE id = $1`, id.String(), sealed)
}
