package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

// cachedAccount is an account and a revision at which it was so. Both were read by one statement, or the account is proven
// to have been the same at the revision: an entry is never given a revision for which that is only likely.
type cachedAccount struct {
	account  users.Account
	ended    []users.ID // see users.Access.Ended
	revision users.Revision
	keys     string    // the stamp of the signing keys, which is the same for as long as Revision.Accounts is
	readAt   time.Time // when that statement began
}

// readAccount reads both in one statement. What has ended is that at now.
func (q queries) readAccount(ctx context.Context, id users.ID, now time.Time) (cachedAccount, error) {
	const doing = "read an account and the revision"
	var roles, accounts, keys, ended sql.NullString
	var standby bool
	s, err := row(ctx, q, doing, func(r *sql.Rows) (s cachedAccount, err error) {
		var a accountRow
		if s.account, err = a.scan(r, &roles, &accounts, &keys, &standby, &ended); err == nil {
			s.ended, err = parseIDs(ended.String)
		}
		return s, err
	}, `SELECT `+accountColumns+`, s.stamp, s.account_stamp, s.key_stamp, `+q.traits.standby+`,
			(SELECT `+q.traits.joinSessions+` FROM ended_sessions e WHERE e.account_id = a.id AND e.until_at > $2)
		FROM accounts a JOIN roles r ON r.id = a.role_id LEFT JOIN authorization_stamp s ON true WHERE a.id = $1`, id.String(), instant(now))
	if err == nil && !roles.Valid {
		return cachedAccount{}, q.failNoRevision()
	}
	s.revision, s.keys = users.Revision{Roles: roles.String, Accounts: accounts.String}, keys.String
	return s, q.failOnStandby(standby, doing, err)
}

// Access implements users.AccessReader.
//
// The account and the graph that it returns are of one revision: mixed, they could show rights that the account never
// had, after a change of its role and of the old role's permissions. The current revision is read on each call and
// compared with those of the cached account and graph, so a change takes effect with the next request, whichever process
// made it.
func (s *Store) Access(ctx context.Context, id users.ID) (users.Access, error) {
	if rev, ok := s.revisions.cachedRevision(); ok {
		if access, ok := s.fromCache(rev, id); ok {
			return access, ctx.Err()
		}
	}
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.Access, error) { return s.readAccess(ctx, id) })
}

// readAccess is Access without the first look into the cache, once.
func (s *Store) readAccess(ctx context.Context, id users.ID) (users.Access, error) {
	for range 3 {
		account, now, err := s.lookup(ctx, id)
		if err != nil {
			return users.Access{}, err
		}
		graph, ok := s.graph(now.Roles)
		if !ok {
			loaded, err := s.load(ctx, now.Roles)
			if err != nil {
				return users.Access{}, err
			}
			graph, ok = loaded.graph, loaded.revision == now.Roles
		}
		if ok {
			return accessOf(account, graph, now), nil
		}
	}
	// Rights change faster than they are read. Reading all in one snapshot costs more, and always succeeds.
	return inSnapshot(ctx, s, func(q queries) (users.Access, error) {
		now := s.clock()
		found, err := q.readAccount(ctx, id, now)
		if err != nil {
			return users.Access{}, err
		}
		loaded, err := q.loadGraph(ctx, s.graphs.base(now), now)
		return users.Access{Account: found.account, Graph: loaded.graph, Ended: found.ended, Keys: found.keys}, err
	})
}

// CachedAccess implements users.Store. As in Access, the account and the graph are of one revision: after both were
// found, the lease is checked again, since the cache may have been updated meanwhile. Access.Revision is zero, because
// the caller would have to read other accounts at that revision.
func (s *Store) CachedAccess(id users.ID) (users.Access, bool) {
	rev, ok := s.revisions.leasedRevision()
	if !ok {
		return users.Access{}, false
	}
	graph, ok := s.graph(rev.Roles)
	if !ok {
		return users.Access{}, false
	}
	kept, ok := s.keptAccount(id)
	if !ok {
		return users.Access{}, false
	}
	same := kept.revision.Accounts == rev.Accounts
	if !same && !s.revisions.unchanged(id, kept.revision.Accounts, rev.Accounts) {
		return users.Access{}, false
	}
	if last, ok := s.revisions.leasedRevision(); !ok || last != rev {
		return users.Access{}, false
	}
	if !same {
		kept.revision = rev
		s.accounts.Set(id, kept)
	}
	return accessOf(kept, graph, users.Revision{}), true
}

