package store

import (
	"context"
	"time"

	"github.com/svc-users/svc-users"
)

// rowTx is a users.RowTx. It does not embed queries, which have writers of rights.
type rowTx struct{ queries queries }

var _ users.RowTx = rowTx{}

// ReplacePasswordHash implements users.RowTx. No trigger renews the revision for it.
func (t rowTx) ReplacePasswordHash(ctx context.Context, id users.ID, old, h users.PasswordHash) (bool, error) {
	n, err := t.queries.exec(ctx, "replace a password hash",
		`UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, id.String(), string(old), string(h))
	return n > 0, err
}

// ForgetEmailChanges implements users.RowTx.
func (t rowTx) ForgetEmailChanges(ctx context.Context, before time.Time) error {
	_, err := t.queries.exec(ctx, "forget old changes of e-mails", `DELETE FROM email_changes WHERE tried_at < $1`, instant(before))
	return err
}
