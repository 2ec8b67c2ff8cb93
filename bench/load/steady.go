package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Next gives the i-th request of a connection, both counted from 0.
type Next func(conn, i int) Request

// Same is always the one request.
func Same(r Request) Next { return func(int, int) Request { return r } }

// Pool is a number of connections that send without pause when told to.
type Pool []*Conn

// NewPool dials n connections.
func NewPool(ctx context.Context, addr string, n int) (Pool, error) {
	var p Pool
	for range n {
		c, err := Dial(ctx, addr)
		if err != nil {
			return nil, err
		}
		p = append(p, c)
	}
	return p, nil
}

// Close closes the connections.
func (p Pool) Close() {
	for _, c := range p {
		c.Close()
	}
}

// Run sends requests on all connections for a time, each connection the next one when the last is answered, and
// returns how many were answered. An answer of another status than the one expected ends the run with an error.
func (p Pool) Run(d time.Duration, next Next, status int) (int, error) {
	var served atomic.Int64
	var group errgroup.Group
	end := time.Now().Add(d)
	for k, c := range p {
		group.Go(func() error {
			for i := 0; time.Now().Before(end); i++ {
				answer, err := c.Do(next(k, i))
				if err == nil {
					err = answer.Expect(status)
				}
				if err != nil {
					return err
				}
				served.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return int(served.Load()), err
}

// Each sends n requests over all connections, and returns the moments, from now on, at which they were
// answered.
func (p Pool) Each(n int, next Next, status int) ([]time.Duration, error) {
	var taken atomic.Int64
	var mu sync.Mutex
	var finished []time.Duration
	var group errgroup.Group
	begin := time.Now()
	for k, c := range p {
		group.Go(func() error {
			for i := 0; taken.Add(1) <= int64(n); i++ {
				answer, err := c.Do(next(k, i))
				if err == nil {
					err = answer.Expect(status)
				}
				if err != nil {
					return err
				}
				mu.Lock()
				finished = append(finished, time.Since(begin))
				mu.Unlock()
			}
			return nil
		})
	}
	err := group.Wait()
	return finished, err
}
