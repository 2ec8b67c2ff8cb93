package store

import "github.com/svc-users/svc-users"

// ListQuery is the statement that lists accounts, with what it binds.
func ListQuery(on *Store, f users.AccountFilter, list users.List) (string, []any) {
	v := &values{}
	w := window{order: list.Order, after: list.After, prefix: f.Query}
	return on.reads().scan(v, f, w, listed, nil, list.Limit, list.Offset), v.args
}

// What becomes of the tables when a database is copied.
var (
	CopiedTables = append(append([]string{}, copiedTables...), loggedTables...)
	TablesLeft   = tablesLeft
	ColumnsLeft  = columnsLeft
)
