package web

import (
	"context"
	"sync"
	"time"
)

// patience is a context that ends with its parent, at a time, or when it is told to, like one of
// context.WithDeadline; but it sets a timer and watches its parent only once somebody waits for its end. Most
// requests are answered out of memory and nobody does, and then both would be a twentieth of their cost.
type lazyDeadline struct {
	parent context.Context
	until  time.Time

	mu     sync.Mutex
	made   context.Context // what somebody waits for; nil until then
	cancel context.CancelFunc
}

var _ context.Context = (*lazyDeadline)(nil)

// ended stands in for the context that nobody had asked for when the end came.
var endedContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (p *lazyDeadline) Deadline() (time.Time, bool) {
	if own, ok := p.parent.Deadline(); ok && own.Before(p.until) {
		return own, true
	}
	return p.until, true
}

func (p *lazyDeadline) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		p.made, p.cancel = context.WithDeadline(p.parent, p.until)
	}
	return p.made.Done()
}

func (p *lazyDeadline) Err() error {
	if made := p.waited(); made != nil {
		return made.Err()
	}
	if err := p.parent.Err(); err != nil {
		return err
	}
	if !time.Now().Before(p.until) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value goes by what Done has made: package context finds by it, without a goroutine, that children of this
// context are children of that.
func (p *lazyDeadline) Value(key any) any {
	if made := p.waited(); made != nil && made != endedContext {
		return made.Value(key)
	}
	return p.parent.Value(key)
}

func (p *lazyDeadline) waited() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// end ends the context and lets go of its timer.
func (p *lazyDeadline) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		p.made = endedContext
	} else if p.cancel != nil {
		p.cancel()
	}
}
