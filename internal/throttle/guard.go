package throttle

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// usualRows is the usual Ports.Rows.
	usualRows = 1 << 18
	// bucketsPerRow is how many buckets a kind has for each row there may be: so many that two which are attacked at the same
	// time seldom share one.
	bucketsPerRow = 4
	// A replica looks how many rows there are after countEvery, which is rarer than matters to the database, and after it has
	// counted a part of Ports.Rows, so that a flood cannot make many more in between.
	countEvery = 10 * time.Second
	countParts = 16
)

// Guard counts attempts. It is a users.Guard, and safe for concurrent use.
type Guard struct {
	Ports
	key     atomic.Pointer[[]byte]
	crowded atomic.Bool
	counted atomic.Int64 // when the rows were counted last
	since   atomic.Int64 // how many attempts there were since then
	pending pending
}

var _ users.Guard = (*Guard)(nil)

// NewGuard returns a Guard.
func NewGuard(p Ports) *Guard {
	p.Rows = cmp.Or(p.Rows, usualRows)
	return &Guard{Ports: p}
}

// Look implements users.Guard.
func (g *Guard) Look(ctx context.Context, a users.Attempt) error {
	return g.choose(ctx, a, func(draws []Draw) ([]Exhausted, error) {
		watch := g.pending.watch(draws)
		defer watch.end()
		empty, err := g.Store.ExhaustedBudgets(ctx, g.Now(), draws)
		if len(empty) > 0 {
			if returned, changes := watch.hope(empty); returned || changes != nil {
				return nil, nil
			}
		}
		return empty, err
	})
}

// Reserve implements users.Guard.
func (g *Guard) Reserve(ctx context.Context, a users.Attempt) (users.Reservation, error) {
	r := &reservation{}
	err := g.choose(ctx, a, func(draws []Draw) ([]Exhausted, error) {
		watch := g.pending.watch(draws)
		defer watch.end()
		for {
			watch.begin()
			empty, err := g.Store.TakeAttempts(ctx, g.Now(), draws)
			taken := err == nil && len(empty) == 0
			watch.took(taken)
			if taken {
				*r = reservation{g, draws}
			}
			if err != nil || taken {
				return nil, err
			}
			if again, err := watch.awaitReturn(ctx, empty); !again || err != nil {
				return empty, err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// choose asks about the budgets of an attempt, one choice after the other, until one has none exhausted.
func (g *Guard) choose(ctx context.Context, a users.Attempt, ask func([]Draw) ([]Exhausted, error)) error {
	if g.Off {
		return nil
	}
	key, err := g.digestKey(ctx)
	if err != nil {
		return err
	}
	if err := g.countRows(ctx); err != nil {
		return err
	}
	var empty []Exhausted
	for _, choice := range g.budgets(a) {
		if empty, err = ask(g.draws(key, choice)); err != nil || len(empty) == 0 {
			return err
		}
	}
	return g.refuse(empty)
}

// refuse is the refusal of an attempt. It is the same whether or not there is such an account.
func (g *Guard) refuse(empty []Exhausted) error {
	var wait time.Duration
	for _, e := range empty {
		wait = max(wait, e.Wait)
		if g.Observe != nil {
			g.Observe(Block{e.Kind, e.Subject, e.Wait})
		}
	}
	return &users.Error{
		Kind: users.ErrTooMany, Message: "Too many attempts; try again later.", RetryAfter: wait, Cause: errors.New("budget used up: " + string(empty[0].Kind)),
	}
}

// reservation is what an attempt has taken, which may be nothing.
type reservation struct {
	guard *Guard
	draws []Draw
}

// Settle implements users.Reservation.
func (r *reservation) Settle(ctx context.Context, giveBack bool) {
	if len(r.draws) == 0 {
		return
	}
	if giveBack {
		_ = r.guard.Store.ReturnAttempts(context.WithoutCancel(ctx), r.guard.Now(), r.draws) // if it fails the budget fills by itself
	}
	r.guard.pending.settle(r.draws, giveBack)
}

// draws returns the rows of budgets, sorted by id.
func (g *Guard) draws(key []byte, list []budget) []Draw {
	out := make([]Draw, len(list))
	for i, b := range list {
		crowded := g.crowded.Load() && b.kind.free()
		out[i] = Draw{ID: g.rowID(key, b, crowded), Kind: b.kind, Subject: b.subject, Rate: b.rate}
		if crowded {
			out[i].Subject = "" // the row is of others too
		}
	}
	slices.SortFunc(out, func(a, b Draw) int { return a.ID.Compare(b.ID) })
	return out
}

// rowID is the id of the row of a budget: the first 122 bits of an HMAC-SHA-256 as a UUID of version 8 (RFC 9562 §5.8). With
// crowded it is that of the bucket.
func (g *Guard) rowID(key []byte, b budget, crowded bool) users.ID {
	sum := digest(key, string(b.kind)+"\x00"+b.key)
	if crowded {
		bucket := int64(binary.BigEndian.Uint32(sum)) % int64(g.Rows*bucketsPerRow)
		sum = digest(key, "bucket\x00"+string(b.kind)+"\x00"+strconv.FormatInt(bucket, 10))
	}
	id := users.ID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}

func digest(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// digestKey returns the key of the database, which is read once.
func (g *Guard) digestKey(ctx context.Context) ([]byte, error) {
	if key := g.key.Load(); key != nil {
		return *key, nil
	}
	key, err := g.Store.ThrottleKey(ctx)
	if err != nil {
		return nil, err
	}
	g.key.Store(&key)
	return key, nil
}

// countRows looks how many rows there are, if that was not done for a while. It goes back to a row for each when half of the
// rows are gone, so that it does not change between the two all the time.
func (g *Guard) countRows(ctx context.Context) error {
	last, now := g.counted.Load(), g.Now()
	due := g.since.Add(1) >= int64(g.Rows/countParts) || now.Sub(time.Unix(0, last)).Abs() >= countEvery
	if !due || !g.counted.CompareAndSwap(last, now.UnixNano()) {
		return nil
	}
	g.since.Store(0)
	most := g.Rows
	if g.crowded.Load() {
		most /= 2
	}
	n, err := g.Store.CountThrottles(ctx, most)
	if err != nil {
		g.counted.Store(last)
		return err
	}
	g.crowded.Store(n >= most)
	return nil
}

// Sweep deletes the rows of budgets that are full.
func (g *Guard) Sweep(ctx context.Context) error {
	return g.Store.SweepThrottles(ctx, g.Now().Add(-sweepMargin))
}

// sweepMargin is how long a row is left that could be deleted: it may be needed again at once.
const sweepMargin = time.Minute
