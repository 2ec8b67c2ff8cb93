package web

// permissionPattern is a pattern of what is asked for, which the tags of bodies have too. It refuses nothing that is
// taken, and most of what is 422; the rest takes more than a pattern to say.
const permissionPattern = "^[!#-\\[\\]-~]+$"

// PermissionNameSchema is the schema of a permission's name.
func PermissionNameSchema() *Schema {
	return &Schema{Type: "string", MinLength: new(1), MaxLength: new(100), Pattern: permissionPattern}
}

// DescribeQueryParam describes a parameter of the query.
func DescribeQueryParam(name, description string, schema *Schema) *Param {
	return &Param{Name: name, In: "query", Description: description, Schema: schema}
}

// DescribeSearchParam describes the parameter q, which searches in what is named, such as "the e-mail".
func DescribeSearchParam(what string) *Param {
	return DescribeQueryParam("q", "Part of "+what+", without regard to case; one or two characters match beginnings. % and _ are plain characters.",
		&Schema{Type: "string", MaxLength: new(maxSearch)})
}

// ListDescription is said of every list.
const ListDescription = "By page, with totals, or by cursor, which costs the same at any depth."

// DescribeListParams describes the parameters that every list has, text being the field it can be sorted by.
func DescribeListParams(text string) []*Param {
	integer := func(most int) *Schema {
		return &Schema{Type: "integer", Minimum: new(1.0), Maximum: new(float64(most))}
	}
	size := integer(maxPageSize)
	size.Default = defaultPageSize
	order := []any{"created_at", "-created_at", text, "-" + text}
	cursor := DescribeQueryParam("cursor", "Where the piece begins: next_cursor of the piece before it, in the same list with the same filters and order; "+
		"empty begins at the start. Not together with page.",
		&Schema{Type: "string", MaxLength: new(maxCursor)})
	cursor.AllowEmptyValue = true
	return []*Param{
		// No default is declared: clients and the documentation page would send it, also together with a cursor.
		DescribeQueryParam("page", "The page by number; the first where there is no cursor either. Not together with cursor.", integer(maxPage)),
		DescribeQueryParam("page_size", "Items of a page at most.", size),
		cursor,
		DescribeQueryParam("sort", "The order, then by id; a minus for descending.", &Schema{Type: "string", Enum: order, Default: "created_at"}),
	}
}
