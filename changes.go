package users

import (
	"context"
	"time"
)

// Changes needs changes:read. What it answers is true at a moment after the call, and whoever waited is told only
// what they may still be told.
func (s *Service) Changes(ctx context.Context, c Caller, q ChangesQuery) (ChangesAnswer, error) {
	until := s.Now().Add(min(q.Wait, slotLength))
	for {
		latest, err := s.reader(ctx, c, ChangesRead)
		if err != nil {
			return ChangesAnswer{}, err
		}
		now := s.Now()
		key := statementKey{q.After, latest.seen, slotOf(now)}
		if _, ours := parseChangeCursor(q.After); !ours && q.After != "" {
			key.moment = Moment{} // anybody can think up any number of these: what they get is not kept
		}
		answer, err := s.statements.answer(ctx, key, func(ctx context.Context) (ChangesAnswer, error) {
			return s.tell(ctx, q.After, latest.seen, now)
		})
		left := until.Sub(s.Now())
		if err != nil || answer.Statement != "" || left <= 0 {
			return answer, err
		}
		if s.awaitChange(ctx, latest.seen, min(left, untilSlotAfter(q.After, now)), q.Stop) {
			until = time.Time{}
		}
		if err := ctx.Err(); err != nil {
			return ChangesAnswer{}, err
		}
		c.heard = true // what was so before the wait need not be so any more
	}
}

// awaitChange returns once the database is at another moment than m, when a time is over, and when it is told to
// stop, which it reports.
func (s *Service) awaitChange(ctx context.Context, m Moment, wait time.Duration, stop <-chan struct{}) (stopped bool) {
	changed, release := s.Store.Changed(m)
	defer release()
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	select {
	case <-changed:
	case <-waiting.Done():
	case <-stop:
		return true
	}
	return false
}

const (
	// maxChangesTold is how many accounts one statement tells of. A follower that knows nothing gets several.
	maxChangesTold = 1000
	// changesMargin is added to the life of tokens: the leeway they are verified with, and clocks that disagree.
	changesMargin = time.Hour
	// changesKept is longer than any token lives, whatever the setting was when it was issued.
	changesKept = 366 * 24 * time.Hour
)

// tell makes the answer to who asks after a cursor; m is what the database was at after they had asked.
func (s *Service) tell(ctx context.Context, after string, m Moment, now time.Time) (ChangesAnswer, error) {
	cursor, ours := parseChangeCursor(after)
	slot, turned := cursor.turn(now)
	if ours && !turned && cursor.is(m) {
		return ChangesAnswer{}, nil
	}
	if err := s.statements.turn(ctx); err != nil {
		return ChangesAnswer{}, err
	}
	defer s.statements.done()
	var found Changes
	var err error
	if ours {
		found, err = s.Store.ChangesSince(ctx, cursor.place, time.Time{}, maxChangesTold+1)
	}
	reset := !ours || !found.Known
	if err == nil && reset {
		// Before this, no token was issued that is still good.
		since := now.Add(-s.TokenLife - changesMargin)
		found, err = s.Store.ChangesSince(ctx, ChangePlace{}, since, maxChangesTold+1)
	}
	if err != nil {
		return ChangesAnswer{}, err
	}
	statement := ChangeStatement{IssuedAt: now, After: after, Reset: reset}
	next := changeCursor{slot: slot, place: found.Last, roles: digestOf(found.Moment.Roles), accounts: digestOf(found.Moment.Accounts)}
	if len(found.List) > maxChangesTold {
		found.List, statement.More = found.List[:maxChangesTold], true
		next.place, next.accounts = found.List[maxChangesTold-1].Place, noDigest
	}
	if reset || cursor.roles != next.roles {
		statement.Roles = found.Graph.rights()
	}
	if !reset && !turned && statement.Roles == nil && len(found.List) == 0 {
		return ChangesAnswer{}, nil // what has changed is nothing of theirs
	}
	for _, change := range found.List {
		statement.Accounts = append(statement.Accounts, change.rights())
	}
	statement.Cursor = next.String()
	signed, err := s.Tokens.SignChanges(statement)
	return ChangesAnswer{Statement: signed, Cursor: statement.Cursor, More: statement.More}, err
}

func (c AccountChange) rights() AccountRights {
	r := AccountRights{ID: c.Place.Account, Role: c.Role}
	if c.Active {
		r.Version = c.Version
	}
	return r
}

// rights lists what every role may do.
func (g *Graph) rights() []RoleRights {
	list := make([]RoleRights, len(g.roles))
	for i, n := range g.roles {
		list[i] = RoleRights{ID: n.ID, Name: n.Name, Permissions: g.names(n.effective)}
	}
	return list
}

// ForgetChanges forgets the changes of accounts of which no token can be left that says otherwise.
func (s *Service) ForgetChanges(ctx context.Context) error {
	return s.Store.ForgetChanges(ctx, s.now().Add(-changesKept))
}
