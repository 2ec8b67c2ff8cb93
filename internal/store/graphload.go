package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
)

// maxGraphChanges bounds how many roles and permissions are read one by one. Where more have changed the whole is read:
// the statements below look each of them up, and a full read goes through the tables once.
const maxGraphChanges = 1000

// loadGraph reads the graph of now: what has changed since base, or all where base is nil or too much has changed. It takes
// several statements, so it needs a transaction in which all of them see one state.
func (q queries) loadGraph(ctx context.Context, base *stamped, now time.Time) (stamped, error) {
	loaded, err := q.graphState(ctx)
	if err != nil {
		return stamped{}, err
	}
	if base != nil {
		graph, ok, err := q.changedGraph(ctx, base, loaded.position)
		if err != nil {
			return stamped{}, err
		}
		if ok {
			loaded.graph, loaded.read = graph, base.read
			return loaded, nil
		}
	}
	loaded.read = now
	loaded.graph, err = q.wholeGraph(ctx)
	return loaded, err
}

// graphState reads everything of a stamped but the graph.
func (q queries) graphState(ctx context.Context) (stamped, error) {
	var standby bool
	s, err := row(ctx, q, readingStamps, func(r *sql.Rows) (s stamped, err error) {
		var mark sql.NullString
		err = r.Scan(&s.stamp, &s.position, &mark, &standby)
		s.mark = mark.String
		return s, err
	}, `SELECT s.stamp, s.position, m.mark, `+q.engine.standby()+`
		FROM authorization_stamp s LEFT JOIN change_marks m ON m.position = s.position`)
	if errors.Is(err, users.ErrNotFound) {
		return s, q.noStamps()
	}
	return s, q.notOn(standby, readingStamps, err)
}

func (q queries) wholeGraph(ctx context.Context) (*users.Graph, error) {
	roles, err := rows(ctx, q, "read all roles", scanRole, `SELECT `+roleColumns+` FROM roles`)
	if err != nil {
		return nil, err
	}
	permissions, err := rows(ctx, q, "read all permissions", scanPermission, `SELECT `+permissionColumns+` FROM permissions`)
	if err != nil {
		return nil, err
	}
	assigned, err := rows(ctx, q, "read all assignments", scanAssignment, `SELECT role_id, permission_id FROM role_permissions`)
	if err != nil {
		return nil, err
	}
	return users.NewGraph(roles, permissions, assigned), nil
}

// changedGraph reads what has changed since base, of a database whose changes are at a position now. It reports false where
// the whole has to be read: base is not of this database's past, as after a backup was restored, or too much has changed.
func (q queries) changedGraph(ctx context.Context, base *stamped, position int64) (*users.Graph, bool, error) {
	if base.mark == "" || base.position > position {
		return nil, false, nil
	}
	if ours, err := q.HasMark(ctx, base.position, base.mark); err != nil || !ours {
		return nil, false, err
	}
	var change users.GraphChange
	permissions, roles := map[users.ID]*users.PermissionState{}, map[users.ID]*users.RoleState{}
	ids, err := rows(ctx, q, "read which rights have changed", scanChangedID,
		`SELECT kind, id FROM rights_changes WHERE position > $1 ORDER BY position, kind, id LIMIT $2`, base.position, maxGraphChanges+1)
	if err != nil || len(ids) > maxGraphChanges {
		return nil, false, err
	}
	for _, c := range ids {
		if c.kind == users.ChangedPermission {
			permissions[c.id] = &users.PermissionState{ID: c.id}
		} else {
			roles[c.id] = &users.RoleState{ID: c.id}
		}
	}
	if len(permissions) > 0 {
		if err := q.changedPermissions(ctx, base.position, permissions); err != nil {
			return nil, false, err
		}
	}
	if len(roles) > 0 {
		if err := q.changedRoles(ctx, base.position, roles); err != nil {
			return nil, false, err
		}
	}
	for _, c := range ids {
		if c.kind == users.ChangedPermission {
			change.Permissions = append(change.Permissions, *permissions[c.id])
		} else {
			change.Roles = append(change.Roles, *roles[c.id])
		}
	}
	return base.graph.Changed(change), true, nil
}

// changedID is a row of rights_changes.
type changedID struct {
	kind users.ChangedKind
	id   users.ID
}

func scanChangedID(r *sql.Rows) (c changedID, err error) {
	return c, r.Scan(&c.kind, (*idColumn)(&c.id))
}

// changedPermissions fills in those of the permissions that exist.
func (q queries) changedPermissions(ctx context.Context, after int64, changed map[users.ID]*users.PermissionState) error {
	found, err := rows(ctx, q, "read changed permissions", scanPermission, `SELECT `+permissionColumns+` FROM permissions
		WHERE id IN (SELECT id FROM rights_changes WHERE kind = 1 AND position > $1)`, after)
	for _, p := range found {
		if state := changed[p.ID]; state != nil {
			state.Permission = &p
		}
	}
	return err
}

// changedRoles fills in those of the roles that exist, and what is assigned to them.
func (q queries) changedRoles(ctx context.Context, after int64, changed map[users.ID]*users.RoleState) error {
	found, err := rows(ctx, q, "read changed roles", scanRole, `SELECT `+roleColumns+` FROM roles
		WHERE id IN (SELECT id FROM rights_changes WHERE kind = 2 AND position > $1)`, after)
	if err != nil {
		return err
	}
	for _, r := range found {
		if state := changed[r.ID]; state != nil {
			state.Role = &r
		}
	}
	assigned, err := rows(ctx, q, "read the permissions of changed roles", scanAssignment, `SELECT role_id, permission_id FROM role_permissions
		WHERE role_id IN (SELECT id FROM rights_changes WHERE kind = 2 AND position > $1)`, after)
	for _, a := range assigned {
		if state := changed[a.RoleID]; state != nil {
			state.Assigned = append(state.Assigned, a.PermissionID)
		}
	}
	return err
}
