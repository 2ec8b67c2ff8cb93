// Package transfer takes the data of the service out of a database: as lines of JSON (Export), and whole into a database of
// another kind (Copy).
//
//	result, err := transfer.Copy(ctx, from, to)        // *store.Store each: SQLite to PostgreSQL, or the other way
//	counts, err := transfer.Export(ctx, st, out, transfer.ExportOptions{Hashes: true})
//
// Both read everything at one moment, in one transaction of the source, while other processes go on to write it. Neither has
// more in memory than a row of a table, the roles, and what the drivers buffer.
package transfer
