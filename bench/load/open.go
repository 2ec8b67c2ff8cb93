package load

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/svc-users/svc-users/bench/machine"
)

// maxConns bounds the connections of an open loop: more than there are unanswered requests at any goal.
const maxConns = 8192

// Open sends rate requests a second for a time, whether or not earlier ones have been answered, over as many
// kept connections as that takes. A request's time counts from when it was due.
func Open(ctx context.Context, addr string, rate float64, d time.Duration, next Next) (Tally, error) {
	var tally Tally
	var mu sync.Mutex
	free := make(chan *Conn, maxConns)
	var group errgroup.Group
	begin := time.Now()
	total, dialled := int(rate*d.Seconds()), 0
	for i := range total {
		due := begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		machine.SleepUntil(due)
		if ctx.Err() != nil {
			break
		}
		var c *Conn
		select {
		case c = <-free:
		default:
			if dialled++; dialled > maxConns {
				return Tally{}, errTooMany
			}
		}
		group.Go(func() error {
			if c == nil {
				var err error
				if c, err = Dial(ctx, addr); err != nil {
					return err
				}
			}
			answer, err := c.Do(next(0, i))
			if err != nil {
				return err
			}
			mu.Lock()
			tally.add(answer, time.Since(begin), time.Since(due))
			mu.Unlock()
			free <- c
			return nil
		})
	}
	err := group.Wait()
	close(free)
	for c := range free {
		c.Close()
	}
	return tally, err
}

// Probe sends rate requests a second for a time, spread over conns connections that take turns, and returns how
// long each answer took, counted from the moment its request was due. A connection that has not been answered
// when its next turn comes sends late, and that counts too.
func Probe(ctx context.Context, addr string, conns int, rate float64, d time.Duration, next Next, status int) ([]time.Duration, error) {
	pool, err := NewPool(ctx, addr, conns)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	took := make([][]time.Duration, conns)
	turns := int(rate * d.Seconds())
	err = pool.Paced(rate, func(turn int) bool { return turn < turns && ctx.Err() == nil }, func(turn int) Question {
		k := turn % conns
		return Question{next(k, turn/conns), func(e Exchange) error {
			took[k] = append(took[k], e.Received.Sub(e.Due))
			return e.Expect(status)
		}}
	})
	return slices.Concat(took...), err
}
