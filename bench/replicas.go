package main

import (
	"context"
	"time"

	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/target"
)

// leaseWait is the time between the start of a replica on PostgreSQL and the first measurement: twice what the replica
// may need to receive change notifications, and to answer from its cache instead of querying the database.
const leaseWait = 2 * time.Second

// awaitLease waits until a service on PostgreSQL receives change notifications. With SQLite it returns at once.
func awaitLease(ctx context.Context, database string) {
	if database == postgres {
		sleep(ctx, leaseWait)
	}
}

// replicas starts n processes on one installation, as behind a load balancer: with the same keys, each in a folder of
// its own. It calls do once they receive change notifications, and stops them.
func (e *env) replicas(ctx context.Context, s target.Settings, n int, do func([]*target.Service) error) (err error) {
	if s.Keys, err = target.Keys(ctx, s.Binary); err != nil {
		return err
	}
	var start func([]*target.Service) error
	start = func(running []*target.Service) error {
		if len(running) == n {
			awaitLease(ctx, postgres)
			return do(running)
		}
		if s.Dir, err = e.folder(); err != nil {
			return err
		}
		return withService(ctx, s, func(svc *target.Service) error { return start(append(running, svc)) })
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

// readAccounts returns requests that read all accounts in turn, with the token of a Reader, which every replica
// accepts.
func readAccounts(ctx context.Context, svc *target.Service, p fill.Plan) (load.Next, error) {
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
