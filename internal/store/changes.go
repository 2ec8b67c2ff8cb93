package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
)

// ChangesSince implements users.ChangeReader. Rows of account_changes move to a later place with each change of
// their account and never to an earlier one, so whoever has read up to a place misses nothing by reading on from
// there, whatever happens in between.
func (s *Store) ChangesSince(ctx context.Context, after users.ChangePlace, since time.Time, limit int) (users.Changes, error) {
	return read(ctx, s, s.readLimit, func(ctx context.Context) (users.Changes, error) {
		return inSnapshot(ctx, s, func(q queries) (users.Changes, error) {
			c, err := s.stateOf(ctx, q)
			if err == nil {
				c.Known, err = q.knowsPlace(ctx, after)
			}
			if err == nil && c.Known {
				c.List, err = q.changesSince(ctx, after, since, limit)
			}
			if err == nil {
				c.Last, err = q.lastChange(ctx)
			}
			return c, err
		})
	})
}

// stateOf reads the moment and the graph of a snapshot, the latter only if it is another than the one that is kept.
func (s *Store) stateOf(ctx context.Context, q queries) (c users.Changes, err error) {
	if c.Moment, err = q.stamps(ctx); err != nil {
		return c, err
	}
	graph, ok := s.graph(c.Moment.Roles)
	if !ok {
		loaded, err := q.loadGraph(ctx)
		if err != nil {
			return c, err
		}
		graph = loaded.graph
	}
	c.Graph = graph
	return c, nil
}

// knowsPlace reports whether an account has changed at a place: its row stands there, or further on by now. In a
// database of which a backup was restored it does not.
func (q queries) knowsPlace(ctx context.Context, place users.ChangePlace) (bool, error) {
	if place == (users.ChangePlace{}) {
		return true, nil
	}
	_, err := row(ctx, q, "look for a place among the changes", scanInt,
		`SELECT 1 FROM account_changes WHERE account_id = $1 AND position >= $2`, place.Account.String(), place.Position)
	if errors.Is(err, users.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (q queries) changesSince(ctx context.Context, after users.ChangePlace, since time.Time, limit int) ([]users.AccountChange, error) {
	return rows(ctx, q, "read the changes of accounts", scanChange,
		`SELECT c.position, c.account_id, a.is_active, a.token_version, a.role_id
		FROM account_changes c LEFT JOIN accounts a ON a.id = c.account_id
		WHERE (c.position, c.account_id) > ($1, $2) AND c.changed_at > $3
		ORDER BY c.position, c.account_id LIMIT $4`, after.Position, after.Account.String(), instant(since), limit)
}

func scanChange(r *sql.Rows) (c users.AccountChange, err error) {
	var active sql.NullBool
	var version sql.NullInt64
	err = r.Scan(&c.Place.Position, (*idColumn)(&c.Place.Account), &active, &version, (*idColumn)(&c.Role))
	c.Active, c.Version = active.Bool, version.Int64
	return c, err
}

func (q queries) lastChange(ctx context.Context) (users.ChangePlace, error) {
	place, err := row(ctx, q, "read the last change of an account", func(r *sql.Rows) (p users.ChangePlace, err error) {
		return p, r.Scan(&p.Position, (*idColumn)(&p.Account))
	}, `SELECT position, account_id FROM account_changes ORDER BY position DESC, account_id DESC LIMIT 1`)
	if errors.Is(err, users.ErrNotFound) {
		return users.ChangePlace{}, nil
	}
	return place, err
}

// ForgetChanges implements users.ChangeReader. It is one statement and may be repeated.
func (s *Store) ForgetChanges(ctx context.Context, before time.Time) error {
	_, err := read(ctx, s, s.txLimit, func(ctx context.Context) (int64, error) {
		return s.reads().exec(ctx, "forget old changes of accounts", `DELETE FROM account_changes WHERE changed_at < $1`, instant(before))
	})
	return err
}
