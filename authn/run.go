package authn

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Run follows changes until ctx ends, whose error it returns. It never gives up: whatever goes wrong is tried again.
// Let it run for as long as requests are served, and end it after the last one: what was heard is good for
// Changes.Staleness only.
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
	// firstWord is how long a start may take before it is called a loss.
	firstWord = 5 * time.Second
	// minGap is the least time between two requests, so that a flood of changes is told in bunches.
	minGap = 25 * time.Millisecond
	// slowest is the longest pause after what does not mend by itself, such as a missing permission.
	slowest = 10 * time.Second
	// longest is the longest that the service can ask to be left alone for.
	longest = 30 * time.Second
)

// failure is an error of following that is not mended by asking again at once.
type failure struct {
	cause error
	// stubborn says that somebody has to do something about it, as a rule.
	stubborn bool
	after    time.Duration // how long the service asks to wait
}

func (e *failure) Error() string { return e.cause.Error() }
func (e *failure) Unwrap() error { return e.cause }

// failedWith notes a failure and returns how long to wait. The first is followed by another try at once: a
// connection was cut, or a token has ended.
func (f *follower) failedWith(ctx context.Context, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	f.failures++
	f.reason.Store(&err)
	f.v.options.Logger.Debug("authn: asking for changes failed", "error", err, "times", f.failures)
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

// heardAll takes what was read as true at the moment the request was sent.
func (f *follower) heardAll(asked reading) {
	v := f.v
	if !f.whole { // else it is shared and read already
		f.next.share()
	}
	f.failures, f.whole = 0, true
	f.reason.Store(nil)
	h := &heard{facts: f.next, asked: asked, staleness: v.options.Changes.Staleness}
	v.live.Store(h)
	f.watch.Reset(time.Until(asked.steady.Add(h.staleness)) + time.Millisecond)
	if h.fresh(readClocks()) {
		v.tell(found, nil)
	}
}

// silence is called when what was heard may have become stale.
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

// state is what OnLost and OnFound were told last.
type state int

const (
	unsaid state = iota
	lost
	found
)

// tell says that changes were lost or found, unless that is what was said last.
func (v *Verifier) tell(s state, reason error) {
	v.told.Lock()
	defer v.told.Unlock()
	// Between looking and telling the state may have changed; whoever changed it tells that after this.
	if v.told.state == s || (s == lost) != v.Lost() {
		return
	}
	c, log := &v.options.Changes, v.options.Logger
	v.told.state = s
	if s == lost {
		log.Log(context.Background(), slog.LevelWarn, "authn: changes of rights are not heard", "error", reason, "refusing", c.WhenLost == Refuse)
		if c.OnLost != nil {
			c.OnLost(reason)
		}
		return
	}
	log.Info("authn: changes of rights are heard")
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
