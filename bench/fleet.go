package main

import (
	"context"
	"time"

	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/target"
)

// listening is how long a replica on PostgreSQL is given after its start to hear of changes, rather than ask for
// them, before anything is measured: twice what it may take.
const listening = 2 * time.Second

// listen waits until a service on a database hears of changes.
func listen(ctx context.Context, database string) {
	if database == postgres {
		sleep(ctx, listening)
	}
}

// replicas starts n processes on one installation, as behind a load balancer: with the same keys, each in a folder of
// its own. It does something with them when they hear of changes, and stops them.
func (p *places) replicas(ctx context.Context, s target.Settings, n int, do func([]*target.Service) error) (err error) {
	if s.Keys, err = target.Keys(ctx, s.Binary); err != nil {
		return err
	}
	var start func([]*target.Service) error
	start = func(running []*target.Service) error {
		if len(running) == n {
			listen(ctx, postgres)
			return do(running)
		}
		if s.Dir, err = p.folder(); err != nil {
			return err
		}
		return serving(ctx, s, func(svc *target.Service) error { return start(append(running, svc)) })
	}
	return start(nil)
}

// dialAll opens conns connections to each replica.
func dialAll(ctx context.Context, replicas []*target.Service, conns int) (pools []load.Pool, err error) {
	for _, svc := range replicas {
		pool, err := load.NewPool(ctx, svc.Addr(), conns)
		if err != nil {
			return nil, err
		}
		pools = append(pools, pool)
	}
	return pools, nil
}

func closeAll(pools []load.Pool) {
	for _, pool := range pools {
		pool.Close()
	}
}

// readsOfOthers are reads of all accounts in turn by a Reader, whose token any replica takes.
func readsOfOthers(ctx context.Context, svc *target.Service, p fill.Plan) (load.Next, error) {
	token, err := svc.Token(ctx, p.Account(0).Email, password)
	if err != nil {
		return nil, err
	}
	var reads []load.Request
	for i := range p.Accounts {
		reads = append(reads, load.Get(accountPath(p.Account(i)), token))
	}
	return func(k, i int) load.Request { return reads[(61*k+i)%len(reads)] }, nil
}
