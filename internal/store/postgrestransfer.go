package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/svc-users/svc-users/internal/transfer"
)

// selected: numeric, which extract returns, is exact.
func (p *postgres) selected(c transfer.Column) string {
	switch c.Type {
	case transfer.UUID:
		return `CAST(` + c.Name + ` AS text)`
	case transfer.Integer:
		return `CAST(` + c.Name + ` AS bigint)`
	case transfer.Time:
		return `CAST(EXTRACT(epoch FROM ` + c.Name + `) * CAST(1000000 AS numeric) AS bigint)`
	}
	return c.Name
}

func (p *postgres) newStamp() string { return `CAST(gen_random_uuid() AS text)` }

// beginFill takes the lock that all transactions of the service take which change what is copied first.
func (p *postgres) beginFill(ctx context.Context) (*sql.Conn, *sql.Tx, error) {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	if _, err := tx.ExecContext(ctx, txLock); err != nil {
		return nil, nil, errors.Join(err, tx.Rollback(), conn.Close())
	}
	return conn, tx, nil
}

// fillRows is one COPY, which runs in the transaction of its connection. References of a table to itself are looked at
// when it ends. It runs in a goroutine of its own: pgx pulls the rows from one that it starts, which is only possible if the
// goroutine that begins to pull is not bound to a thread, as the main one of the command is.
func (p *postgres) fillRows(ctx context.Context, conn *sql.Conn, t transfer.Table, rows iter.Seq2[transfer.Row, error]) error {
	ended := make(chan error)
	go func() { ended <- copyRows(ctx, conn, t, rows) }()
	return <-ended
}

func copyRows(ctx context.Context, conn *sql.Conn, t transfer.Table, rows iter.Seq2[transfer.Row, error]) error {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	return conn.Raw(func(raw any) error {
		_, err := raw.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.Name}, names, pgx.CopyFromFunc(func() ([]any, error) {
			row, err, more := next()
			if !more || err != nil {
				return nil, err
			}
			values := make([]any, len(row))
			for i, c := range t.Columns {
				if values[i], err = encodeValue(row[i], c.Type); err != nil {
					return nil, fmt.Errorf("the column %s: %w", c.Name, err)
				}
			}
			return values, nil
		}))
		return err
	})
}

// encodeValue makes a value one that pgx takes for a column of a type.
func encodeValue(value any, as transfer.Type) (any, error) {
	switch v := value.(type) {
	case string:
		if as == transfer.UUID {
			var id pgtype.UUID
			if err := id.Scan(v); err != nil {
				return nil, &badValue{"an id"}
			}
			return id, nil
		}
	case int64:
		if as == transfer.Time {
			return time.UnixMicro(v).UTC(), nil
		}
	}
	return value, nil
}
