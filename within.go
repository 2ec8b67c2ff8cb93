package users

import (
	"context"
	"errors"
	"time"
)

// within returns the Service as it is inside a transaction: what its methods change is part of tx, and happens
// if all of it does, at one time. So several of them make one change, each under its own rules.
func (s *Service) within(tx Tx, now time.Time) *Service {
	ports := s.Ports
	ports.Store = inner{tx, s.Store}
	ports.Now = func() time.Time { return now }
	return New(ports)
}

// inner is the Store of a Service within a transaction. To follow changes goes past it.
type inner struct {
	Tx
	ChangeReader
}

// CachedAccess implements Store: inside a transaction only what it reads itself counts.
func (inner) CachedAccess(ID) (Access, bool) { return Access{}, false }

// AccountSince implements Store.
func (i inner) AccountSince(ctx context.Context, _ Revision, id ID) (Account, error) {
	return i.Account(ctx, id)
}

// InTx implements Store: fn runs in the transaction there is, whose end is for whoever began it.
func (i inner) InTx(_ context.Context, fn func(tx Tx) error) error { return fn(i.Tx) }

// InRowTx implements Store. What changes no rights has a transaction of its own.
func (inner) InRowTx(context.Context, func(tx RowTx) error) error {
	return errors.New("a row transaction does not begin inside a transaction")
}
