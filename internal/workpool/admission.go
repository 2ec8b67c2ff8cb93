package workpool

import (
	"context"
	"time"

	"github.com/svc-users/svc-users"
)

const (
	// refusalDelay is how long a refused caller waits before it is told. One that comes back at once, whatever
	// Retry-After says, would otherwise be refused thousands of times a second, and refusing at the ordinary priority
	// takes the very time that workers at a lower one could have used.
	refusalDelay = 500 * time.Millisecond
	// maxDelayed bounds the memory of delayed refusals. Further ones are sent at once.
	maxDelayed = 1024
	// margin is the part of MaxWait by which a wait may be longer than was expected, because jobs take now longer, now
	// shorter: of the jobs that are let in, hardly any is then refused at the deadline, having waited for nothing.
	margin = 10
	// maxRetryAfter bounds RetryAfter. A caller whose refusal is delayed may never come back, so that a number that
	// grows with theirs says less and less.
	maxRetryAfter = time.Minute
)

// admit gives the job its place, or refuses it.
//
// An idle worker takes any job, however long it takes. Any other job must be expected to begin within MaxWait, the jobs
// ahead of it and the turns of the other classes included. Its own service time is not: a crowd that fills MaxWait is
// served, whether a job takes 50 ms or 500.
func (p *Pool) admit(j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return closedError()
	}
	if idle := p.waiting.len() < p.Workers-len(p.running); !idle {
		if p.Classes[j.class].IdleOnly || p.expectedWait(p.waiting.ahead(j.class)) > p.MaxWait {
			return p.refuse(j.class)
		}
	}
	p.beginBusy()
	p.waiting.add(j)
	p.arrived.Signal()
	return nil
}

// expectedServiceTime is how long a job is expected to take. One that has been at work for longer than the mean shows
// that the machine has become slower, before it is done.
func (p *Pool) expectedServiceTime() time.Duration {
	mean := p.serviceTime.mean
	if len(p.running) == 0 {
		return mean
	}
	return max(mean, min(time.Since(p.running[0].began), maxOutlier*mean))
}

// expectedWait is how long a job that so many are ahead of would wait for a worker. Workers become free in the order in
// which they began, round after round.
func (p *Pool) expectedWait(ahead int) time.Duration {
	rounds, next := ahead/p.Workers, ahead%p.Workers
	mean := p.expectedServiceTime()
	var free time.Duration // until the worker that takes the job in its round is done with what it is at now
	if idle := p.Workers - len(p.running); next >= idle {
		free = max(0, mean-time.Since(p.running[next-idle].began))
	}
	return free + time.Duration(rounds)*mean
}

// refusal is refuse for callers that do not hold the lock.
func (p *Pool) refusal(class Class) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refuse(class)
}

// refuse makes the error of a refusal. Trying again makes sense when the jobs that are there now have been served, and
// those of delayed refusals: their callers will be back first.
func (p *Pool) refuse(class Class) error {
	after := p.serviceTime.backlog(len(p.running)+p.waiting.len()+p.delayed, p.Workers)
	return users.Unavailable(p.Classes[class].Refusal, min(after, maxRetryAfter), nil)
}

// delayRefusal returns the refusal after a while, at once if too many are delayed already or the pool is closed, or the
// error of ctx if that ends first.
func (p *Pool) delayRefusal(ctx context.Context, refusal error) error {
	if !p.startDelay() {
		return refusal
	}
	defer p.endDelay()
	over := time.NewTimer(refusalDelay)
	defer over.Stop()
	select {
	case <-over.C:
		return refusal
	case <-p.closing:
		return refusal
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Pool) startDelay() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.delayed >= maxDelayed {
		return false
	}
	p.delayed++
	return true
}

func (p *Pool) endDelay() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delayed--
}
