package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/svc-users/svc-users"
)

// EmailChanges implements users.EmailChangeLog.
func (q queries) EmailChanges(ctx context.Context, account users.ID, after time.Time) ([]time.Time, error) {
	return rows(ctx, q, "read an account's changes of its e-mail", func(r *sql.Rows) (at time.Time, err error) {
		return at, r.Scan((*timeColumn)(&at))
	}, `SELECT tried_at FROM email_changes WHERE account_id = $1 AND tried_at > $2 ORDER BY tried_at`, account.String(), instant(after))
}

// AddEmailChange implements users.EmailChangeLog.
func (q queries) AddEmailChange(ctx context.Context, account users.ID, at time.Time) error {
	_, err := q.exec(ctx, "note a change of an e-mail",
		`INSERT INTO email_changes (account_id, tried_at) VALUES ($1, $2)`, account.String(), instant(at))
	return err
}
