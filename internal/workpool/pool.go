// Package workpool runs jobs that keep a processor busy on a fixed number of workers, and refuses at once the jobs that
// would have to wait too long. It knows nothing of what the jobs do.
//
//	caller ──Do──▶ admission ──▶ fair queue ──▶ worker ──▶ result
//	                   └──▶ refusal (users.ErrUnavailable with RetryAfter), after a delay
//
// The terms:
//
//   - Every job belongs to a class, such as logins. The classes take turns; within one it is first come, first served.
//     So a flood of one class shuts out none of the others.
//   - The service time is how long a job takes, as a moving average of those that were done.
//   - Admission lets a job in if the jobs ahead of it are expected to be done within Options.MaxWait.
package workpool

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/svc-users/svc-users"
)

// Class is a kind of job: an index of Options.Classes.
type Class int

// ClassOptions say how the jobs of a class are treated.
type ClassOptions struct {
	// Refusal is the message of the error that a refused job gets, such as "Too many logins at once; try again shortly."
	Refusal string
	// IdleOnly jobs are only taken by a worker that is idle. They are refused otherwise, without a delay.
	IdleOnly bool
}

// Options say how many workers there are and which jobs they take.
type Options struct {
	Workers int
	// MaxWait is the longest time that a job is expected to wait for a worker; one that would wait longer is refused.
	MaxWait time.Duration
	// ServiceTime is how long a job is thought to take before one was done.
	ServiceTime time.Duration
	Classes     []ClassOptions
	// Start is run by each worker before its first job.
	Start func()
	// OnBusy is called with the number of workers before the first job begins, with 0 when there has been none for two
	// seconds, and so on; never by a worker, and never twice at a time.
	OnBusy func(workers int)
}

// Pool is made with New and ended with Close.
type Pool struct {
	Options

	mu          sync.Mutex
	arrived     *sync.Cond // a job is waiting, or the pool is closed
	waiting     *fairQueue
	running     []*job // in the order in which they began
	serviceTime serviceTime
	delayed     int // refused callers who have not been told yet
	closed      bool

	busy      bool // what OnBusy was told last
	idleSince time.Time
	idleTimer *time.Timer // set when the last job was done

	closing chan struct{} // closed when the pool is
	ended   sync.WaitGroup
}

// job is one piece of work. Its caller may give it up after a worker has taken it.
type job struct {
	ctx   context.Context // the caller's, to see whether it still waits
	class Class
	work  func()
	place place
	began time.Time
	done  chan struct{} // closed when err is final
	err   error

	ready   func() error  // nil if the work needs no go-ahead
	decided chan struct{} // closed when ready has returned, or will not be called
}

// New starts the workers.
func New(o Options) *Pool {
	p := &Pool{
		Options: o, waiting: newFairQueue(o.Classes), serviceTime: serviceTime{mean: o.ServiceTime}, closing: make(chan struct{}),
	}
	p.arrived = sync.NewCond(&p.mu)
	for range o.Workers {
		p.ended.Go(p.serve)
	}
	return p
}

// Do runs work on a worker and returns when it is done: nil, or an error if it panicked. It returns
// users.ErrUnavailable if the work could not begin within MaxWait, which admission usually knows and the deadline else
// finds out, or if the pool is closed. When ctx ends first it returns the error of ctx: work that was waiting is then
// never done, and work that had begun is finished without its caller.
func (p *Pool) Do(ctx context.Context, class Class, work func()) error {
	return p.DoAfter(ctx, class, nil, work)
}

// DoAfter is Do for work that needs a go-ahead once a worker is free for it: if ready returns an error, that is returned, and
// nothing is done. ready is not called by the worker, whose thread may have a low priority, and not any more when DoAfter has
// returned.
func (p *Pool) DoAfter(ctx context.Context, class Class, ready func() error, work func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, class: class, work: work, done: make(chan struct{}), ready: ready, decided: make(chan struct{})}
	if err := p.admit(j); err != nil {
		if p.Classes[class].IdleOnly {
			return err // its caller has an answer to give meanwhile
		}
		return p.delayRefusal(ctx, err)
	}
	deadline := time.NewTimer(p.MaxWait + p.MaxWait/margin)
	defer deadline.Stop()
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		if !p.withdraw(j) {
			j.awaitDecision()
		}
		return ctx.Err()
	case <-deadline.C:
	}
	if p.withdraw(j) {
		return p.refusal(class)
	}
	select { // a worker is at it
	case <-j.done:
		return j.err
	case <-ctx.Done():
		j.awaitDecision()
		return ctx.Err()
	}
}

// withdraw gives up the place of a job and reports whether it was still waiting.
func (p *Pool) withdraw(j *job) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.startIdleTimer()
	return p.waiting.remove(j)
}

// Close refuses new work, tells the callers whose refusal is delayed, and returns when all that was waiting is done and
// the workers have ended. It may be called more than once.
func (p *Pool) Close() {
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
func (p *Pool) serve() {
	p.Start()
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
func (p *Pool) take() (*job, bool) {
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

func (p *Pool) finish(j *job, worked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.running, j)
	p.running = slices.Delete(p.running, i, i+1)
	p.waiting.done(j)
	p.startIdleTimer()
	if worked {
		p.serviceTime.add(time.Since(j.began))
	}
}

// run does the work unless its caller has gone or there is no go-ahead, and reports whether it did it.
func (j *job) run() (worked bool) {
	if j.err = j.decide(); j.err != nil {
		return false
	}
	defer func() {
		if r := recover(); r != nil {
			j.err = describePanic(r)
		}
	}()
	j.work()
	return true
}

// decide waits for the go-ahead, and returns why there is none.
func (j *job) decide() error {
	if j.ready == nil {
		return j.ctx.Err()
	}
	defer close(j.decided)
	if err := j.ctx.Err(); err != nil {
		return err
	}
	answer := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				answer <- describePanic(r)
			}
		}()
		answer <- j.ready()
	}()
	return <-answer
}

// awaitDecision returns once ready has returned, if a worker has taken the job.
func (j *job) awaitDecision() {
	if j.ready != nil {
		<-j.decided
	}
}

// closedError is the refusal of a pool that is closed.
func closedError() error {
	return users.Unavailable("The service is shutting down; try again shortly.", time.Second, nil)
}
