package store

import (
	"strings"

	"github.com/svc-users/svc-users"
)

// stretch is a run of rows of one index on accounts: those whose leading columns have given values, sorted by
// the columns that follow.
type stretch struct {
	columns []string
	values  []any
}

// stretches returns the runs of indexes that together are the accounts of a role and a state. There are indexes
// that begin with the state, and with the role and the state, in both orders. The latter have the state as a
// number: asked for that, PostgreSQL cannot read the former instead and pass over all that is of another role.
func stretches(f users.AccountFilter) []stretch {
	role, state := []string{`role_id`, `CAST(is_active AS integer)`}, []string{`is_active`}
	switch {
	case f.RoleID.IsZero() && f.Active == nil:
		return []stretch{{}}
	case f.RoleID.IsZero():
		return []stretch{{state, []any{*f.Active}}}
	case f.Active != nil && *f.Active:
		return []stretch{{role, []any{f.RoleID.String(), 1}}}
	case f.Active != nil:
		return []stretch{{role, []any{f.RoleID.String(), 0}}}
	}
	return []stretch{{role, []any{f.RoleID.String(), 1}}, {role, []any{f.RoleID.String(), 0}}}
}

// span is the part of a stretch that is wanted, and the order.
type span struct {
	order  users.Order
	after  *users.Position // where it begins, this one left out; nil is the start
	until  *users.Position // where it ends, this one included; nil is the end
	prefix string          // that addresses begin with, in the order of addresses
}

// along returns a query of what is asked for of each account in the stretches of a filter, in the order of the
// span, as far as extra terms hold. Each stretch is cut by itself: PostgreSQL would sort them all first.
func (q queries) along(v *values, f users.AccountFilter, s span, what string, extra []string, limit, offset int) string {
	runs := stretches(f)
	if len(runs) == 1 {
		return q.cut(v, runs[0].query(v, s, what, extra), limit, offset)
	}
	return `SELECT * FROM (
		SELECT * FROM (` + q.cut(v, runs[0].query(v, s, what, extra), offset+limit, 0) + `) AS one
		UNION ALL SELECT * FROM (` + q.cut(v, runs[1].query(v, s, what, extra), offset+limit, 0) + `) AS other
		) AS a` + orderBy(sortColumns(s.order), s.order) + ` LIMIT ` + v.bind(limit) + ` OFFSET ` + v.bind(offset)
}

// shortCut is no less than the rows of any page and the one beyond it.
const shortCut = 128

// cut cuts rows out of an ordered query.
func (q queries) cut(v *values, query string, limit, offset int) string {
	if offset+limit <= shortCut {
		query = q.engine.short(query)
	}
	return query + ` LIMIT ` + v.bind(limit) + ` OFFSET ` + v.bind(offset)
}

// query begins at one edge of what is wanted of a stretch and ends at the other.
func (r stretch) query(v *values, s span, what string, extra []string) string {
	sorted := sortColumns(s.order)
	var terms []string
	for i, column := range r.columns {
		terms = append(terms, column+` = `+v.bind(r.values[i]))
	}
	for _, e := range []edge{s.begin(), s.end()} {
		if e.place != nil {
			terms = append(terms, v.compare(sorted, e.operator, e.place))
		}
	}
	by := orderBy(sorted, s.order)
	if len(r.columns) > 0 {
		by = orderOfStretch(sorted, s.order)
	}
	return `SELECT ` + what + ` FROM accounts a` + where(append(terms, extra...)) + by
}

// orderOfStretch is orderBy for the indexes with leading columns. They have nulls first, and only they: there
// are no nulls, but so PostgreSQL cannot read the plain indexes instead, in the belief that what is of a role or
// state comes soon enough there. SQLite has no other order than nulls first.
func orderOfStretch(columns []string, o users.Order) string {
	direction := ` NULLS FIRST`
	if o.Descending {
		direction = ` DESC NULLS LAST`
	}
	return ` ORDER BY ` + strings.Join(columns, direction+`, `) + direction
}

// edge is how the sort columns compare with a place where something begins or ends.
type edge struct {
	operator string
	place    []any // nil where there is no edge
}

// lastRune sorts after every character that an address can contain.
const lastRune = "\U0010FFFF"

// begin is where the span begins. Of a position and a prefix the one that is further on counts: an engine
// begins at one and would pass over all rows up to the other.
func (s span) begin() edge {
	on, _ := past(s.order)
	switch {
	case s.prefix == "" && s.after == nil:
		return edge{}
	case s.prefix == "":
		return edge{on, place(s.order, *s.after)}
	case s.order.Descending && (s.after == nil || s.after.Text > s.prefix+lastRune):
		return edge{on, []any{s.prefix + lastRune}}
	case !s.order.Descending && (s.after == nil || s.after.Text < s.prefix):
		return edge{on + `=`, []any{s.prefix}}
	}
	return edge{on, place(s.order, *s.after)}
}

// end is where the span ends.
func (s span) end() edge {
	_, back := past(s.order)
	switch {
	case s.prefix != "" && s.order.Descending:
		return edge{back + `=`, []any{s.prefix}}
	case s.prefix != "":
		return edge{back, []any{s.prefix + lastRune}}
	case s.until != nil:
		return edge{back + `=`, place(s.order, *s.until)}
	}
	return edge{}
}
