package password

import (
	"container/list"
	"context"
	"sync"
	"time"

	users "github.com/svc-users/svc-users"
)

// pool runs work on a fixed number of workers, first come, first served, and refuses what would have to wait
// too long. It knows nothing of passwords: how workers are scheduled can change here alone.
type pool struct {
	workers int
	queue   int // how many may wait, or 0 for as many as maxWait allows
	maxWait time.Duration

	mu      sync.Mutex
	arrived *sync.Cond // something is waiting, or the pool is closed
	waiting list.List  // of *job
	running int
	pace    pace
	closed  bool

	ended sync.WaitGroup
}

// job is one piece of work. Its place may be given up after a worker has taken it: a list ignores an element
// that it no longer holds.
type job struct {
	ctx   context.Context // the caller's, to see whether anybody still waits
	work  func()
	place *list.Element
	done  chan struct{} // closed when err is final
	err   error
}

func newPool(workers, queue int, maxWait time.Duration, first pace) *pool {
	p := &pool{workers: workers, queue: queue, maxWait: maxWait, pace: first}
	p.arrived = sync.NewCond(&p.mu)
	for range workers {
		p.ended.Go(p.serve)
	}
	return p
}

// do runs work on a worker and returns when it is done: nil, or an error if it panicked. It returns
// ErrUnavailable at once if the queue is full or the pool closed. When ctx ends first it returns the error of
// ctx: work that was waiting is then never done, and work that had begun is finished without anybody
// listening.
func (p *pool) do(ctx context.Context, work func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, work: work, done: make(chan struct{})}
	if err := p.enqueue(j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		p.withdraw(j)
		return ctx.Err()
	}
}

func (p *pool) enqueue(j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return users.Unavailable("The service is shutting down; try again shortly.", time.Second, nil)
	}
	queue := p.queue
	if queue == 0 {
		queue = p.pace.places(p.maxWait, p.workers)
	}
	// Who is about to be taken by an idle worker is still in the list, so both are counted together.
	ahead := p.running + p.waiting.Len()
	if ahead >= p.workers+queue {
		return users.Unavailable("Too many logins at once; try again shortly.", p.pace.backlog(ahead, p.workers), nil)
	}
	j.place = p.waiting.PushBack(j)
	p.arrived.Signal()
	return nil
}

func (p *pool) withdraw(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting.Remove(j.place)
}

// close refuses new work and returns when all that was waiting is done and the workers have ended.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.arrived.Broadcast()
	p.mu.Unlock()
	p.ended.Wait()
}

// serve is a worker.
func (p *pool) serve() {
	for {
		j, ok := p.take()
		if !ok {
			return
		}
		start := time.Now()
		worked := j.run()
		p.finish(worked, time.Since(start))
		close(j.done) // only now, so that a caller who comes straight back finds the place it has left
	}
}

// take waits for the next job; false means that there will be none.
func (p *pool) take() (*job, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.waiting.Len() == 0 {
		if p.closed {
			return nil, false
		}
		p.arrived.Wait()
	}
	p.running++
	return p.waiting.Remove(p.waiting.Front()).(*job), true
}

func (p *pool) finish(worked bool, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if worked {
		p.pace.note(took)
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
