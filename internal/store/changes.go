package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// ReadChanges implements feed.Store.
func (s *Store) ReadChanges(ctx context.Context, fn func(feed.View) error) error {
	_, err := retry(ctx, s, s.readLimit, func(ctx context.Context) (struct{}, error) {
		return inSnapshot(ctx, s, func(q queries) (struct{}, error) { return struct{}{}, fn(q) })
	})
	return err
}

// ChangeState implements feed.View.
func (q queries) ChangeState(ctx context.Context) (feed.State, error) {
	const doing = "read where the changes are"
	var standby bool
	state, err := row(ctx, q, doing, func(r *sql.Rows) (c feed.State, err error) {
		var mark sql.NullString
		err = r.Scan(&c.Revision.Roles, &c.Revision.Accounts, &c.Position, &c.KeyStamp, &c.KeyPosition, &mark, (*timeColumn)(&c.Now), &standby)
		c.Mark = mark.String
		return c, err
	}, `SELECT s.stamp, s.account_stamp, s.position, s.key_stamp, s.key_position, m.mark, `+q.traits.clock+`, `+q.traits.standby+`
		FROM authorization_stamp s LEFT JOIN change_marks m ON m.position = s.position`)
	if errors.Is(err, users.ErrNotFound) {
		return state, q.failNoRevision()
	}
	return state, q.failOnStandby(standby, doing, err)
}

