package store

import (
	"context"
	"database/sql"

	"github.com/svc-users/svc-users"
)

// seen is an account with the stamp of the role graph at the same moment.
type seen struct {
	account users.Account
	stamp   string
}

// see reads both in one statement, which is all that a request costs while the graph does not change.
func (q queries) see(ctx context.Context, id users.ID) (seen, error) {
	return row(ctx, q, "read an account and the authorization stamp", func(r *sql.Rows) (s seen, err error) {
		var a accountRow
		s.account, err = a.scan(r, &s.stamp)
		return s, err
	}, `SELECT `+accountColumns+`, (SELECT stamp FROM authorization_stamp)
		FROM accounts a JOIN roles r ON r.id = a.role_id WHERE a.id = $1`, id.String())
}

// Access implements users.AccessReader.
//
// The account and the graph it returns are of one moment: mixed, they could show rights that the account had
// at no time, when its role was changed and so were the rights of its old one.
func (s *Store) Access(ctx context.Context, id users.ID) (users.Access, error) {
	return read(ctx, s, s.readLimit, func(ctx context.Context) (users.Access, error) {
		for range 3 {
			now, err := s.reads().see(ctx, id)
			if err != nil {
				return users.Access{}, err
			}
			graph, ok := s.graphs.find(now.stamp)
			if !ok {
				loaded, err := s.load(ctx, now.stamp)
				if err != nil {
					return users.Access{}, err
				}
				graph, ok = loaded.graph, loaded.stamp == now.stamp
			}
			if ok {
				return users.Access{Account: now.account, Graph: graph}, nil
			}
		}
		// Rights change faster than they are read. Reading all in one snapshot is dearer, and cannot miss.
		return inSnapshot(ctx, s, func(q queries) (users.Access, error) {
			account, err := q.Account(ctx, id)
			if err != nil {
				return users.Access{}, err
			}
			loaded, err := q.loadGraph(ctx)
			return users.Access{Account: account, Graph: loaded.graph}, err
		})
	})
}

// Graph implements users.AccessReader.
func (s *Store) Graph(ctx context.Context) (*users.Graph, error) {
	return read(ctx, s, s.readLimit, func(ctx context.Context) (*users.Graph, error) {
		stamp, err := s.reads().stamp(ctx)
		if err != nil {
			return nil, err
		}
		if graph, ok := s.graphs.find(stamp); ok {
			return graph, nil
		}
		loaded, err := s.load(ctx, stamp)
		return loaded.graph, err
	})
}

// Access implements users.AccessReader.
func (t *tx) Access(ctx context.Context, id users.ID) (users.Access, error) {
	account, err := t.Account(ctx, id)
	if err != nil {
		return users.Access{}, err
	}
	graph, err := t.Graph(ctx)
	return users.Access{Account: account, Graph: graph}, err
}

// Graph implements users.AccessReader. A graph with changes of this transaction stays with it: it is not the
// truth for others yet, and may never be.
func (t *tx) Graph(ctx context.Context) (*users.Graph, error) {
	stamp, err := t.stamp(ctx)
	if err != nil {
		return nil, err
	}
	if graph, ok := t.graphs.find(stamp); ok {
		return graph, nil
	}
	// Nobody else is in a transaction of ours, but SQL by hand may come between the statements that load.
	for t.own.stamp != stamp {
		if t.own, err = t.loadGraph(ctx); err != nil {
			return nil, err
		}
		if stamp, err = t.stamp(ctx); err != nil {
			return nil, err
		}
	}
	return t.own.graph, nil
}
