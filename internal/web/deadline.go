package web

import (
	"context"
	"sync"
	"time"
)

// lazyDeadline is a context that ends with its parent, at a time, or when it is told to, like one of
// context.WithDeadline; but it sets a timer and watches its parent only once Done is called. Most requests are answered
// from memory, without anything that waits for Done, and for these a timer would be a twentieth of their cost.
type lazyDeadline struct {
	parent context.Context
	until  time.Time

	mu     sync.Mutex
	made   context.Context // what Done has made; nil until then
	cancel context.CancelFunc
}

var _ context.Context = (*lazyDeadline)(nil)

// endedContext stands in for the context of Done where the end came before Done was called.
var endedContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Deadline is the earlier one of the parent's and its own.
func (d *lazyDeadline) Deadline() (time.Time, bool) {
	if own, ok := d.parent.Deadline(); ok && own.Before(d.until) {
		return own, true
	}
	return d.until, true
}

// Done makes the context that is waited for, at the first call.
func (d *lazyDeadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made == nil {
		d.made, d.cancel = context.WithDeadline(d.parent, d.until)
	}
	return d.made.Done()
}

// Err is nil until the end, then context.Canceled or context.DeadlineExceeded.
func (d *lazyDeadline) Err() error {
	if made := d.waited(); made != nil {
		return made.Err()
	}
	if err := d.parent.Err(); err != nil {
		return err
	}
	if !time.Now().Before(d.until) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value goes by what Done has made: package context finds by it, without a goroutine, that children of this
// context are children of that.
func (d *lazyDeadline) Value(key any) any {
	if made := d.waited(); made != nil && made != endedContext {
		return made.Value(key)
	}
	return d.parent.Value(key)
}

func (d *lazyDeadline) waited() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.made
}

// end ends the context and lets go of its timer.
func (d *lazyDeadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made == nil {
		d.made = endedContext
	} else if d.cancel != nil {
		d.cancel()
	}
}
