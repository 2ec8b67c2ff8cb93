package fill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

// rowsAtOnce go into one statement: enough that parsing and binding do not show.
const rowsAtOnce = 200

type sqlite struct{ db *sql.DB }

// openSQLite opens a file without other users. It need not survive a crash, since the benchmark fills it again.
func openSQLite(ctx context.Context, path string) (Database, error) {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	for _, pragma := range []string{"journal_mode = off", "synchronous = off", "locking_mode = exclusive", "cache_size = -600000", "temp_store = memory"} {
		if _, err := db.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return sqlite{db}, nil
}

func (s sqlite) Close() error { return s.db.Close() }

func (s sqlite) Roles(ctx context.Context) error {
	var parent any
	for i, name := range roleNames {
		id := Text(Role(i).ID())
		if _, err := s.db.ExecContext(ctx, insertRole, id, name, strings.ToLower(name), parent, 0, epoch.UnixMicro(), epoch.UnixMicro()); err != nil {
			return err
		}
		parent = id
	}
	_, err := s.db.ExecContext(ctx, allowReader, Text(Reader.ID()))
	return err
}

func (s sqlite) Accounts(ctx context.Context, plan Plan, chosen func(i int) bool) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := insert(ctx, tx, plan, chosen); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func insert(ctx context.Context, tx *sql.Tx, plan Plan, chosen func(i int) bool) error {
	full, err := tx.PrepareContext(ctx, insertRows(rowsAtOnce))
	if err != nil {
		return err
	}
	defer full.Close()
	var values []any
	for i := range plan.Accounts {
		if !chosen(i) {
			continue
		}
		a := plan.Account(i)
		created := a.Created.UnixMicro()
		values = append(values, Text(a.ID), a.Email, a.Email, plan.Hash, Text(a.Role.ID()), a.Active, 1, created, created)
		if len(values) == rowsAtOnce*len(columns) {
			if _, err := full.ExecContext(ctx, values...); err != nil {
				return err
			}
			values = values[:0]
		}
	}
	if len(values) == 0 {
		return nil
	}
	_, err = tx.ExecContext(ctx, insertRows(len(values)/len(columns)), values...)
	return err
}

func insertRows(n int) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	return "INSERT INTO accounts (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, n-1)
}

// APIKeys implements Database.
func (s sqlite) APIKeys(ctx context.Context, count int) error {
	const id = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`
	_, err := s.db.ExecContext(ctx, fmt.Sprintf(insertAPIKeys, count, id, "hex(randomblob(32))"), epoch.UnixMicro(), Text(Customer.ID()))
	return err
}

// Settle has nothing to do: the service keeps no statistics of the tables there either.
func (s sqlite) Settle(context.Context) error { return nil }
