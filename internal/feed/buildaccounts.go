package feed

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// addAccounts adds accounts and ended sessions, which stand in one order, and returns how far it has come and whether that
// is all.
func (b *builder) addAccounts(ctx context.Context, at AccountPlace, life time.Duration) (AccountPlace, bool, error) {
	since := time.Time{}
	if at == allAccounts(0) {
		// Before this, no token was issued that is still good. It is the database's clock that dates changes.
		since = b.state.Now.Add(-life - changesMargin)
	}
	accounts, err := b.view.ChangedAccounts(ctx, at, since, b.left+1)
	if err != nil {
		return at, false, err
	}
	sessions, err := b.view.EndedSessions(ctx, at, b.state.Now, b.left+1)
	if err != nil {
		return at, false, err
	}
	for len(accounts)+len(sessions) > 0 {
		if b.full() {
			return at, false, nil
		}
		if len(sessions) == 0 || len(accounts) > 0 && accounts[0].Place.compare(sessions[0].Place) < 0 {
			b.addAccount(accounts[0])
			at, accounts = accounts[0].Place, accounts[1:]
			continue
		}
		b.statement.Sessions = append(b.statement.Sessions, EndedSession{ID: sessions[0].Place.ID, Until: sessions[0].Until})
		b.left--
		b.size += sizeOfIDs
		at, sessions = sessions[0].Place, sessions[1:]
	}
	return allAccounts(b.state.Position), true, nil
}

func (b *builder) addAccount(c AccountChange) {
	a := AccountRights{ID: c.Place.ID, Role: c.Role}
	if c.Active {
		a.Version = c.Version
	}
	b.statement.Accounts = append(b.statement.Accounts, a)
	b.left--
	b.size += sizeOfIDs
}

// compare is negative if p is before q, positive if it is behind it.
func (p AccountPlace) compare(q AccountPlace) int {
	return cmp.Or(cmp.Compare(p.Position, q.Position), slices.Compare(p.ID[:], q.ID[:]))
}
