package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"

	"github.com/svc-users/svc-users"
)

// The one row of authorization_stamp holds the revision: the column stamp is Revision.Roles, account_stamp is
// Revision.Accounts. key_stamp, the stamp of the signing keys, never changes without account_stamp. Triggers renew them. The row may be gone, by a TRUNCATE by hand or a table that was not restored. Then
// it is inserted anew, with a revision that nothing was ever read at: whatever is cached is read again. Meanwhile nothing
// is answered from the cache, and nothing is changed: in PostgreSQL the triggers refuse to, and in SQLite they insert the
// row themselves.

// revisions tells at which revision the database is, without a query where the engine can.
type revisions interface {
	// cachedRevision returns the current revision if it can be told without a query that it has not changed.
	cachedRevision() (users.Revision, bool)
	// currentRevision returns the current revision. It calls query to read it from the database, unless it can be told
	// without that it has not changed.
	currentRevision(query func() (users.Revision, error)) (users.Revision, error)
	// leasedRevision returns the revision as of at most a second ago, while a lease for it is held; see package lease.
	leasedRevision() (users.Revision, bool)
	// unchanged reports whether an account that was read at a Revision.Accounts is the same at another, which is leased.
	unchanged(id users.ID, accounts, leased string) bool
	// committed is called when this process has committed something, or may have.
	committed()
	// listen begins to receive notifications of changes, where the engine has them.
	listen(url string, h hooks) error
}

// hooks are called by an engine that receives notifications.
type hooks struct {
	forget  func()                          // drops all cached accounts and API keys, which may be out of date
	changed func()                          // the revision has changed
	report  func(listening bool, why error) // a lease was granted, or there can be none from now on, and why
}

// readRevision reads the current revision.
func (q queries) readRevision(ctx context.Context) (users.Revision, error) {
	rev, _, err := q.readStamps(ctx)
	return rev, err
}

// readStamps reads the current revision and the stamp of the signing keys.
func (q queries) readStamps(ctx context.Context) (rev users.Revision, keys string, err error) {
	var standby bool
	rev, err = row(ctx, q, readingRevision, func(r *sql.Rows) (rev users.Revision, err error) {
		return rev, r.Scan(&rev.Roles, &rev.Accounts, &keys, &standby)
	}, `SELECT stamp, account_stamp, key_stamp, `+q.traits.standby+` FROM authorization_stamp`)
	if errors.Is(err, users.ErrNotFound) {
		return rev, "", q.failNoRevision()
	}
	return rev, keys, q.failOnStandby(standby, readingRevision, err)
}

const readingRevision = "read the revision"

// failOnStandby is the failure of a statement that found out that it runs on a standby, else err.
func (q queries) failOnStandby(standby bool, doing string, err error) error {
	if err != nil || !standby {
		return err
	}
	f := &failure{class: away, doing: doing, reason: errStandby.Error()}
	q.failed(f)
	return f
}

// readRolesRevision reads the current revision of the roles.
func (q queries) readRolesRevision(ctx context.Context) (string, error) {
	rev, err := q.readRevision(ctx)
	return rev.Roles, err
}

// failNoRevision is the failure of a statement that did not find the row.
func (q queries) failNoRevision() *failure {
	f := &failure{class: noRevision, doing: readingRevision, reason: "the table authorization_stamp has no row"}
	q.failed(f)
	return f
}

// insertRevision inserts the row if it is missing. Positions of changes have to go on above all that were ever given
// away, which may have been forgotten since: no database has seen as many changes as there were microseconds.
func (s *Store) insertRevision(ctx context.Context) error {
	least := s.clock().UnixMicro()
	_, err := s.reads().exec(ctx, "insert the revision anew",
		`INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position) VALUES ($1, $2, $3,
		(SELECT CASE WHEN max(position) >= $4 THEN max(position) + 1 ELSE $4 END
			FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes
				UNION ALL SELECT position FROM ended_sessions UNION ALL SELECT position FROM change_marks) AS given)) ON CONFLICT DO NOTHING`,
		true, rand.Text(), rand.Text(), least)
	return err
}
