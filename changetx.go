package users

import (
	"context"
	"time"
)

// Change is a transaction that a rule decides and writes in. It begins and ends with Service.Change; a rule gets no other
// way to write.
type Change struct {
	Tx
	// Caller is who acts, as it is inside the transaction.
	Caller Caller
	// Now is the one time of all that happens in the transaction, in UTC and microseconds.
	Now     time.Time
	service *Service
	events  []Event
}

// Change runs fn in a transaction on behalf of c and commits if it returns nil. The caller is looked up again inside it,
// and must still hold need (where that is not empty), so that fn decides on a state that cannot change under it. Where the
// store runs a transaction again, fn is called again with another Change; so it must have no effect but on that.
//
// A caller whose credential is restricted to a scope, such as an API key, is refused, whatever fn does; for a rule that only
// takes away, see reduce.
//
// Whatever fn changes of accounts, roles, permissions and assignments it also records; see Change.Record.
// ErrUnauthenticated for a caller that is no longer valid, ErrForbidden for one that does not hold need, and the
// errors of fn, of the Store and of the Recorders.
func (s *Service) Change(ctx context.Context, c Caller, need PermissionName, fn func(*Change) error) error {
	if err := c.RefuseRestricted(); err != nil {
		return err
	}
	return s.reduce(ctx, c, need, fn)
}

// reduce is Change for a rule that gives nothing to any account: it deletes, or takes a permission from a role. So a caller
// whose credential is restricted may, within its scope.
func (s *Service) reduce(ctx context.Context, c Caller, need PermissionName, fn func(*Change) error) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		live, err := s.reload(ctx, tx, c)
		if err != nil {
			return err
		}
		if need != "" {
			if err := live.Require(need); err != nil {
				return err
			}
		}
		return s.decide(ctx, tx, live, fn)
	})
}

// ChangeByItself runs fn in a transaction as Change does, for what the process does by itself or by its command line: the
// caller is the operator, who is not looked up, since the database may have no role Admin yet, and has no rights.
func (s *Service) ChangeByItself(ctx context.Context, fn func(*Change) error) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		return s.decide(ctx, tx, Caller{Subject: operatorSubject()}, fn)
	})
}

// decide runs a rule in a transaction and hands what it has recorded to the recorders.
func (s *Service) decide(ctx context.Context, tx Tx, c Caller, fn func(*Change) error) error {
	change := &Change{Tx: tx, Caller: c, Now: s.now(), service: s}
	if err := fn(change); err != nil {
		return err
	}
	return s.record(ctx, tx, change.events)
}

// record hands events to the recorders, with the Tx or RowTx of the change. There may be neither events nor recorders.
func (s *Service) record(ctx context.Context, tx any, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	for _, r := range s.Recorders {
		if err := r.Record(ctx, tx, events); err != nil {
			return err
		}
	}
	return nil
}

// Recording reports whether events are read by anything. A rule asks it before it makes events that cost more than a few
// fields.
func (c *Change) Recording() bool { return len(c.service.Recorders) > 0 }

// Record adds events to what the change is about to tell its recorders, with its time and its caller as the actor. What
// the rule sets are Kind, Target and Fields.
func (c *Change) Record(events ...Event) {
	if c.Recording() {
		c.events = append(c.events, c.service.attribute(c.Caller.Subject, c.Now, events)...)
	}
}

// attribute completes events with their ids, time and actor.
func (s *Service) attribute(actor Subject, now time.Time, events []Event) []Event {
	for i := range events {
		events[i].ID, events[i].Time, events[i].Actor = s.NewID(), now, actor
	}
	return events
}
