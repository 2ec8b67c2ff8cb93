package throttle

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	users "github.com/svc-users/svc-users"
)

// maxShown is how many budgets a list has at most.
const maxShown = 1000

// Throttle is a budget that is not full, as callers see it.
type Throttle struct {
	Record
	// Failures is how many attempts are counted now.
	Failures int
	// BlockedUntil is when there is an attempt again; zero if there is one now.
	BlockedUntil time.Time
}

// Query says which budgets are asked for, as the request gave it. Empty fields ask for all.
type Query struct {
	Kind string
	// Subject is an address, of which that of an IPv6 network is the same as the network, or the id of an account.
	Subject string
	Blocked bool // only those without an attempt left
	Found   users.Faults
}

// Manager shows budgets and makes them full again.
type Manager struct {
	*Guard
	rules *users.Service
}

// NewManager returns a Manager of what a Guard has counted. rules decides who may.
func NewManager(g *Guard, rules *users.Service) *Manager { return &Manager{g, rules} }

// List needs throttles:read. It returns at most 1,000 budgets that are not full, those without an attempt left first.
// ErrInvalid for a kind that there is not.
func (m *Manager) List(ctx context.Context, c users.Caller, q Query) ([]Throttle, error) {
	if _, err := m.rules.AuthorizeRead(ctx, c, users.ThrottlesRead); err != nil {
		return nil, err
	}
	filter, err := q.filter()
	if err != nil {
		return nil, err
	}
	now := m.Now()
	records, err := m.Store.Throttles(ctx, now, filter, maxShown)
	if err != nil {
		return nil, err
	}
	list := make([]Throttle, len(records))
	for i, r := range records {
		list[i] = Throttle{Record: r, Failures: r.Rate.Used(r.FullAt, now)}
		if wait := r.Rate.Wait(r.FullAt, now); wait > 0 {
			list[i].BlockedUntil = now.Add(wait)
		}
	}
	return list, nil
}

// Clear needs throttles:delete. It makes the budget of an id full. ErrNotFound for an id that there is not.
func (m *Manager) Clear(ctx context.Context, c users.Caller, id string) error {
	return m.change(ctx, c, func(tx *users.Change, t Tx) error {
		parsed, ok := users.ParseID(id)
		if !ok {
			return errNoThrottle
		}
		record, err := t.DeleteThrottle(ctx, parsed)
		if errors.Is(err, users.ErrNotFound) {
			return errNoThrottle
		}
		if err != nil {
			return err
		}
		tx.Record(users.ThrottleClearedEvent(record.ID, string(record.Kind), record.Subject))
		return nil
	})
}

// ClearAll needs throttles:delete. It makes the budgets full that are asked for, and returns how many were not. ErrInvalid
// for a kind that there is not.
func (m *Manager) ClearAll(ctx context.Context, c users.Caller, q Query) (cleared int, err error) {
	filter, invalid := q.filter()
	err = m.change(ctx, c, func(tx *users.Change, t Tx) error {
		if invalid != nil {
			return invalid
		}
		if cleared, err = t.DeleteThrottles(ctx, m.Now(), filter); err != nil {
			return err
		}
		if cleared > 0 {
			tx.Record(users.ThrottleClearedEvent(users.ID{}, string(filter.Kind), filter.Subject))
		}
		return nil
	})
	return cleared, err
}

func (m *Manager) change(ctx context.Context, c users.Caller, fn func(*users.Change, Tx) error) error {
	return m.rules.Change(ctx, c, users.ThrottlesDelete, func(tx *users.Change) error {
		t, ok := tx.Tx.(Tx)
		if !ok {
			return fmt.Errorf("a %T has no throttles", tx.Tx)
		}
		return fn(tx, t)
	})
}

var errNoThrottle = &users.Error{Kind: users.ErrNotFound, Message: "Throttle not found"}

func (q Query) filter() (Filter, error) {
	faults := q.Found
	if q.Kind != "" && !slices.Contains(Kinds(), Kind(q.Kind)) {
		faults.Add("kind", "must be one of address, account, device, password, credential, new_account")
	}
	f := Filter{Kind: Kind(q.Kind), Subject: q.Subject, Blocked: q.Blocked}
	if _, err := netip.ParseAddr(q.Subject); err == nil {
		f.Subject = networkOf(q.Subject)
	}
	return f, faults.Err()
}
