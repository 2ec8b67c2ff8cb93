package store

import (
	"strings"

	"github.com/svc-users/svc-users"
)

// indexRange is a run of rows of one index on accounts: those whose leading columns have given values, sorted by the
// columns that follow.
type indexRange struct {
	columns []string
	values  []any
}

// indexRanges returns the ranges of indexes that together are the accounts of a role and a state. There are indexes
// that begin with the state, and with the role and the state, in both orders. The latter have the state as a
// number: asked for that, PostgreSQL cannot read the former instead and pass over all that is of another role.
func indexRanges(f users.AccountFilter) []indexRange {
	role, state := []string{`role_id`, `CAST(is_active AS integer)`}, []string{`is_active`}
	switch {
	case f.RoleID.IsZero() && f.Active == nil:
		return []indexRange{{}}
	case f.RoleID.IsZero():
		return []indexRange{{state, []any{*f.Active}}}
	case f.Active != nil && *f.Active:
		return []indexRange{{role, []any{f.RoleID.String(), 1}}}
	case f.Active != nil:
		return []indexRange{{role, []any{f.RoleID.String(), 0}}}
	}
	return []indexRange{{role, []any{f.RoleID.String(), 1}}, {role, []any{f.RoleID.String(), 0}}}
}

// window is the part of an index range that is wanted, and the order.
type window struct {
	order  users.Order
	after  *users.Position // where it begins, this one left out; nil is the start
	until  *users.Position // where it ends, this one included; nil is the end
	prefix string          // that addresses begin with, in the order of addresses
}

// scan returns a query for columns of each account in the index ranges of a filter, in the order of the window, as far as
// extra terms hold. Each range is cut by itself: PostgreSQL would sort them all first.
func (q queries) scan(v *values, f users.AccountFilter, w window, columns string, extra []string, limit, offset int) string {
	ranges := indexRanges(f)
	if len(ranges) == 1 {
		return q.cut(v, ranges[0].scan(v, w, columns, extra), limit, offset)
	}
	return `SELECT * FROM (
		SELECT * FROM (` + q.cut(v, ranges[0].scan(v, w, columns, extra), offset+limit, 0) + `) AS one
		UNION ALL SELECT * FROM (` + q.cut(v, ranges[1].scan(v, w, columns, extra), offset+limit, 0) + `) AS other
		) AS a` + orderBy(sortColumns(w.order), w.order) + ` LIMIT ` + v.bind(limit) + ` OFFSET ` + v.bind(offset)
}

// shortCut is no less than the rows of any page and the one beyond it.
const shortCut = 128

// cut cuts rows out of an ordered query.
func (q queries) cut(v *values, query string, limit, offset int) string {
	if offset+limit <= shortCut {
		query = q.dialect.short(query)
	}
	return query + ` LIMIT ` + v.bind(limit) + ` OFFSET ` + v.bind(offset)
}

// scan returns the query for one index range, from the window's begin to its end.
func (r indexRange) scan(v *values, w window, columns string, extra []string) string {
	sorted := sortColumns(w.order)
	terms := []string{people}
	for i, column := range r.columns {
		terms = append(terms, column+` = `+v.bind(r.values[i]))
	}
	for _, b := range []bound{w.begin(), w.end()} {
		if b.values != nil {
			terms = append(terms, v.compare(sorted, b.operator, b.values))
		}
	}
	by := orderBy(sorted, w.order)
	if len(r.columns) > 0 {
		by = orderByIndexRange(sorted, w.order)
	}
	return `SELECT ` + columns + ` FROM accounts a` + where(append(terms, extra...)) + by
}

// orderByIndexRange is orderBy for the indexes with leading columns. They have nulls first, and only they: there
// are no nulls, but so PostgreSQL cannot read the plain indexes instead, in the belief that what is of a role or
// state comes soon enough there. SQLite has no other order than nulls first.
func orderByIndexRange(columns []string, o users.Order) string {
	direction := ` NULLS FIRST`
	if o.Descending {
		direction = ` DESC NULLS LAST`
	}
	return ` ORDER BY ` + strings.Join(columns, direction+`, `) + direction
}

// bound is how the sort columns compare with a place where something begins or ends, such as email_key >= 'ada'.
type bound struct {
	operator string
	values   []any // nil where there is no bound
}

// lastRune sorts after every character that an address can contain.
const lastRune = "\U0010FFFF"

// begin returns the lower bound of the window: the later one of the position and the prefix, since an engine would start
// at either and skip all rows up to the other.
func (w window) begin() bound {
	on, _ := comparisonFor(w.order)
	switch {
	case w.prefix == "" && w.after == nil:
		return bound{}
	case w.prefix == "":
		return bound{on, place(w.order, *w.after)}
	case w.order.Descending && (w.after == nil || w.after.Text > w.prefix+lastRune):
		return bound{on, []any{w.prefix + lastRune}}
	case !w.order.Descending && (w.after == nil || w.after.Text < w.prefix):
		return bound{on + `=`, []any{w.prefix}}
	}
	return bound{on, place(w.order, *w.after)}
}

// end is where the window ends.
func (w window) end() bound {
	_, back := comparisonFor(w.order)
	switch {
	case w.prefix != "" && w.order.Descending:
		return bound{back + `=`, []any{w.prefix}}
	case w.prefix != "":
		return bound{back, []any{w.prefix + lastRune}}
	case w.until != nil:
		return bound{back + `=`, place(w.order, *w.until)}
	}
	return bound{}
}
