package store

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"github.com/svc-users/svc-users"
)

const (
	// walkedRows is how many rows of a list a search scans, and walkedPerRow how many more for each wanted row. A part
	// that one account in a hundred matches then fills a page without the index of parts.
	walkedRows   = 5000
	walkedPerRow = 10
	// gatheredRows is how many accounts are taken from the index of parts, to be sorted.
	gatheredRows = 20_000
)

// isPrefix reports whether part is so short that only beginnings are meant.
func isPrefix(part string) bool { return utf8.RuneCountInString(part) <= 2 }

// findsNothing reports whether no address can have part, and PostgreSQL would refuse even to look.
func findsNothing(part string) bool { return strings.ContainsRune(part, 0) || !utf8.ValidString(part) }

// matching returns the term that an account a is found by part. There are no patterns, hence no wildcards, and
// no engine can make of it a reason to take another index than it is told to.
func (q queries) matching(v *values, part string) string {
	found := q.traits.position + `(a.email_key, ` + v.bind(part) + `)`
	if isPrefix(part) {
		return found + ` = 1`
	}
	return found + ` > 0`
}

// search lists the accounts that match a part of an address, in one of two ways: a part that many addresses have fills a
// page soon by a scan of the list; a part that few have is looked up in an index of parts, and the result is sorted. The
// next few thousand rows of the list decide which. The worst case is a part that many addresses have, but none of those
// rows: then the whole list may have to be scanned.
func (q queries) search(ctx context.Context, f users.AccountFilter, list users.List) ([]users.Account, error) {
	near, ok, err := q.near(ctx, f, list)
	if err != nil {
		return nil, err
	}
	if !ok {
		return q.walk(ctx, f, list, nil)
	}
	found, err := q.walk(ctx, f, list, &near)
	if err != nil || len(found) == list.Limit {
		return found, err
	}
	found, all, err := q.gather(ctx, f, list)
	if err != nil || all {
		return found, err
	}
	return q.walk(ctx, f, list, nil)
}

// near returns the position up to which to walk first. False if the list ends before.
func (q queries) near(ctx context.Context, f users.AccountFilter, list users.List) (nearest users.Position, ok bool, err error) {
	w := window{order: list.Order, after: list.After}
	for _, run := range indexRanges(f) {
		v := &values{}
		query := run.scan(v, w, strings.Join(sortColumns(list.Order), `, `), nil)
		at, err := rows(ctx, q, "list accounts", scanPosition(list.Order),
			query+` LIMIT 1 OFFSET `+v.bind(walkedRows+walkedPerRow*(list.Offset+list.Limit)), v.args...)
		if err != nil {
			return nearest, false, err
		}
		if len(at) == 1 && (!ok || leads(list.Order, at[0], nearest)) {
			nearest, ok = at[0], true
		}
	}
	return nearest, ok, nil
}

func scanPosition(o users.Order) scanFunc[users.Position] {
	return func(r *sql.Rows) (p users.Position, err error) {
		if o.ByText {
			return p, r.Scan(&p.Text)
		}
		return p, r.Scan((*timeColumn)(&p.Time), (*idColumn)(&p.ID))
	}
}

// leads reports whether a comes before b in an order.
func leads(o users.Order, a, b users.Position) bool {
	c := strings.Compare(a.Text, b.Text)
	if !o.ByText {
		if c = a.Time.Compare(b.Time); c == 0 {
			c = a.ID.Compare(b.ID)
		}
	}
	return c != 0 && (c < 0) != o.Descending
}

// walk looks at the rows of a list, up to a position or its end.
func (q queries) walk(ctx context.Context, f users.AccountFilter, list users.List, until *users.Position) ([]users.Account, error) {
	v := &values{}
	w := window{order: list.Order, after: list.After, until: until}
	extra := []string{q.matching(v, f.Query)}
	if !list.Order.ByText {
		return q.withRoles(ctx, list.Order, v, q.scan(v, f, w, listed, extra, list.Limit, list.Offset))
	}
	// The addresses are in the index, so that only the rows that match need be read.
	matching := q.scan(v, f, w, `a.email_key`, extra, list.Limit, list.Offset)
	return q.withRoles(ctx, list.Order, v, `SELECT `+listed+` FROM (`+matching+`) AS m JOIN accounts a ON a.email_key = m.email_key`)
}
