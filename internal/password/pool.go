package password

import (
	"context"
	"slices"
	"sync"
	"time"

	users "github.com/svc-users/svc-users"
)

// pool runs work on a fixed number of workers. The purposes take turns, within one it is first come, first served,
// and who could not be served soon enough is refused. It knows nothing of passwords.
type pool struct {
	workers int
	maxWait time.Duration
	settle  func()            // what a worker does once, before its first job
	tell    func(workers int) // called when hashing begins, and with 0 when it has been over for a while

	mu      sync.Mutex
	arrived *sync.Cond // something is waiting, or the pool is closed
	waiting turns
	running []*job // in the order in which they began
	pace    pace
	held    int // refused callers who have not been told yet
	closed  bool

	busy       bool // what was told last
	quietSince time.Time
	rest       *time.Timer // set when the last hash was done

	closing chan struct{} // closed when the pool is
	ended   sync.WaitGroup
}

// job is one piece of work. Its place may be given up after a worker has taken it.
type job struct {
	ctx   context.Context // the caller's, to see whether anybody still waits
	why   users.Purpose
	work  func()
	place place
	began time.Time
	done  chan struct{} // closed when err is final
	err   error
}

func newPool(workers int, maxWait time.Duration, first pace, settle func(), tell func(workers int)) *pool {
	p := &pool{workers: workers, maxWait: maxWait, settle: settle, tell: tell, pace: first, closing: make(chan struct{})}
	p.arrived = sync.NewCond(&p.mu)
	for range workers {
		p.ended.Go(p.serve)
	}
	return p
}

// do runs work on a worker and returns when it is done: nil, or an error if it panicked. It returns
// ErrUnavailable if the work could not begin within maxWait, which the door usually knows and the deadline else
// finds out, or if the pool is closed. When ctx ends first it returns the error of ctx: work that was waiting is
// then never done, and work that had begun is finished without anybody listening.
func (p *pool) do(ctx context.Context, why users.Purpose, work func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, why: why, work: work, done: make(chan struct{})}
	if err := p.enter(j); err != nil {
		if why == users.PurposeUpgrade {
			return err // its caller has an answer to give meanwhile
		}
		return p.hold(ctx, err)
	}
	deadline := time.NewTimer(p.maxWait + p.maxWait/margin)
	defer deadline.Stop()
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		p.withdraw(j)
		return ctx.Err()
	case <-deadline.C:
	}
	if p.withdraw(j) {
		return p.refusal(why)
	}
	select { // a worker is at it
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// withdraw gives up the place of a job and reports whether it was still waiting.
func (p *pool) withdraw(j *job) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.pause()
	return p.waiting.remove(j)
}

// close refuses new work and returns when all that was waiting is done and the workers have ended.
func (p *pool) close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	p.arrived.Broadcast()
	p.mu.Unlock()
	p.ended.Wait()
}

// serve is a worker.
func (p *pool) serve() {
	p.settle()
	for {
		j, ok := p.take()
		if !ok {
			return
		}
		p.finish(j, j.run())
		close(j.done) // only now, so that a caller who comes straight back finds the place it has left
	}
}

// take waits for the next job; false means that there will be none.
func (p *pool) take() (*job, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.waiting.len() == 0 {
		if p.closed {
			return nil, false
		}
		p.arrived.Wait()
	}
	j := p.waiting.take()
	j.began = time.Now()
	p.running = append(p.running, j)
	return j, true
}

func (p *pool) finish(j *job, worked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.running, j)
	p.running = slices.Delete(p.running, i, i+1)
	p.waiting.done(j)
	p.pause()
	if worked {
		p.pace.note(time.Since(j.began))
	}
}

// run does the work unless nobody waits for it any more, and reports whether it did it.
func (j *job) run() (worked bool) {
	if j.err = j.ctx.Err(); j.err != nil {
		return false
	}
	defer func() {
		if r := recover(); r != nil {
			j.err = panicked(r)
		}
	}()
	j.work()
	return true
}
