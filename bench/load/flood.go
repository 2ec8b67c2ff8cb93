package load

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Flood is a number of clients that send without pause until they are stopped.
type Flood struct {
	cancel context.CancelFunc
	group  *errgroup.Group
	begin  time.Time
	mu     sync.Mutex
	tally  Tally
}

// Tally counts the answers to a flood's requests.
type Tally struct {
	// Served has the times, from the flood's start, at which requests were answered with 200.
	Served []time.Duration
	// Refused counts 503 with a Retry-After, Other all other answers.
	Refused, Other int
	// Slowest is the longest time an answer took.
	Slowest time.Duration
}

// add counts an answer.
func (t *Tally) add(a Answer, moment, took time.Duration) {
	_, honest := a.RetryAfter()
	switch {
	case a.Status == http.StatusOK:
		t.Served = append(t.Served, moment)
	case a.Status == http.StatusServiceUnavailable && honest:
		t.Refused++
	default:
		t.Other++
	}
	t.Slowest = max(t.Slowest, took)
}

// StartFlood starts n clients, each on a connection of its own. Clients that honour Retry-After wait as they are
// told before they try again; others try again at once.
func StartFlood(ctx context.Context, addr string, n int, honour bool, next Next) (*Flood, error) {
	ctx, cancel := context.WithCancel(ctx)
	pool, err := NewPool(ctx, addr, n)
	if err != nil {
		cancel()
		return nil, err
	}
	return startFlood(ctx, cancel, pool, honour, next), nil
}

func startFlood(ctx context.Context, cancel context.CancelFunc, pool Pool, honour bool, next Next) *Flood {
	f := &Flood{cancel: cancel, group: new(errgroup.Group), begin: time.Now()}
	for k, c := range pool {
		f.group.Go(func() error {
			defer c.Close()
			for i := 0; ctx.Err() == nil; i++ {
				sent := time.Now()
				answer, err := c.Do(next(k, i))
				if ctx.Err() != nil {
					return nil // cut off by Stop, which proves nothing about the server
				}
				if err != nil {
					return err
				}
				f.count(answer, time.Since(sent))
				if wait, told := answer.RetryAfter(); told && honour {
					pause(ctx, wait)
				}
			}
			return nil
		})
	}
	return f
}

func (f *Flood) count(a Answer, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tally.add(a, time.Since(f.begin), took)
}

// Elapsed is the time since the flood began.
func (f *Flood) Elapsed() time.Duration { return time.Since(f.begin) }

// Stop ends the flood, closes the connections of unanswered requests, and returns the tally.
func (f *Flood) Stop() (Tally, error) {
	f.cancel()
	err := f.group.Wait()
	return f.tally, err
}

// pause waits, though not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

var errTooMany = errors.New("too many requests are unanswered at once")