// HasMark implements feed.View.
func (q queries) HasMark(ctx context.Context, position int64, mark string) (bool, error) {
	_, err := row(ctx, q, "look for a mark of the changes", scanInt,
		`SELECT 1 FROM change_marks WHERE position = $1 AND mark = $2`, position, mark)
	if errors.Is(err, users.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// maxToldName is how long, in characters, a name of a permission or a role is read. Only SQL by hand can make longer
// ones, and one of a gigabyte must not stop what follows.
const maxToldName = `1000`

// changedRights is the query of ChangedRights, but for how a place is compared.
const changedRights = `SELECT c.position, c.kind, c.id, substr(p.name, 1, ` + maxToldName + `), substr(r.name, 1, ` + maxToldName + `), r.parent_id, r.is_system
	FROM (SELECT position, kind, id FROM rights_changes WHERE (position, kind, id) COMPARED ($1, $2, $3) ORDER BY position, kind, id LIMIT $4) c
	LEFT JOIN permissions p ON c.kind = 1 AND p.id = c.id LEFT JOIN roles r ON c.kind = 2 AND r.id = c.id
	ORDER BY c.position, c.kind, c.id`

var (
	rightsAfter = strings.Replace(changedRights, "COMPARED", ">", 1)
	rightsFrom  = strings.Replace(changedRights, "COMPARED", ">=", 1)
)

// ChangedRights implements feed.View.
func (q queries) ChangedRights(ctx context.Context, after feed.RightsPlace, limit int) ([]feed.RightsChange, error) {
	query := rightsAfter
	if !after.Permission.IsZero() {
		query = rightsFrom
	}
	return rows(ctx, q, "read the changes of roles and permissions", scanRight, query, after.Position, int(after.Kind), after.ID.String(), limit)
}

func scanRight(r *sql.Rows) (c feed.RightsChange, err error) {
	var permission, role sql.NullString
	var all sql.NullBool
	err = r.Scan(&c.Place.Position, &c.Place.Kind, (*idColumn)(&c.Place.ID), &permission, &role, (*idColumn)(&c.Parent), &all)
	c.Exists, c.Name, c.All = permission.Valid || role.Valid, permission.String+role.String, all.Bool
	return c, err
}

// assignedTo is the query of AssignedTo: each role by itself, so that none is read further than is wanted.
var assignedTo = func() string {
	arms := make([]string, feed.AssignedToRoles)
	for i := range arms {
		arms[i] = `SELECT * FROM (SELECT role_id, permission_id FROM role_permissions WHERE role_id = $` + strconv.Itoa(i+1) +
			` ORDER BY permission_id LIMIT ` + strconv.Itoa(feed.AssignedToEach) + `) AS r` + strconv.Itoa(i+1)
	}
	return strings.Join(arms, ` UNION ALL `) + ` ORDER BY 1, 2`
}()

// AssignedTo implements feed.View.
func (q queries) AssignedTo(ctx context.Context, roles []users.ID) (map[users.ID][]users.ID, error) {
	args := make([]any, feed.AssignedToRoles)
	for i := range args {
		args[i] = users.ID{}.String() // no role has it
		if i < len(roles) {
			args[i] = roles[i].String()
		}
	}
	found, err := rows(ctx, q, "read the permissions of changed roles", scanAssignment, assignedTo, args...)
	if err != nil {
		return nil, err
	}
	assigned := make(map[users.ID][]users.ID, len(roles))
	for _, a := range found {
		assigned[a.RoleID] = append(assigned[a.RoleID], a.PermissionID)
	}
	return assigned, nil
}

// AssignedAfter implements feed.View.
func (q queries) AssignedAfter(ctx context.Context, role, after users.ID, limit int) ([]users.ID, error) {
	return rows(ctx, q, "read more permissions of a role", func(r *sql.Rows) (id users.ID, err error) {
		return id, r.Scan((*idColumn)(&id))
	}, `SELECT permission_id FROM role_permissions WHERE role_id = $1 AND permission_id > $2 ORDER BY permission_id LIMIT $3`,
		role.String(), after.String(), limit)
}

// ChangedAccounts implements feed.View.
func (q queries) ChangedAccounts(ctx context.Context, after feed.AccountPlace, since time.Time, limit int) ([]feed.AccountChange, error) {
	return rows(ctx, q, "read the changes of accounts", scanChange,
		`SELECT c.position, c.account_id, a.is_active, a.token_version, a.role_id
		FROM account_changes c LEFT JOIN accounts a ON a.id = c.account_id
		WHERE (c.position, c.account_id) > ($1, $2) AND c.changed_at > $3
		ORDER BY c.position, c.account_id LIMIT $4`, after.Position, after.ID.String(), instant(since), limit)
}

func scanChange(r *sql.Rows) (c feed.AccountChange, err error) {
	var active sql.NullBool
	var version sql.NullInt64
	err = r.Scan(&c.Place.Position, (*idColumn)(&c.Place.ID), &active, &version, (*idColumn)(&c.Role))
	c.Active, c.Version = active.Bool, version.Int64
	return c, err
}

// EndedSessions implements feed.View.
func (q queries) EndedSessions(ctx context.Context, after feed.AccountPlace, now time.Time, limit int) ([]feed.SessionEnd, error) {
	return rows(ctx, q, "read the ended sessions", func(r *sql.Rows) (s feed.SessionEnd, err error) {
		return s, r.Scan(&s.Place.Position, (*idColumn)(&s.Place.ID), (*timeColumn)(&s.Until))
	}, `SELECT position, session_id, until_at FROM ended_sessions
		WHERE (position, session_id) > ($1, $2) AND until_at > $3 ORDER BY position, session_id LIMIT $4`,
		after.Position, after.ID.String(), instant(now), limit)
}

// ForgetChanges implements feed.Store. Each of its statements may be repeated.
func (s *Store) ForgetChanges(ctx context.Context, changes, marks time.Duration) error {
	_, err := retry(ctx, s, s.txLimit, func(ctx context.Context) (struct{}, error) {
		q := s.reads()
		now, err := q.readClock(ctx)
		if err != nil {
			return struct{}{}, err
		}
		for _, old := range []struct {
			statement string
			age       time.Duration
		}{
			{`DELETE FROM account_changes WHERE changed_at < $1`, changes},
			{`DELETE FROM rights_changes WHERE changed_at < $1 AND NOT EXISTS (SELECT 1 FROM permissions p WHERE kind = 1 AND p.id = rights_changes.id)
				AND NOT EXISTS (SELECT 1 FROM roles r WHERE kind = 2 AND r.id = rights_changes.id)`, changes},
			{`DELETE FROM change_marks WHERE made_at < $1 AND position <> (SELECT position FROM authorization_stamp)`, marks},
		} {
			if _, err := q.exec(ctx, "forget old changes", old.statement, instant(now.Add(-old.age))); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}
