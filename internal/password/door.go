package password

import (
	"context"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// holdTime is how long a refused caller is held before it is told. One that comes back at once, whatever
	// Retry-After says, would otherwise be refused thousands of times a second, and refusing at the ordinary
	// priority takes the very time that hashing at a lower one could have used.
	holdTime = 500 * time.Millisecond
	// maxHeld bounds the memory of those that are held. More than these are refused at once.
	maxHeld = 1024
	// margin is the part of maxWait by which a wait may be longer than was expected, because hashes take now longer, now
	// shorter: of the jobs that are let in, hardly any is then refused at the deadline, having waited for nothing.
	margin = 10
	// longestRetry bounds what a refused caller is told. Who is held may never come back, so that a number that
	// grows with theirs says less and less.
	longestRetry = time.Minute
)

// enter gives the job its place; or refuses it.
//
// An idle worker takes any job, however long a hash takes. Any other job must be expected to begin within maxWait, the
// jobs ahead of it and the turns of the other purposes included. Its own hash is not: a crowd that fills maxWait is served,
// whether a hash takes 50 ms or 500.
func (p *pool) enter(j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return users.Unavailable("The service is shutting down; try again shortly.", time.Second, nil)
	}
	if idle := p.waiting.len() < p.workers-len(p.running); !idle {
		if j.why == users.PurposeUpgrade || p.expected(p.waiting.ahead(j.why)) > p.maxWait {
			return p.refused(j.why)
		}
	}
	p.begin()
	p.waiting.add(j)
	p.arrived.Signal()
	return nil
}

// hashTime is how long a hash is expected to take. One that has been at work for longer than the mean says that the machine
// has become slower, before it is done.
func (p *pool) hashTime() time.Duration {
	mean := p.pace.mean
	if len(p.running) == 0 {
		return mean
	}
	return max(mean, min(time.Since(p.running[0].began), maxOutlier*mean))
}

// expected is how long a job that so many are ahead of would wait for a worker. Workers become free in the order in
// which they began, round after round.
func (p *pool) expected(ahead int) time.Duration {
	rounds, next := ahead/p.workers, ahead%p.workers
	mean := p.hashTime()
	var free time.Duration // until the worker that takes the job in its round is done with what it is at now
	if idle := p.workers - len(p.running); next >= idle {
		free = max(0, mean-time.Since(p.running[next-idle].began))
	}
	return free + time.Duration(rounds)*mean
}

// refusal is refused for callers that do not hold the lock.
func (p *pool) refusal(why users.Purpose) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused(why)
}

// refused words a refusal. Trying again makes sense when those who are there now have been served, those who are
// held among them: they will be back first.
func (p *pool) refused(why users.Purpose) error {
	after := p.pace.backlog(len(p.running)+p.waiting.len()+p.held, p.workers)
	return users.Unavailable(tooMany[why], min(after, longestRetry), nil)
}

// tooMany is what a refusal says. That of an upgrade is never shown: the login goes on without it.
var tooMany = [...]string{
	users.PurposeLogin:      "Too many logins at once; try again shortly.",
	users.PurposeUpgrade:    "Too many logins at once; try again shortly.",
	users.PurposeNewAccount: "Too many accounts are being made at once; try again shortly.",
	users.PurposeChange:     "Too many passwords are being changed at once; try again shortly.",
}

// hold returns the refusal after a while, at once if too many are held already or the pool is closed, or the error
// of ctx if that ends first.
func (p *pool) hold(ctx context.Context, refusal error) error {
	if !p.holdOne() {
		return refusal
	}
	defer p.letGo()
	over := time.NewTimer(holdTime)
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

func (p *pool) holdOne() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.held >= maxHeld {
		return false
	}
	p.held++
	return true
}

func (p *pool) letGo() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held--
}
