package store

import (
	"strconv"
	"strings"

	"github.com/svc-users/svc-users"
)

// dialect is SQL that the engines write differently. What needs no argument is in traits.
type dialect interface {
	// hex is an expression of the bytes in a column, as hexadecimal digits of either case.
	hex(column string) string
	// candidates are the accounts whose addresses have all of the trigrams.
	candidates(v *values, trigrams []string) candidates
	// short returns a query that does the same as one which is to be cut to at most shortCut rows.
	short(query string) string
}

// values are what a statement binds, in the making of it.
type values struct{ args []any }

// bind returns the placeholder of a value.
func (v *values) bind(value any) string {
	v.args = append(v.args, value)
	return "$" + strconv.Itoa(len(v.args))
}

// compare compares columns with values as one: by the first of them, by the next where those are equal, and so
// on, which is the order of an index on these columns.
func (v *values) compare(columns []string, operator string, with []any) string {
	placeholders := make([]string, len(with))
	for i, value := range with {
		placeholders[i] = v.bind(value)
	}
	return `(` + strings.Join(columns, `, `) + `) ` + operator + ` (` + strings.Join(placeholders, `, `) + `)`
}

func where(terms []string) string {
	if len(terms) == 0 {
		return ``
	}
	return ` WHERE ` + strings.Join(terms, ` AND `)
}

// sortColumns are what accounts a are sorted by. Addresses are unique: there are no equals among them that ids
// would have to decide.
func sortColumns(o users.Order) []string {
	if o.ByText {
		return []string{`a.email_key`}
	}
	return []string{`a.created_at`, `a.id`}
}

// place returns the values of the sort columns at a position.
func place(o users.Order, p users.Position) []any {
	if o.ByText {
		return []any{p.Text}
	}
	return []any{instant(p.Time), p.ID.String()}
}

func orderBy(columns []string, o users.Order) string {
	direction := ``
	if o.Descending {
		direction = ` DESC`
	}
	return ` ORDER BY ` + strings.Join(columns, direction+`, `) + direction
}

// comparisonFor returns the operator that leads on in an order, and its opposite.
func comparisonFor(o users.Order) (on, back string) {
	if o.Descending {
		return `<`, `>`
	}
	return `>`, `<`
}
