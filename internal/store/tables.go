package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/svc-users/svc-users/internal/transfer"
)

// copiedTables are the tables that are copied to another database, each after those that it refers to. A table that a
// migration makes is here or in tablesLeft, by a test.
var copiedTables = []string{
	"permissions", "roles", "role_permissions", "accounts", "service_accounts",
	"account_sessions", "email_changes", "api_keys", "audiences", "client_secrets", "client_keys", "client_trusts", "used_assertions",
	"imported_factors", "service_secrets", "signing_keys", "signing_key_names",
}

// loggedTables are those that triggers write when rows of the others change. They are copied last.
var loggedTables = []string{"account_changes", "rights_changes", "change_marks", "ended_sessions"}

// tablesLeft are the tables that are not copied, with the reason.
var tablesLeft = map[string]string{
	"account_counts":           "triggers count the accounts that are copied",
	"accounts_search":          "triggers index the accounts that are copied (SQLite)",
	"accounts_replaced":        "it is empty between two statements (SQLite)",
	"authorization_stamp":      "the stamps of what is cached are drawn anew; the positions are copied apart",
	"transaction_lock":         "it is empty, and exists to be locked (PostgreSQL)",
	"job_leases":               "the processes on the copy take leases of their own",
	"throttles":                "the copy counts attempts from its own beginning",
	"svc_users_migrations":     "the schema of the copy has its own history",
	"svc_users_migration_lock": "it is empty, and exists to be locked (PostgreSQL)",
}

// columnsLeft are the columns that one engine alone has, with the reason.
var columnsLeft = map[string]string{
	"accounts.number": "it names the row to the search of SQLite",
}

var _ transfer.Database = (*Store)(nil)

// Engine implements transfer.Database.
func (s *Store) Engine() string {
	if _, is := s.db.(*sqlite); is {
		return "SQLite"
	}
	return "PostgreSQL"
}

// Tables implements transfer.Database.
func (s *Store) Tables(ctx context.Context) ([]transfer.Table, error) {
	var list []transfer.Table
	for _, names := range [][]string{copiedTables, loggedTables} {
		for _, name := range names {
			columns, err := s.columns(ctx, name)
			if err != nil {
				return nil, err
			}
			list = append(list, transfer.Table{Name: name, Columns: columns, Log: len(list) >= len(copiedTables)})
		}
	}
	return list, nil
}

// columnTypes are the types of PostgreSQL's columns, by the names that format_type gives them.
var columnTypes = map[string]transfer.Type{
	"text": transfer.Text, "uuid": transfer.UUID, "boolean": transfer.Boolean, "bytea": transfer.Bytes,
	"smallint": transfer.Integer, "integer": transfer.Integer, "bigint": transfer.Integer, "timestamp with time zone": transfer.Time,
}

func (s *Store) columns(ctx context.Context, table string) ([]transfer.Column, error) {
	found, err := retry(ctx, s, s.readLimit, func(ctx context.Context) ([]transfer.Column, error) {
		return rows(ctx, s.reads(), "read the columns of a table", func(r *sql.Rows) (transfer.Column, error) {
			var name, declared string
			err := r.Scan(&name, &declared)
			return transfer.Column{Name: name, Type: transfer.Type(declared)}, err
		}, fmt.Sprintf(s.traits.columns, table))
	})
	if err != nil {
		return nil, err
	}
	columns := found[:0]
	for _, c := range found {
		if _, left := columnsLeft[table+"."+c.Name]; left {
			continue
		}
		if c.Type != "" {
			known, is := columnTypes[string(c.Type)]
			if !is {
				return nil, fmt.Errorf("the column %s of the table %s has the type %s, which cannot be copied", c.Name, table, c.Type)
			}
			c.Type = known
		}
		columns = append(columns, c)
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("%w: there is no table %s", ErrOlderSchema, table)
	}
	return columns, nil
}
