package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

// seen is an account with the stamps at the same moment. Both were read by one statement, or the account is proven to
// have been the same at the stamps: an entry is never given stamps of which that is only likely.
type seen struct {
	account users.Account
	stamps  users.Revision
	read    time.Time // when that statement began
}

// see reads both in one statement.
func (q queries) see(ctx context.Context, id users.ID) (seen, error) {
	const doing = "read an account and the stamps"
	var roles, accounts sql.NullString
	var standby bool
	s, err := row(ctx, q, doing, func(r *sql.Rows) (s seen, err error) {
		var a accountRow
		s.account, err = a.scan(r, &roles, &accounts, &standby)
		return s, err
	}, `SELECT `+accountColumns+`, s.stamp, s.account_stamp, `+q.engine.standby()+`
		FROM accounts a JOIN roles r ON r.id = a.role_id LEFT JOIN authorization_stamp s ON true WHERE a.id = $1`, id.String())
	if err == nil && !roles.Valid {
		return seen{}, q.noStamps()
	}
	s.stamps = users.Revision{Roles: roles.String, Accounts: accounts.String}
	return s, q.notOn(standby, doing, err)
}

// Access implements users.AccessReader.
//
// The account and the graph it returns are of one moment: mixed, they could show rights that the account had
// at no time, when its role was changed and so were the rights of its old one. Of an account that is kept,
// and of the graph, the stamps tell whether they are still true; they are read anew each time, so a change
// counts from the next request on, whichever process made it.
func (s *Store) Access(ctx context.Context, id users.ID) (users.Access, error) {
	if m, ok := s.engine.known(); ok {
		if access, ok := s.remembered(m, id); ok {
			return access, ctx.Err()
		}
	}
	return read(ctx, s, s.readLimit, func(ctx context.Context) (users.Access, error) {
		for range 3 {
			account, now, err := s.look(ctx, id)
			if err != nil {
				return users.Access{}, err
			}
			graph, ok := s.graph(now.Roles)
			if !ok {
				loaded, err := s.load(ctx, now.Roles)
				if err != nil {
					return users.Access{}, err
				}
				graph, ok = loaded.graph, loaded.stamp == now.Roles
			}
			if ok {
				return accessOf(account, graph, now), nil
			}
		}
		// Rights change faster than they are read. Reading all in one snapshot is dearer, and cannot miss.
		return inSnapshot(ctx, s, func(q queries) (users.Access, error) {
			account, err := q.Account(ctx, id)
			if err != nil {
				return users.Access{}, err
			}
			now := s.clock()
			loaded, err := q.loadGraph(ctx, s.graphs.base(now), now)
			return users.Access{Account: account, Graph: loaded.graph}, err
		})
	})
}

// Heard implements users.Store. As in Access, the account and the graph are of one moment: that it is still the last
// one heard of is looked at after both were found, since what is kept may by then be of a later one. The zero Moment
// goes with them: what is true of others at it has to be asked for.
func (s *Store) CachedAccess(id users.ID) (users.Access, bool) {
	m, ok := s.engine.heard()
	if !ok {
		return users.Access{}, false
	}
	graph, ok := s.graph(m.Roles)
	if !ok {
		return users.Access{}, false
	}
	kept, ok := s.kept(id)
	if !ok {
		return users.Access{}, false
	}
	same := kept.stamps.Accounts == m.Accounts
	if !same && !s.engine.unchanged(id, kept.stamps.Accounts) {
		return users.Access{}, false
	}
	if last, ok := s.engine.heard(); !ok || last != m {
		return users.Access{}, false
	}
	if !same {
		kept.stamps = m
		s.accounts.Set(id, kept)
	}
	return accessOf(kept.account, graph, users.Revision{}), true
}

// kept returns what is kept of an account, unless it was read too long ago.
func (s *Store) kept(id users.ID) (seen, bool) {
	kept, ok := s.accounts.GetIfPresent(id)
	return kept, ok && lease.WithinMaxAge(kept.read, s.clock())
}

// remembered answers from memory alone what is true at m.
func (s *Store) remembered(m users.Revision, id users.ID) (users.Access, bool) {
	graph, ok := s.graph(m.Roles)
	if !ok {
		return users.Access{}, false
	}
	kept, ok := s.kept(id)
	if !ok || kept.stamps.Accounts != m.Accounts {
		return users.Access{}, false
	}
	return accessOf(kept.account, graph, m), true
}

// accessOf takes the account's role from the graph: what is kept of an account may hold its role as it was
// before that was renamed.
func accessOf(a users.Account, g *users.Graph, m users.Revision) users.Access {
	if role, ok := g.Role(a.Role.ID); ok {
		a.Role = role
	}
	return users.Access{Account: a, Graph: g, Revision: m}
}

// look returns an account and the stamps, both as of now.
func (s *Store) look(ctx context.Context, id users.ID) (users.Account, users.Revision, error) {
	if kept, ok := s.kept(id); ok {
		now, err := s.now(ctx)
		if err != nil {
			return users.Account{}, users.Revision{}, err
		}
		if now.Accounts == kept.stamps.Accounts {
			return kept.account, now, nil
		}
	}
	began := s.clock()
	found, err := s.reads().see(ctx, id)
	if err != nil {
		if errors.Is(err, users.ErrNotFound) {
			s.accounts.Invalidate(id)
		}
		return users.Account{}, users.Revision{}, err
	}
	found.read = began
	s.accounts.Set(id, found)
	return found.account, found.stamps, nil
}

// now returns the stamps as of now.
func (s *Store) now(ctx context.Context) (users.Revision, error) {
	q := s.reads()
	m, err := s.engine.moment(func() (users.Revision, error) { return q.stamps(ctx) })
	var f *failure
	if err != nil && !errors.As(err, &f) {
		err = q.failure(ctx, "look whether anything has changed", err)
	}
	return m, err
}

// AccountSince implements users.Store.
func (s *Store) AccountSince(ctx context.Context, m users.Revision, id users.ID) (users.Account, error) {
	if access, ok := s.remembered(m, id); ok {
		return access.Account, nil
	}
	return read(ctx, s, s.readLimit, func(ctx context.Context) (users.Account, error) {
		account, now, err := s.look(ctx, id)
		if err != nil {
			return users.Account{}, err
		}
		if graph, ok := s.graph(now.Roles); ok {
			return accessOf(account, graph, now).Account, nil
		}
		found, err := s.reads().see(ctx, id)
		return found.account, err
	})
}

// Graph implements users.AccessReader.
func (s *Store) Graph(ctx context.Context) (*users.Graph, error) {
	return read(ctx, s, s.readLimit, func(ctx context.Context) (*users.Graph, error) {
		stamp, err := s.reads().stamp(ctx)
		if err != nil {
			return nil, err
		}
		if graph, ok := s.graph(stamp); ok {
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
	now := t.clock()
	base := &t.own
	if t.own.graph == nil {
		base = t.graphs.base(now)
	}
	// Nobody else is in a transaction of ours, but SQL by hand may come between the statements that load. What it changed
	// is then read again.
	for {
		loaded, err := t.loadGraph(ctx, base, now)
		if err != nil {
			return nil, err
		}
		if base != nil && loaded.stamp == base.stamp {
			return loaded.graph, nil
		}
		t.own, base = loaded, &loaded
	}
}
