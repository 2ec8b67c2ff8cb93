package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"

	"github.com/svc-users/svc-users"
)

// The one row of authorization_stamp holds the stamps, which triggers renew. It may be gone, by a TRUNCATE by hand or a
// table that was not restored. Then it is made anew, with stamps that nothing was ever read under: whatever is kept in
// memory is read again. Meanwhile nothing is answered from memory, and nothing is changed: in PostgreSQL the triggers
// refuse to, and in SQLite they make the row themselves.

// stamps reads the stamps of now.
func (q queries) stamps(ctx context.Context) (users.Revision, error) {
	var standby bool
	m, err := row(ctx, q, readingStamps, func(r *sql.Rows) (m users.Revision, err error) {
		return m, r.Scan(&m.Roles, &m.Accounts, &standby)
	}, `SELECT stamp, account_stamp, `+q.engine.standby()+` FROM authorization_stamp`)
	if errors.Is(err, users.ErrNotFound) {
		return m, q.noStamps()
	}
	return m, q.notOn(standby, readingStamps, err)
}

const readingStamps = "read the stamps"

// notOn is the failure of a statement that found out that it runs on a standby, else err.
func (q queries) notOn(standby bool, doing string, err error) error {
	if err != nil || !standby {
		return err
	}
	f := &failure{fault: away, doing: doing, reason: errStandby.Error()}
	q.failed(f)
	return f
}

// stamp reads the stamp of the roles of now.
func (q queries) stamp(ctx context.Context) (string, error) {
	m, err := q.stamps(ctx)
	return m.Roles, err
}

// noStamps is the failure of a statement that did not find the row.
func (q queries) noStamps() *failure {
	f := &failure{fault: stampless, doing: readingStamps, reason: "the table authorization_stamp has no row"}
	q.failed(f)
	return f
}

// makeStamps makes the row if it is missing. Positions of changes have to go on above all that were ever given
// away, which may have been forgotten since: no database has seen as many changes as there were microseconds.
func (s *Store) makeStamps(ctx context.Context) error {
	least := s.clock().UnixMicro()
	_, err := s.reads().exec(ctx, "make the stamps anew",
		`INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position) VALUES ($1, $2, $3,
		(SELECT CASE WHEN max(position) >= $4 THEN max(position) + 1 ELSE $4 END
			FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes
				UNION ALL SELECT position FROM change_marks) AS given)) ON CONFLICT DO NOTHING`,
		true, rand.Text(), rand.Text(), least)
	return err
}
