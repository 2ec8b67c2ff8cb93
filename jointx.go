package users

import (
	"context"
	"errors"
	"time"
)

// joinTx returns the Service as it is inside a change: what its methods change is part of tx, and happens if all of it
// does, at one time. So several of them make one change, each under its own rules. What they record, tx records.
func (s *Service) joinTx(tx *Change) *Service {
	ports := s.Ports
	ports.Store = txStore{tx.Tx, s.Store}
	ports.Now = func() time.Time { return tx.Now }
	ports.Recorders = nil
	if tx.Recording() {
		ports.Recorders = []Recorder{joinedRecorder{tx}}
	}
	return New(ports)
}

// joinedRecorder is the Recorder of a Service inside a change.
type joinedRecorder struct{ outer *Change }

// Record implements Recorder: the events are those of the outer change, whose recorders get them all at its end.
func (r joinedRecorder) Record(_ context.Context, _ AccountReader, events []Event) error {
	r.outer.events = append(r.outer.events, events...)
	return nil
}

// txStore is the Store of a Service within a transaction. To follow changes goes past it.
type txStore struct {
	Tx
	ChangeReader
}

// Heard implements Store: nothing counts inside a transaction but what it reads itself.
func (txStore) Heard(ID) (Access, bool) { return Access{}, false }

// AccountSince implements Store.
func (t txStore) AccountSince(ctx context.Context, _ Moment, id ID) (Account, error) {
	return t.Account(ctx, id)
}

// InTx implements Store: fn runs in the transaction there is, which ends where it began.
func (t txStore) InTx(_ context.Context, fn func(tx Tx) error) error { return fn(t.Tx) }

// ForgetEmailChanges implements Store. Nothing is cleared away inside a transaction.
func (txStore) ForgetEmailChanges(context.Context, time.Time) error {
	return errors.New("old changes of e-mails are not forgotten inside a transaction")
}

// ReplacePasswordHash implements Store. A login has no place inside a transaction.
func (txStore) ReplacePasswordHash(context.Context, ID, PasswordHash, PasswordHash) error {
	return errors.New("a stored hash is not replaced inside a transaction")
}
