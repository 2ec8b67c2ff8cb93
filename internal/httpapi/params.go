package httpapi

import "github.com/danielgtaylor/huma/v2"

// Patterns of what is asked for, which the tags of bodies have too. They refuse nothing that is taken, and most of what
// is 422; the rest takes more than a pattern to say.
const (
	permissionPattern = "^[!#-\\[\\]-~]+$"
	// emailPattern knows the dots that IDNA takes for one (RFC 3490 §3.1).
	emailPattern = "^[^@\\s]+@[^@\\s]+[.。．｡][^@\\s]+$"
)

// permissionSchema is the schema of a permission's name.
func permissionSchema() *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, MinLength: ptr(1), MaxLength: ptr(100), Pattern: permissionPattern}
}

func queryParam(name, description string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: schema}
}

// requireParamDoc describes the one parameter that may come several times.
func requireParamDoc() *huma.Param {
	return queryParam(requireParam, "A permission that the caller must have; may come several times, and then all are needed.",
		&huma.Schema{Type: "array", MaxItems: ptr(100), Items: permissionSchema()})
}

func searchParamDoc(what string) *huma.Param {
	return queryParam("q", "Part of "+what+", without regard to case; one or two characters match beginnings. % and _ are plain characters.",
		&huma.Schema{Type: "string", MaxLength: ptr(maxSearch)})
}

// listDescription is said of every list.
const listDescription = "By page, with totals, or by cursor, which costs the same at any depth."

// listParams describes the parameters that every list has, text being the field it can be sorted by.
func listParams(text string) []*huma.Param {
	integer := func(most int) *huma.Schema {
		return &huma.Schema{Type: "integer", Minimum: ptr(1.0), Maximum: ptr(float64(most))}
	}
	size := integer(maxPageSize)
	size.Default = defaultPageSize
	order := []any{"created_at", "-created_at", text, "-" + text}
	cursor := queryParam("cursor", "Where the piece begins: next_cursor of the piece before it, in the same list with the same filters and order; "+
		"empty begins at the start. Not together with page.",
		&huma.Schema{Type: "string", MaxLength: ptr(maxCursor)})
	cursor.AllowEmptyValue = true
	return []*huma.Param{
		// No default is declared: clients and the documentation page would send it, also together with a cursor.
		queryParam("page", "The page by number; the first where there is no cursor either. Not together with cursor.", integer(maxPage)),
		queryParam("page_size", "Items of a page at most.", size),
		cursor,
		queryParam("sort", "The order, then by id; a minus for descending.", &huma.Schema{Type: "string", Enum: order, Default: "created_at"}),
	}
}
