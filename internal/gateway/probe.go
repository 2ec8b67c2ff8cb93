package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// probeShared is how old a question to the database may be for its answer to be given to a probe that comes later.
// Probes need no token and come as often as a client likes; so the database is asked four times a second by all of
// them together, and a yes is of a moment at most this long ago.
const probeShared = 250 * time.Millisecond

// probe asks one question about the database on behalf of all requests that want to know. The zero value is ready
// for use.
type probe struct {
	mu   sync.Mutex
	last *probeQuestion
}

// probeQuestion is a question that was asked, or is being asked.
type probeQuestion struct {
	asked time.Time
	done  chan struct{} // closed when err is final
	err   error
}

// answer returns what ask says, or has said to a question that was put at most probeShared ago. A question that takes
// longer is not joined later: then another is put, so that a database which hangs is asked a few times at once, until
// probeTimeout, and a yes is never older than it may be. It returns the error of ctx if that ends first.
func (p *probe) answer(ctx context.Context, ask func(context.Context) error) error {
	q, mine := p.question(time.Now())
	if mine {
		q.put(ctx, ask)
	}
	select {
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// question returns the question to wait for, and whether the caller has to put it.
func (p *probe) question(now time.Time) (q *probeQuestion, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil || now.Sub(p.last.asked) > probeShared {
		p.last = &probeQuestion{asked: now, done: make(chan struct{}), err: errors.New("the probe has not come to its end")}
		return p.last, true
	}
	return p.last, false
}

// put asks. The client whose request it is may leave; the others still wait for the answer.
func (q *probeQuestion) put(ctx context.Context, ask func(context.Context) error) {
	defer close(q.done)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	q.err = ask(ctx)
	if q.err != nil && ctx.Err() != nil {
		q.err = fmt.Errorf("%w: %w", ctx.Err(), q.err)
	}
}
