package httpapi

import (
	"strconv"
	"strings"

	"github.com/svc-users/svc-users"
)

const (
	defaultPageSize = 20
	maxPageSize     = 100
	// maxPage keeps the number of rows passed over far from where it would overflow.
	maxPage = 1_000_000_000
)

// listing is a piece of a list as it was asked for.
type listing struct {
	paging users.Paging
	// identity names the list by resource, order and filters; a cursor is good in the very list it came from.
	identity string
}

// listing reads the parameters that all lists have. text is the field that the list can be sorted by beside
// created_at, filters are the list's filters in the form in which they are compared.
func (x *exchange) listing(resource, text string, filters ...string) listing {
	l := listing{paging: users.Paging{Size: x.numberParam("page_size", defaultPageSize, maxPageSize)}}
	sort, sorted := x.query["sort"]
	if !sorted {
		sort = "created_at"
	}
	switch strings.TrimPrefix(sort, "-") {
	case "created_at":
	case text:
		l.paging.Order.ByText = true
	default:
		x.found.Add("sort", "must be one of created_at, -created_at, "+text+", -"+text)
	}
	l.paging.Order.Descending = strings.HasPrefix(sort, "-")
	for _, part := range append([]string{resource, sort}, filters...) {
		l.identity += strconv.Quote(part)
	}
	x.place(&l)
	return l
}

// place reads where in the list the piece begins: at a page, or at a cursor, of which the empty one is the
// start.
func (x *exchange) place(l *listing) {
	cursor, byCursor := x.query["cursor"]
	_, byPage := x.query["page"]
	page := x.numberParam("page", 1, maxPage)
	switch {
	case !byCursor:
		l.paging.Page = page
	case byPage:
		x.found.Add("cursor", "must not be combined with page")
	case cursor != "":
		after, ok := x.api.openCursor(l.identity, cursor)
		if !ok {
			x.found.Add("cursor", "is not a cursor of this list")
			return
		}
		l.paging.After = &after
	}
}

// PageMeta is the meta of a page past the first.
type PageMeta struct {
	Page         int  `json:"page" minimum:"1" example:"2"`
	PageSize     int  `json:"page_size" minimum:"1" maximum:"100" example:"20"`
	TotalItems   int  `json:"total_items" minimum:"0" example:"42"`
	TotalPages   int  `json:"total_pages" minimum:"0" example:"3"`
	TotalIsExact bool `json:"total_is_exact" doc:"False when counting the matches of a search stopped at 10,000"`
}

// FirstPageMeta is that of page 1, from where one can go on by cursor.
type FirstPageMeta struct {
	PageMeta
	NextCursor *string `json:"next_cursor" doc:"Where the next piece begins; null at the end"`
}

// CursorMeta is that of a piece by cursor.
type CursorMeta struct {
	PageSize   int     `json:"page_size" minimum:"1" maximum:"100" example:"20"`
	NextCursor *string `json:"next_cursor" doc:"Where the next piece begins; null at the end"`
}

// meta describes the piece that was found.
func (x *exchange) meta(l listing, next *users.Position, total int, exact bool) any {
	var cursor *string
	if next != nil {
		sealed := x.api.sealCursor(l.identity, *next)
		cursor = &sealed
	}
	size := l.paging.Size
	if l.paging.Page == 0 {
		return CursorMeta{PageSize: size, NextCursor: cursor}
	}
	m := PageMeta{
		Page: l.paging.Page, PageSize: size, TotalItems: total, TotalPages: (total + size - 1) / size, TotalIsExact: exact,
	}
	if m.Page > 1 {
		return m
	}
	return FirstPageMeta{m, cursor}
}
