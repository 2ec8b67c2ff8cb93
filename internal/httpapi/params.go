package httpapi

import "github.com/danielgtaylor/huma/v2"

func queryParam(name, description string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: schema}
}

// requireParamDoc describes the one parameter that may come several times.
func requireParamDoc() *huma.Param {
	return queryParam(requireParam, "A permission that the caller must have; may come several times, and then all are needed.",
		&huma.Schema{Type: "array", MaxItems: ptr(100), Items: &huma.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(100)}})
}

func searchParamDoc(what string) *huma.Param {
	return queryParam("q", "Part of "+what+", without regard to case; one or two characters match beginnings. % and _ are plain characters.",
		&huma.Schema{Type: "string", MaxLength: ptr(maxSearch)})
}

// listParams describes the parameters that every list has, text being the field it can be sorted by.
func listParams(text string) []*huma.Param {
	integer := func(most, absent int) *huma.Schema {
		return &huma.Schema{Type: "integer", Minimum: ptr(1.0), Maximum: ptr(float64(most)), Default: absent}
	}
	order := []any{"created_at", "-created_at", text, "-" + text}
	cursor := queryParam("cursor", "Where the piece begins: next_cursor of the piece before it, in the same list with the same filters and order; "+
		"empty begins at the start. Not together with page.",
		&huma.Schema{Type: "string", MaxLength: ptr(maxCursor)})
	cursor.AllowEmptyValue = true
	return []*huma.Param{
		queryParam("page", "The page by number. Not together with cursor.", integer(maxPage, 1)),
		queryParam("page_size", "Items of a page at most.", integer(maxPageSize, defaultPageSize)),
		cursor,
		queryParam("sort", "The order, then by id; a minus for descending.", &huma.Schema{Type: "string", Enum: order, Default: "created_at"}),
	}
}
