package feed

import (
	"context"
	"errors"
	"time"

	users "github.com/svc-users/svc-users"
)

// Ports is what a Feed needs of the outside. All fields are needed, but for Keys and Signer where nothing is read.
type Ports struct {
	// Service decides what followers may read, and has the clock and the life of tokens.
	Service *users.Service
	Store   Store
	Keys    Keys
	Signer  Signer
}

// Feed answers services that follow the changes. Its methods are safe for concurrent use. They return the refusals of
// package users, the context's error, or a defect.
type Feed struct {
	Ports
	statements *statements
	beginnings *beginnings
	// bounds are other than usual in tests alone.
	bounds bounds
}

// maxConcurrentStatements bounds how many statements are made at a time.
const maxConcurrentStatements = 2

// New returns a Feed on its ports. There is one in a process: what it has signed it keeps for the followers that ask the
// same.
func New(p Ports) *Feed {
	return &Feed{
		Ports: p, statements: newStatements(maxConcurrentStatements), beginnings: newBeginnings(),
		bounds: bounds{maxChangesTold, maxStatement},
	}
}

// Query is how a follower asks.
type Query struct {
	// After is the cursor of the answer before, see cursor; empty asks from the beginning, as does any text that is no
	// cursor of this database.
	After string
	// Wait is how long to wait for something newer; never longer than 10 seconds.
	Wait time.Duration
	// Stop, when it is closed, ends all waiting.
	Stop <-chan struct{}
}

// Answer is what a follower gets.
type Answer struct {
	Statement string // signed; empty where nothing is newer than Query.After
	Cursor    string
	More      bool
}

// Read needs changes:read. What it answers is true at a moment after the call, and after a wait the caller gets only what
// the caller may still read. users.ErrTooMany for an account that makes up cursors.
func (f *Feed) Read(ctx context.Context, c users.Caller, q Query) (Answer, error) {
	until := f.Service.Now().Add(min(q.Wait, slotLength))
	for {
		latest, err := f.Service.AuthorizeRead(ctx, c, users.ChangesRead)
		if err != nil {
			return Answer{}, err
		}
		now := f.Service.Now()
		answer, err := f.answerAfter(ctx, latest, q.After, now)
		left := until.Sub(f.Service.Now())
		if err != nil || answer.Statement != "" || left <= 0 {
			return answer, err
		}
		if f.awaitChange(ctx, latest.Revision(), min(left, untilSlotAfter(q.After, now)), q.Stop) {
			until = time.Time{}
		}
		if err := ctx.Err(); err != nil {
			return Answer{}, err
		}
		c = c.Stale() // what was true before the wait may have changed
	}
}

// answerAfter answers a caller that asks after a cursor; the database was at the caller's revision after the call began.
func (f *Feed) answerAfter(ctx context.Context, c users.Caller, after string, now time.Time) (Answer, error) {
	from, ours := parseCursor(after)
	account, revision := c.Account.ID, c.Revision()
	if ours {
		slot, turned := from.turn(now)
		if !turned && from.is(revision) {
			return Answer{}, nil
		}
		key := statementKey{after: after, revision: revision, slot: slotOf(now)}
		if revision == (users.Revision{}) {
			key.once = f.statements.once.Add(1)
		}
		answer, err := f.statements.answer(ctx, key, account, func(ctx context.Context) (Answer, error) {
			return f.build(ctx, builder{after: after, from: from, slot: slot, turned: turned, now: now})
		})
		if !errors.Is(err, errUnknownCursor) {
			return answer, err
		}
	}
	if err := f.beginnings.admit(account, after, now); err != nil {
		return Answer{}, err
	}
	// What was made within this second will do: it does not say that it is all.
	key := statementKey{after: after, slot: now.Unix()}
	return f.beginnings.answer(ctx, key, account, func(ctx context.Context) (Answer, error) {
		return f.build(ctx, builder{after: after, slot: slotOf(now), reset: true, now: now})
	})
}

// awaitChange returns once the database is at another revision than r, when a time is over, and when it is told to
// stop, which it reports.
func (f *Feed) awaitChange(ctx context.Context, r users.Revision, wait time.Duration, stop <-chan struct{}) (stopped bool) {
	changed, release := f.Store.Changed(r)
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
func (f *Feed) ForgetChanges(ctx context.Context) error {
	return f.Store.ForgetChanges(ctx, changesKept, marksKept)
}
