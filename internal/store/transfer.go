package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"

	"github.com/svc-users/svc-users/internal/transfer"
)

// tableReader reads tables in a transaction.
type tableReader struct {
	queries
	transfers
}

// transfers is how an engine takes values of other engines.
type transfers interface {
	// selected is an expression for the value of a column as a transfer.Row has it, or as database/sql can turn into that.
	selected(c transfer.Column) string
	// fillRows inserts rows in a transaction of a connection.
	fillRows(ctx context.Context, conn *sql.Conn, t transfer.Table, rows iter.Seq2[transfer.Row, error]) error
	// beginFill begins the transaction in which tables are filled. No other process writes them meanwhile.
	beginFill(ctx context.Context) (*sql.Conn, *sql.Tx, error)
	// newStamp is an expression that draws a stamp.
	newStamp() string
}

// ReadTables implements transfer.Database.
func (s *Store) ReadTables(ctx context.Context, fn func(transfer.Reader) error) error {
	return s.readSnapshot(ctx, func(q queries) error { return fn(&tableReader{q, s.transfers}) })
}

// FillTables implements transfer.Database.
func (s *Store) FillTables(ctx context.Context, fn func(transfer.Writer) error) error {
	conn, began, err := s.transfers.beginFill(ctx)
	if err != nil {
		return translate(ctx, newFailure(ctx, s.classifier, "begin a transaction", err))
	}
	defer func() {
		_ = began.Rollback() // nothing to do after a commit
		_ = conn.Close()
	}()
	if err := fn(&tableWriter{tableReader{s.on(began), s.transfers}, conn}); err != nil {
		return translate(ctx, err)
	}
	if err := s.commit(ctx, exclusive, began); err != nil {
		return translate(ctx, err)
	}
	s.wakeSubscribers()
	return nil
}

// Rows implements transfer.Reader. The values of a row are overwritten by the next.
func (r *tableReader) Rows(ctx context.Context, t transfer.Table) iter.Seq2[transfer.Row, error] {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = r.selected(c)
	}
	query := `SELECT ` + strings.Join(list, `, `) + ` FROM ` + t.Name
	row, into := make(transfer.Row, len(t.Columns)), make([]any, len(t.Columns))
	for i := range row {
		into[i] = &row[i]
	}
	return stream(ctx, r.queries, "read the table "+t.Name, func(found *sql.Rows) (transfer.Row, error) {
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		for i, c := range t.Columns {
			if err := normalize(&row[i], c); err != nil {
				return nil, err
			}
		}
		return row, nil
	}, query)
}

// normalize makes a value one that a transfer.Row has.
func normalize(value *any, c transfer.Column) error {
	var ok bool
	switch c.Type {
	case transfer.Boolean:
		if number, is := (*value).(int64); is && (number == 0 || number == 1) {
			*value = number == 1
		}
		_, ok = (*value).(bool)
	case transfer.Bytes:
		_, ok = (*value).([]byte)
	case transfer.Integer, transfer.Time:
		_, ok = (*value).(int64)
	case transfer.Text, transfer.UUID:
		_, ok = (*value).(string)
	}
	if !ok && *value != nil {
		return &badValue{fmt.Sprintf("of the type %s but a %T, in the column %s", c.Type, *value, c.Name)}
	}
	return nil
}

// Place implements transfer.Reader.
func (r *tableReader) Place(ctx context.Context) (transfer.Place, error) {
	return row(ctx, r.queries, "read the position of the last change", func(r *sql.Rows) (p transfer.Place, err error) {
		return p, r.Scan(&p.Position, &p.KeyPosition)
	}, `SELECT position, key_position FROM authorization_stamp`)
}

// tableWriter is a transfer.Writer.
type tableWriter struct {
	tableReader
	conn *sql.Conn
}

// allowed are the rows that bringing a database up to date makes, by their tables. Logs are written with them.
var allowed = map[string]string{
	"permissions": `is_system`,
	"roles":       `is_system`,
	"role_permissions": `role_id IN (SELECT id FROM roles WHERE is_system)
		AND permission_id IN (SELECT id FROM permissions WHERE is_system)`,
}

// Occupied implements transfer.Writer.
func (w *tableWriter) Occupied(ctx context.Context) ([]string, error) {
	var occupied []string
	for _, table := range copiedTables {
		query := `SELECT count(*) FROM ` + table
		if own := allowed[table]; own != "" {
			query += ` WHERE NOT (` + own + `)`
		}
		n, err := row(ctx, w.queries, "look for rows", scanInt, query)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			occupied = append(occupied, table)
		}
	}
	return occupied, nil
}

// Clear implements transfer.Writer.
func (w *tableWriter) Clear(ctx context.Context, t transfer.Table) error {
	_, err := w.exec(ctx, "clear the table "+t.Name, `DELETE FROM `+t.Name)
	return err
}

// Insert implements transfer.Writer.
func (w *tableWriter) Insert(ctx context.Context, t transfer.Table, rows iter.Seq2[transfer.Row, error]) error {
	var failed error // of the rows, which is returned as it is
	err := w.fillRows(ctx, w.conn, t, func(yield func(transfer.Row, error) bool) {
		for row, err := range rows {
			if failed = err; !yield(row, err) {
				return
			}
		}
	})
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return w.failure(ctx, "fill the table "+t.Name, err)
	}
	return nil
}

// SetPlace implements transfer.Writer.
func (w *tableWriter) SetPlace(ctx context.Context, p transfer.Place) error {
	n, err := w.exec(ctx, "set the position of the last change", `UPDATE authorization_stamp SET position = $1, key_position = $2,
		stamp = `+w.newStamp()+`, account_stamp = `+w.newStamp()+`, key_stamp = `+w.newStamp(), p.Position, p.KeyPosition)
	if err == nil && n != 1 {
		return w.failNoRevision()
	}
	return err
}
