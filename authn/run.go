package authn

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Run follows the change feed until ctx ends, and returns the error of ctx. Any failure is retried. Let it run for as
// long as requests are served, and end it after the last one: without it the feed is lost after Changes.Staleness.
//
//	go v.Run(ctx)
//
// It is an error to call it without Changes, or while it is running.
func (v *Verifier) Run(ctx context.Context) error {
	if !v.follows() {
		return errors.New("authn: Run needs Options.Changes")
	}
	if !v.running.CompareAndSwap(false, true) {
		return errors.New("authn: Run is running")
	}
	defer v.running.Store(false)
	f := &follower{v: v, client: sameHost(v.options.HTTPClient)}
	f.watch = time.AfterFunc(max(v.options.Changes.Staleness, firstWord), f.silence)
	defer f.watch.Stop()
	for ctx.Err() == nil {
		began := time.Now()
		err := f.ask(ctx)
		pause := max(minGap-time.Since(began), f.early)
		switch {
		case err != nil:
			pause = f.failedWith(ctx, err)
		case f.next != nil && !f.whole:
			pause = 0
		}
		sleep(ctx, pause)
	}
	return ctx.Err()
}

const (
	// firstWord is how long the first snapshot may take before the feed is reported as lost.
	firstWord = 5 * time.Second
	// minGap is the least time between two requests, so that many changes arrive in batches.
	minGap = 25 * time.Millisecond
	// slowest is the longest pause after a failure that lasts, such as a missing permission.
	slowest = 10 * time.Second
	// longest is the longest Retry-After of the service that is honoured.
	longest = 30 * time.Second
)

// failure is an error after which an immediate retry does not help.
type failure struct {
	cause error
	// stubborn says that the failure usually lasts until an operator acts.
	stubborn bool
	after    time.Duration // how long the service asks to wait
}

func (e *failure) Error() string { return e.cause.Error() }
func (e *failure) Unwrap() error { return e.cause }

// failedWith records a failure and returns how long to wait. The first failure is retried at once, since a connection
// may have been cut or a token may have expired.
func (f *follower) failedWith(ctx context.Context, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	f.failures++
	f.reason.Store(&err)
	f.v.options.Logger.Debug("authn: request for changes failed", "error", err, "times", f.failures)
	base, limit := minGap, f.v.options.Changes.Staleness
	fail := &failure{}
	if errors.As(err, &fail) && fail.stubborn {
		base, limit = time.Second, slowest
	}
	pause := minGap
	if f.failures > 1 {
		pause = spread(min(base<<min(f.failures-2, 16), limit))
	}
	return max(pause, min(fail.after, longest))
}

// renewLease makes the facts that were read valid for Staleness from the time of the request.
func (f *follower) renewLease(asked reading) {
	v := f.v
	if !f.whole { // else it is shared and read already
		f.next.share()
	}
	f.failures, f.whole = 0, true
	f.reason.Store(nil)
	h := &lease{facts: f.next, asked: asked, staleness: v.options.Changes.Staleness}
	v.live.Store(h)
	v.keys.expect(f.next.keys)
	f.watch.Reset(time.Until(asked.steady.Add(h.staleness)) + time.Millisecond)
	if h.fresh(readClocks()) {
		v.tell(found, nil)
	}
}

// silence is called when the lease may have ended.
func (f *follower) silence() {
	if !f.v.Lost() {
		return
	}
	reason := errNoAnswer
	if err := f.reason.Load(); err != nil {
		reason = *err
	}
	f.v.tell(lost, reason)
}

var errNoAnswer = errors.New("no answer in time")

// state is the last state that OnLost and OnFound were told.
type state int

const (
	unsaid state = iota
	lost
	found
)

// tell logs that the feed was lost or found and calls the hook, unless that state was told last.
func (v *Verifier) tell(s state, reason error) {
	v.told.Lock()
	defer v.told.Unlock()
	// The state may have changed since the caller read it; the goroutine that changed it tells it after this.
	if v.told.state == s || (s == lost) != v.Lost() {
		return
	}
	c, log := &v.options.Changes, v.options.Logger
	v.told.state = s
	if s == lost {
		log.Log(context.Background(), slog.LevelWarn, "authn: change feed lost", "error", reason, "refusing", c.WhenLost == Refuse)
		if c.OnLost != nil {
			c.OnLost(reason)
		}
		return
	}
	log.Info("authn: change feed up to date")
	if c.OnFound != nil {
		c.OnFound()
	}
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// spread adds up to a quarter at random, so that many processes that were started together do not ask together.
func spread(d time.Duration) time.Duration {
	return d + rand.N(d/4+1) //nolint:gosec // a pause may be guessed
}
