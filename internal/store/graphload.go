package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// maxGraphChanges bounds how many roles and permissions are read one by one. Where more have changed the whole is read:
// each of them is looked up, and a full read goes through the tables once.
const maxGraphChanges = 1000

// loadGraph reads the graph of now: what has changed since base, or all where base is nil, is not of this database's past,
// as after a backup was restored, or too much has changed. It takes several statements, so it needs a transaction in which
// all of them see one state.
func (q queries) loadGraph(ctx context.Context, base *cachedGraph, now time.Time) (cachedGraph, error) {
	if base == nil {
		base = &cachedGraph{}
	}
	loaded, changed, follows, err := q.graphState(ctx, base)
	switch {
	case err != nil:
		return cachedGraph{}, err
	case base.graph != nil && base.revision == loaded.revision:
		return *base, nil
	case base.graph != nil && follows && len(changed) <= maxGraphChanges:
		change, err := q.graphChange(ctx, changed)
		if err != nil {
			return cachedGraph{}, err
		}
		loaded.graph, loaded.readAt = base.graph.Changed(change), base.readAt
		return loaded, nil
	}
	loaded.readAt = now
	loaded.graph, err = q.wholeGraph(ctx)
	return loaded, err
}

// changedID is a row of rights_changes.
type changedID struct {
	kind feed.Kind
	id   users.ID
}

// graphState reads everything of a cachedGraph but the graph, what has changed since base, and whether base is of this
// database's past. It is one statement, since a transaction of many changes makes it before and after each.
func (q queries) graphState(ctx context.Context, base *cachedGraph) (s cachedGraph, changed []changedID, follows bool, err error) {
	var standby bool
	found, err := rows(ctx, q, readingRevision, func(r *sql.Rows) (c changedID, err error) {
		var mark sql.NullString
		var kind sql.NullInt64
		err = r.Scan(&s.revision, &s.position, &mark, &follows, &standby, &kind, (*idColumn)(&c.id))
		s.mark, c.kind = mark.String, feed.Kind(kind.Int64)
		return c, err
	}, `SELECT s.stamp, s.position, m.mark, EXISTS (SELECT 1 FROM change_marks WHERE position = $1 AND mark = $2 AND s.position >= $1), `+q.traits.standby+`, c.kind, c.id
		FROM authorization_stamp s LEFT JOIN change_marks m ON m.position = s.position
		LEFT JOIN (SELECT kind, id FROM rights_changes WHERE position > $1 ORDER BY position, kind, id LIMIT $3) c ON true`,
		base.position, base.mark, maxGraphChanges+1)
	if err == nil && len(found) == 0 {
		return s, nil, false, q.failNoRevision()
	}
	changed = slices.DeleteFunc(found, func(c changedID) bool { return c.kind == 0 }) // the row where nothing has
	return s, changed, follows, q.failOnStandby(standby, readingRevision, err)
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

// graphChange reads what became of the roles and permissions that have changed.
func (q queries) graphChange(ctx context.Context, changed []changedID) (change users.GraphChange, err error) {
	var permissions, roles []users.ID
	for _, c := range changed {
		if c.kind == feed.KindPermission {
			permissions = append(permissions, c.id)
		} else {
			roles = append(roles, c.id)
		}
	}
	if change.Permissions, err = q.permissionStates(ctx, permissions); err != nil {
		return change, err
	}
	change.Roles, err = q.roleStates(ctx, roles)
	return change, err
}

// permissionStates reads what became of permissions.
func (q queries) permissionStates(ctx context.Context, ids []users.ID) ([]users.PermissionState, error) {
	states, at := make([]users.PermissionState, len(ids)), make(map[users.ID]int, len(ids))
	for i, id := range ids {
		states[i].ID, at[id] = id, i
	}
	err := eachNamed(ctx, q, "read changed permissions", scanPermission, `SELECT `+permissionColumns+` FROM permissions WHERE id`, ids,
		func(p users.Permission) { states[at[p.ID]].Permission = &p })
	return states, err
}

// roleStates reads what became of roles, and what is assigned to them.
func (q queries) roleStates(ctx context.Context, ids []users.ID) ([]users.RoleState, error) {
	states, at := make([]users.RoleState, len(ids)), make(map[users.ID]int, len(ids))
	for i, id := range ids {
		states[i].ID, at[id] = id, i
	}
	if err := eachNamed(ctx, q, "read changed roles", scanRole, `SELECT `+roleColumns+` FROM roles WHERE id`, ids,
		func(r users.Role) { states[at[r.ID]].Role = &r }); err != nil {
		return nil, err
	}
	err := eachNamed(ctx, q, "read the permissions of changed roles", scanAssignment, `SELECT role_id, permission_id FROM role_permissions WHERE role_id`, ids,
		func(a users.Assignment) {
			state := &states[at[a.RoleID]]
			state.Assigned = append(state.Assigned, a.PermissionID)
		})
	return states, err
}

// eachNamed calls take with each row of a query that ends with the column of an id, for these ids. They are named in the
// statement: an engine that is left to guess how many a subquery finds reads the whole table.
func eachNamed[T any](ctx context.Context, q queries, doing string, scan func(*sql.Rows) (T, error), query string, ids []users.ID, take func(T)) error {
	for some := range slices.Chunk(ids, namedAtOnce[len(namedAtOnce)-1]) {
		size, _ := slices.BinarySearch(namedAtOnce[:], len(some))
		args := make([]any, namedAtOnce[size])
		for i := range args {
			args[i] = some[min(i, len(some)-1)].String()
		}
		found, err := rows(ctx, q, doing, scan, query+namedLists[size], args...)
		if err != nil {
			return err
		}
		for _, x := range found {
			take(x)
		}
	}
	return nil
}

// namedAtOnce are how many ids a statement names, so that there are few statements to prepare. The last id fills up the rest.
var namedAtOnce = [...]int{1, 10, 100}

var namedLists = func() (lists [len(namedAtOnce)]string) {
	for i, n := range namedAtOnce {
		placeholders := make([]string, n)
		for k := range placeholders {
			placeholders[k] = `$` + strconv.Itoa(k+1)
		}
		lists[i] = ` IN (` + strings.Join(placeholders, `, `) + `)`
	}
	return lists
}()
