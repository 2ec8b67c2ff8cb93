package users

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Order is what a list is sorted by; ids decide among equals, in the same direction.
type Order struct {
	ByText     bool // by e-mail or name in their comparing form; else by creation
	Descending bool
}

// Position is the place of one row in an order: where the next piece of a list begins after it.
type Position struct {
	Time time.Time // when the list is ordered by creation
	Text string    // when it is ordered by text
	ID   ID
}

// List says which piece of a list is wanted.
type List struct {
	Order  Order
	After  *Position // nil begins at the start
	Offset int       // rows to pass over
	Limit  int       // rows at most
}

// Paging is how a client asked for a piece: by page number, or, with Page 0, after a position.
type Paging struct {
	Order Order
	Size  int // rows of a page, 1…100
	Page  int // from 1; 0 means by position
	After *Position
}

// Page is one piece of a list.
type Page[T any] struct {
	Items []T
	// Next is where the following piece begins; nil at the end.
	Next *Position
	// Total counts the whole list, when it was asked for by page number.
	Total int
	// Exact is false when counting stopped at maxSearchTotal.
	Exact bool
}

// maxSearchTotal is where counting the matches of a search stops: clients do not page past it, and counting more
// would cost as much as reading them.
const maxSearchTotal = 10_000

// list is the piece of rows that p asks for and one more, which tells whether there is a next piece.
func (p Paging) list() List {
	l := List{Order: p.Order, After: p.After, Limit: p.Size + 1}
	if p.Page > 1 {
		l.Offset = (p.Page - 1) * p.Size
	}
	return l
}

// cut makes a Page of the rows found for p.list().
func cut[T any](p Paging, rows []T, position func(T) Position) Page[T] {
	page := Page[T]{Items: rows, Exact: true}
	if len(rows) > p.Size {
		page.Items = rows[:p.Size]
		at := position(page.Items[p.Size-1])
		page.Next = &at
	}
	return page
}

// paginate cuts a piece out of rows that are all in memory.
func paginate[T any](p Paging, rows []T, searched bool, position func(T) Position) Page[T] {
	l := p.list()
	slices.SortFunc(rows, func(a, b T) int { return l.Order.compare(position(a), position(b)) })
	total := len(rows)
	if l.After != nil {
		rows = slices.DeleteFunc(rows, func(row T) bool { return l.Order.compare(position(row), *l.After) <= 0 })
	}
	rows = rows[min(l.Offset, len(rows)):]
	page := cut(p, rows[:min(l.Limit, len(rows))], position)
	if p.Page > 0 {
		page.Total = total
		if searched && total > maxSearchTotal {
			page.Total, page.Exact = maxSearchTotal, false
		}
	}
	return page
}

// EmailQuery, RoleQuery and PermissionQuery bring what is searched for into the form in which it is compared.
// Two queries that come out equal find the same.
func EmailQuery(q string) string { return canonicalText(q) }

// RoleQuery is described with EmailQuery.
func RoleQuery(q string) string { return foldText(q) }

// PermissionQuery is described with EmailQuery.
func PermissionQuery(q string) string { return strings.ToLower(q) }

// matches reports whether text, in its comparing form, is found by query: any part of it, but by one or two
// characters only its beginning, since those would match nearly everything.
func matches(text, query string) bool {
	if utf8.RuneCountInString(query) <= 2 {
		return strings.HasPrefix(text, query)
	}
	return strings.Contains(text, query)
}

// compare orders positions.
func (o Order) compare(a, b Position) int {
	c := 0
	if o.ByText {
		c = strings.Compare(a.Text, b.Text)
	} else {
		c = a.Time.Compare(b.Time)
	}
	if c == 0 {
		c = a.ID.Compare(b.ID)
	}
	if o.Descending {
		return -c
	}
	return c
}
