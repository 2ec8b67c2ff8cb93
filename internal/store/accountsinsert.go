package store

import (
	"context"
	"slices"
	"strings"

	"github.com/svc-users/svc-users"
)

// insertedAtOnce bounds the rows of one statement, as assignedAtOnce does.
const insertedAtOnce = 200

// insertRows inserts rows of as many values as there are columns, in few statements.
func (q queries) insertRows(ctx context.Context, doing, table string, columns []string, rows [][]any) error {
	for some := range slices.Chunk(rows, insertedAtOnce) {
		v := &values{}
		tuples := make([]string, len(some))
		for i, row := range some {
			places := make([]string, len(row))
			for j, value := range row {
				places[j] = v.bind(value)
			}
			tuples[i] = `(` + strings.Join(places, `, `) + `)`
		}
		err := q.change(ctx, doing, users.ErrBadReference,
			`INSERT INTO `+table+` (`+strings.Join(columns, `, `)+`) VALUES `+strings.Join(tuples, `, `), v.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// InsertAccounts implements users.AccountWriter.
func (q queries) InsertAccounts(ctx context.Context, list []users.ImportedAccount) error {
	rows := make([][]any, len(list))
	for i, a := range list {
		rows[i] = []any{
			a.ID.String(), a.Email.String(), a.Email.Canonical(), string(a.Hash), a.Role.ID.String(), a.Active, a.TokenVersion,
			instant(a.CreatedAt), instant(a.UpdatedAt),
		}
	}
	return q.insertRows(ctx, "insert accounts", "accounts",
		[]string{"id", "email", "email_key", "password_hash", "role_id", "is_active", "token_version", "created_at", "updated_at"}, rows)
}
