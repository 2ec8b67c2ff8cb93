package web

import (
	"errors"
	"sync/atomic"
)

const (
	// bodyBudgetSize is how many bytes of bodies the process holds at a time, beyond what each has free: 16 of the
	// largest declarations, or 130 of the largest checks. What is made of a body takes a few times its size, which
	// together fits into the 256 MiB of the shipped limits.
	bodyBudgetSize = 16 << 20
	// freeBody is what each body has free: all of it for a login and the like, which so get through while large bodies
	// wait. It is less than a connection may take for its header, and bounded with the number of connections.
	freeBody = SmallBody + 1
	// firstBuffer is how much is at most made ready for a body that has not begun to arrive.
	firstBuffer = 4 << 10
)

var errBodyBudget = errors.New("the budget of bodies in flight is used up")

// bodyBudget is how many bytes of bodies more the process may hold.
type bodyBudget struct{ left atomic.Int64 }

func newBodyBudget(size int64) *bodyBudget {
	b := &bodyBudget{}
	b.left.Store(size)
	return b
}

// take reserves n bytes and reports whether there were so many.
func (b *bodyBudget) take(n int64) bool {
	for {
		left := b.left.Load()
		if left < n {
			return false
		}
		if b.left.CompareAndSwap(left, left-n) {
			return true
		}
	}
}

// give returns what was taken.
func (b *bodyBudget) give(n int64) { b.left.Add(n) }

// chargeBody reserves what a buffer of this size takes beyond what is free and what was charged before. It is held until
// finish: a body is kept, and things are made of it, until the answer has been sent.
func (x *Exchange) chargeBody(size int64) bool {
	more := size - freeBody - x.charged
	if more <= 0 {
		return true
	}
	if !x.handler.bodies.take(more) {
		return false
	}
	x.charged += more
	return true
}

// refundBody returns all that was charged.
func (x *Exchange) refundBody() {
	if x.charged > 0 {
		x.handler.bodies.give(x.charged)
		x.charged = 0
	}
}
