package users

import (
	"context"
	"errors"
	"time"
)

// Service returns the Service as it is inside the change: what its methods change is part of it, and happens if all of it
// does, at one time. So several of them make one change, each under its own rules. What they record, the change records.
func (c *Change) Service() *Service {
	ports := c.service.Ports
	ports.Store = txStore{c.Tx, c.service.Store, c.service.Store, c.service.Store}
	ports.Now = func() time.Time { return c.Now }
	ports.Recorders = nil
	if c.Recording() {
		ports.Recorders = []Recorder{joinedRecorder{c}}
	}
	return New(ports)
}

// joinedRecorder is the Recorder of a Service inside a change.
type joinedRecorder struct{ outer *Change }

// Record implements Recorder: the events are those of the outer change, whose recorders get them all at its end.
func (r joinedRecorder) Record(_ context.Context, _ any, events []Event) error {
	r.outer.events = append(r.outer.events, events...)
	return nil
}

// txStore is the Store of a Service within a transaction. To continue a session, to find the API key of a request, and to
// authenticate a client, go past it.
type txStore struct {
	Tx
	SessionRotator
	APIKeyFinder
	ClientSecretFinder
}

// CachedAccess implements Store: inside a transaction only what it reads itself counts.
func (txStore) CachedAccess(ID) (Access, bool) { return Access{}, false }

// AccountSince implements Store.
func (t txStore) AccountSince(ctx context.Context, _ Revision, id ID) (Account, error) {
	return t.Account(ctx, id)
}

// InTx implements Store: fn runs in the transaction there is, which ends where it began.
func (t txStore) InTx(_ context.Context, fn func(tx Tx) error) error { return fn(t.Tx) }

// InRowTx implements Store. What changes no rights has a transaction of its own.
func (txStore) InRowTx(context.Context, func(tx RowTx) error) error {
	return errors.New("a row transaction does not begin inside a transaction")
}
