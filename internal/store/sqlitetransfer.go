package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strconv"
	"strings"

	"github.com/svc-users/svc-users/internal/transfer"
)

// selected: SQLite keeps what a transfer.Row has, but for booleans, which are 0 and 1.
func (s *sqlite) selected(c transfer.Column) string { return c.Name }

func (s *sqlite) newStamp() string { return `hex(randomblob(16))` }

// beginFill takes the one writing transaction. References are looked at when it ends, since a role may refer to one that is
// inserted after it.
func (s *sqlite) beginFill(ctx context.Context) (*sql.Conn, *sql.Tx, error) {
	if err := s.file.check(); err != nil {
		return nil, nil, err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = 1`); err != nil {
		return nil, nil, errors.Join(err, tx.Rollback(), conn.Close())
	}
	return conn, tx, nil
}

// fillRows runs on the connection of the transaction, and so in it.
func (s *sqlite) fillRows(ctx context.Context, conn *sql.Conn, t transfer.Table, rows iter.Seq2[transfer.Row, error]) error {
	names, places := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i], places[i] = c.Name, "$"+strconv.Itoa(i+1)
	}
	statement := `INSERT INTO ` + t.Name + ` (` + strings.Join(names, `, `) + `) VALUES (` + strings.Join(places, `, `) + `)` //nolint:gosec // G202: the names are those of the catalog
	insert, err := conn.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil {
			_, err = insert.ExecContext(ctx, row...)
		}
		if err != nil {
			return errors.Join(err, insert.Close())
		}
	}
	return insert.Close()
}
