package web

import (
	"strconv"
	"strings"

	users "github.com/svc-users/svc-users"
)

const (
	defaultPageSize = 20
	maxPageSize     = 100
	// maxPage keeps the number of rows passed over far from where it would overflow.
	maxPage = 1_000_000_000
)

// Listing is a piece of a list as it was asked for.
type Listing struct {
	Paging users.Paging
	// identity names the list by resource, order and filters; a cursor is good in the very list it came from.
	identity string
}

// ReadListing reads the parameters that all lists have: page, page_size, cursor and sort. text is the field that the list can be sorted by beside
// created_at, filters are the list's filters in the form in which they are compared.
func (x *Exchange) ReadListing(resource, text string, filters ...string) Listing {
	l := Listing{Paging: users.Paging{Size: x.numberParam("page_size", defaultPageSize, maxPageSize)}}
	sort, sorted := x.Query["sort"]
	if !sorted {
		sort = "created_at"
	}
	switch strings.TrimPrefix(sort, "-") {
	case "created_at":
	case text:
		l.Paging.Order.ByText = true
	default:
		x.Found.Add("sort", "must be one of created_at, -created_at, "+text+", -"+text)
	}
	l.Paging.Order.Descending = strings.HasPrefix(sort, "-")
	for _, part := range append([]string{resource, sort}, filters...) {
		l.identity += strconv.Quote(part)
	}
	x.readStart(&l)
	return l
}

// readStart reads where in the list the piece begins: at a page, or at a cursor. The empty cursor is the start.
func (x *Exchange) readStart(l *Listing) {
	cursor, byCursor := x.Query["cursor"]
	_, byPage := x.Query["page"]
	page := x.numberParam("page", 1, maxPage)
	switch {
	case !byCursor:
		l.Paging.Page = page
	case byPage:
		x.Found.Add("cursor", "must not be combined with page")
	case cursor != "":
		after, ok := x.handler.openCursor(l.identity, cursor)
		if !ok {
			x.Found.Add("cursor", "is not a cursor of this list")
			return
		}
		l.Paging.After = &after
	}
}

// ListMeta says where in a list a piece is. A page has its number and the totals, a piece by cursor has not; page 1
// and a piece by cursor have the cursor to go on by.
type ListMeta struct {
	Page         *int     `json:"page,omitzero" nullable:"false" minimum:"1" doc:"Not by cursor" example:"2"`
	PageSize     int      `json:"page_size" minimum:"1" maximum:"100" example:"20"`
	TotalItems   *int     `json:"total_items,omitzero" nullable:"false" minimum:"0" doc:"Not by cursor" example:"42"`
	TotalPages   *int     `json:"total_pages,omitzero" nullable:"false" minimum:"0" doc:"Not by cursor" example:"3"`
	TotalIsExact *bool    `json:"total_is_exact,omitzero" nullable:"false" doc:"False when counting the matches of a search stopped at 10,000. Not by cursor"`
	NextCursor   Nullable `json:"next_cursor,omitzero" doc:"Where the next piece begins; null at the end. By cursor, and on page 1"`
}

// DescribeList is the meta of the piece that was found. next is where it ended, or nil at the end of the list.
func (x *Exchange) DescribeList(l Listing, next *users.Position, total int, exact bool) ListMeta {
	size := l.Paging.Size
	m := ListMeta{PageSize: size}
	if page := l.Paging.Page; page > 0 {
		m.Page, m.TotalItems, m.TotalPages, m.TotalIsExact = &page, &total, new((total+size-1)/size), &exact
		if page > 1 {
			return m
		}
	}
	m.NextCursor.Set = true
	if next != nil {
		m.NextCursor.To = new(x.handler.sealCursor(l.identity, *next))
	}
	return m
}
