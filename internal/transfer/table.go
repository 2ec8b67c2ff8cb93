package transfer

import (
	"context"
	"iter"
)

// Type is what a column holds. It decides how a value that both databases have is kept by each.
type Type string

// The types, with the Go type that their values have in a Row.
const (
	Text    Type = "text"    // string
	UUID    Type = "uuid"    // string, in lower case with hyphens
	Integer Type = "integer" // int64
	Boolean Type = "boolean" // bool
	Time    Type = "time"    // int64: microseconds since 1970 in UTC
	Bytes   Type = "bytes"   // []byte
)

// Column is a column of a table. Type is empty where the database does not know it: SQLite has no booleans and no times.
type Column struct {
	Name string
	Type Type
}

// Table is a table that is copied.
type Table struct {
	Name    string
	Columns []Column
	// Log says that the database itself writes rows of it when others change, such as account_changes. What that has
	// written while the others were copied is replaced by the rows of the source.
	Log bool
}

// Row is the values of a row in the order of the columns. A NULL is nil.
type Row []any

// Place is where the database is in the sequence of its changes, which followers of changes refer to.
type Place struct {
	Position    int64 // of the last change
	KeyPosition int64 // of the last change of signing keys
}

// Reader reads tables in one transaction.
type Reader interface {
	// Rows returns all rows of a table, in no order. An error ends it. The next row may overwrite the values of the one before.
	Rows(ctx context.Context, t Table) iter.Seq2[Row, error]
	Place(ctx context.Context) (Place, error)
}

// Writer fills the tables of a database in one transaction, in which no other process writes them.
type Writer interface {
	Reader
	// Occupied returns the names of tables with rows that are not those which bringing the schema up to date makes.
	Occupied(ctx context.Context) ([]string, error)
	// Clear deletes all rows of a table.
	Clear(ctx context.Context, t Table) error
	// Insert inserts rows. An error of theirs is returned as it is.
	Insert(ctx context.Context, t Table, rows iter.Seq2[Row, error]) error
	// SetPlace puts the database at a place, with stamps that no database has had.
	SetPlace(ctx context.Context, p Place) error
}

// Database is one that is copied from or to. *store.Store is one.
type Database interface {
	// Engine is "SQLite" or "PostgreSQL".
	Engine() string
	// Tables returns the tables that are copied, each after those that it refers to, and those that are logs last.
	Tables(ctx context.Context) ([]Table, error)
	// ReadTables calls fn with all tables as they are at one moment.
	ReadTables(ctx context.Context, fn func(Reader) error) error
	// FillTables calls fn with the tables in a transaction, which is committed if fn returns nil.
	FillTables(ctx context.Context, fn func(Writer) error) error
}
