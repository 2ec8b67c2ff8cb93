package users

import (
	"context"
	"errors"
	"time"
)

// Changes needs changes:read. What it answers is true at a moment after the call, and after a wait the caller
// gets only what the caller may still read. ErrTooMany for an account that makes up cursors.
func (s *Service) Changes(ctx context.Context, c Caller, q ChangesQuery) (ChangesAnswer, error) {
	until := s.Now().Add(min(q.Wait, slotLength))
	for {
		latest, err := s.authorizeRead(ctx, c, ChangesRead)
		if err != nil {
			return ChangesAnswer{}, err
		}
		now := s.Now()
		answer, err := s.changesAfter(ctx, latest, q.After, now)
		left := until.Sub(s.Now())
		if err != nil || answer.Statement != "" || left <= 0 {
			return answer, err
		}
		if s.awaitChange(ctx, latest.revision, min(left, untilSlotAfter(q.After, now)), q.Stop) {
			until = time.Time{}
		}
		if err := ctx.Err(); err != nil {
			return ChangesAnswer{}, err
		}
		c.cached = true // what was true before the wait may have changed
	}
}

// changesAfter answers who asks after a cursor; the database was at the caller's revision after they had asked.
func (s *Service) changesAfter(ctx context.Context, c Caller, after string, now time.Time) (ChangesAnswer, error) {
	cursor, ours := parseChangeCursor(after)
	account := c.Account.ID
	if ours {
		slot, turned := cursor.turn(now)
		if !turned && cursor.is(c.revision) {
			return ChangesAnswer{}, nil
		}
		key := statementKey{after: after, revision: c.revision, slot: slotOf(now)}
		if c.revision == (Revision{}) {
			key.once = s.statements.once.Add(1)
		}
		answer, err := s.statements.answer(ctx, key, account, func(ctx context.Context) (ChangesAnswer, error) {
			return s.tell(ctx, telling{after: after, from: cursor, slot: slot, turned: turned, now: now})
		})
		if !errors.Is(err, errUnknownCursor) {
			return answer, err
		}
	}
	if err := s.beginnings.admit(account, after, now); err != nil {
		return ChangesAnswer{}, err
	}
	// What was made within this second will do: it does not say that it is all.
	key := statementKey{after: after, slot: now.Unix()}
	return s.beginnings.answer(ctx, key, account, func(ctx context.Context) (ChangesAnswer, error) {
		return s.tell(ctx, telling{after: after, slot: slotOf(now), reset: true, now: now})
	})
}

// awaitChange returns once the database is at another revision than r, when a time is over, and when it is told to
// stop, which it reports.
func (s *Service) awaitChange(ctx context.Context, r Revision, wait time.Duration, stop <-chan struct{}) (stopped bool) {
	changed, release := s.Store.Changed(r)
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
	// changesMargin is added to the life of tokens: the leeway they are verified with, and clocks that disagree.
	changesMargin = time.Hour
	// changesKept is longer than any token lives, whatever the setting was when it was issued.
	changesKept = 366 * 24 * time.Hour
	// marksKept is how long a follower can have been away and still be told only what it has missed.
	marksKept = 48 * time.Hour
)

// ForgetChanges forgets the changes of accounts of which no token can be left that says otherwise.
func (s *Service) ForgetChanges(ctx context.Context) error {
	return s.Store.ForgetChanges(ctx, changesKept, marksKept)
}