// keptAccount returns the cache's entry of an account, unless it was read too long ago.
func (s *Store) keptAccount(id users.ID) (cachedAccount, bool) {
	kept, ok := s.accounts.GetIfPresent(id)
	return kept, ok && lease.WithinMaxAge(kept.readAt, s.clock())
}

// fromCache returns the access of an account at a revision from the cache; false where the cache does not have it.
func (s *Store) fromCache(rev users.Revision, id users.ID) (users.Access, bool) {
	graph, ok := s.graph(rev.Roles)
	if !ok {
		return users.Access{}, false
	}
	kept, ok := s.keptAccount(id)
	if !ok || kept.revision.Accounts != rev.Accounts {
		return users.Access{}, false
	}
	return accessOf(kept, graph, rev), true
}

// accessOf takes the account's role from the graph: a cached account may hold its role as it was before that was renamed.
func accessOf(c cachedAccount, g *users.Graph, rev users.Revision) users.Access {
	a := c.account
	if role, ok := g.Role(a.Role.ID); ok {
		a.Role = role
	}
	return users.Access{Account: a, Graph: g, Revision: rev, Ended: c.ended, Keys: c.keys}
}

// lookup returns an account and the revision, both as of now.
func (s *Store) lookup(ctx context.Context, id users.ID) (cachedAccount, users.Revision, error) {
	if kept, ok := s.keptAccount(id); ok {
		now, err := s.currentRevision(ctx)
		if err != nil {
			return cachedAccount{}, users.Revision{}, err
		}
		if now.Accounts == kept.revision.Accounts {
			return kept, now, nil
		}
	}
	began := s.clock()
	found, err := s.reads().readAccount(ctx, id, began)
	if err != nil {
		if errors.Is(err, users.ErrNotFound) {
			s.accounts.Invalidate(id)
		}
		return cachedAccount{}, users.Revision{}, err
	}
	found.readAt = began
	s.accounts.Set(id, found)
	return found, found.revision, nil
}

// currentRevision returns the revision as of now.
func (s *Store) currentRevision(ctx context.Context) (users.Revision, error) {
	q := s.reads()
	rev, err := s.revisions.currentRevision(func() (users.Revision, error) { return q.readRevision(ctx) })
	var f *failure
	if err != nil && !errors.As(err, &f) {
		err = q.failure(ctx, "look whether anything has changed", err)
	}
	return rev, err
}

// AccountSince implements users.Store.
func (s *Store) AccountSince(ctx context.Context, rev users.Revision, id users.ID) (users.Account, error) {
	if access, ok := s.fromCache(rev, id); ok {
		return access.Account, nil
	}
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.Account, error) {
		account, now, err := s.lookup(ctx, id)
		if err != nil {
			return users.Account{}, err
		}
		if graph, ok := s.graph(now.Roles); ok {
			return accessOf(account, graph, now).Account, nil
		}
		found, err := s.reads().readAccount(ctx, id, s.clock())
		return found.account, err
	})
}

// Graph implements users.AccessReader.
func (s *Store) Graph(ctx context.Context) (*users.Graph, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (*users.Graph, error) {
		roles, err := s.reads().readRolesRevision(ctx)
		if err != nil {
			return nil, err
		}
		if graph, ok := s.graph(roles); ok {
			return graph, nil
		}
		loaded, err := s.load(ctx, roles)
		return loaded.graph, err
	})
}

// Access implements users.AccessReader.
func (t *tx) Access(ctx context.Context, id users.ID) (users.Access, error) {
	found, err := t.readAccount(ctx, id, t.clock())
	if err != nil {
		return users.Access{}, err
	}
	graph, err := t.Graph(ctx)
	return users.Access{Account: found.account, Graph: graph, Ended: found.ended, Keys: found.keys}, err
}

// Graph implements users.AccessReader. A graph with changes of this transaction is not shared before the commit.
func (t *tx) Graph(ctx context.Context) (*users.Graph, error) {
	now := t.clock()
	base := &t.own
	if t.own.graph == nil {
		base = t.graphs.base(now)
	}
	// No other process of the service writes during this transaction, but SQL by hand may, between the statements of the
	// load. Its changes are then read again.
	for {
		loaded, err := t.loadGraph(ctx, base, now)
		if err != nil {
			return nil, err
		}
		if base != nil && loaded.revision == base.revision {
			return loaded.graph, nil
		}
		t.own, base = loaded, &loaded
	}
}
