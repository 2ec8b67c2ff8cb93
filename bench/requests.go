package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

// requestConns is the number of connections over which requests are counted.
const requestConns = 16

// manyAPIKeys are in the database while requests are counted: one of them must cost no more than a token.
const manyAPIKeys = 100_000

// kind is a kind of request whose processor time is taken.
type kind struct {
	key, what string
	goal      *report.Goal
	pid       int
	// send sends as many as it can within the time and returns how many that were.
	send  func(time.Duration) (int, error)
	costs []time.Duration // of one request, by round
}

// round measures it once.
func (k *kind) round(d time.Duration) error {
	var served int
	spent, err := measureCPU(k.pid, func() (err error) {
		served, err = k.send(d)
		return err
	})
	if err == nil && served == 0 {
		err = errors.New("nothing was answered")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.what, err)
	}
	k.costs = append(k.costs, spent/time.Duration(served))
	return nil
}

// median is the cost of one request in microseconds.
func (k *kind) median() float64 { return micros(stats.Median(k.costs)) }

// requests takes the processor time of reads: of one's own account, of others, of the public keys, and of a bare
// server's greeting, by turns.
func requests(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, cheapCost)
	if err != nil {
		return err
	}
	readsOf := ""
	if database == postgres {
		readsOf = s.DatabaseURL
	}
	addr, pid, stop, err := bareServer(ctx, readsOf)
	if err != nil {
		return err
	}
	defer stop()
	hellos, err := load.NewPool(ctx, addr, requestConns)
	if err != nil {
		return err
	}
	defer hellos.Close()
	if err := target.CreateAdmin(ctx, s, adminEmail, password); err != nil {
		return err
	}
	err = withDatabase(ctx, s.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.APIKeys(ctx, manyAPIKeys), db.Settle(ctx))
	})
	if err != nil {
		return err
	}
	return withService(ctx, s, func(svc *target.Service) error {
		pool, err := load.NewPool(ctx, svc.Addr(), requestConns)
		if err != nil {
			return err
		}
		defer pool.Close()
		kinds, err := serviceKinds(ctx, svc, pool, plan(few, hasher), database)
		if err != nil {
			return err
		}
		checks, err := checkKinds(ctx, svc, pool)
		if err != nil {
			return err
		}
		if kinds = append(kinds, checks...); len(checks) == 0 {
			r.results.Notef("%s: this service has no /auth/check and /auth/forward", database)
		}
		awaitLease(ctx, database)
		bareKind := func(path string) *kind {
			return &kind{what: "bare " + path, pid: pid, send: sender(hellos, load.Same(load.Get(path, "")), http.StatusOK)}
		}
		hello := bareKind("/hello")
		all := append([]*kind{hello}, kinds...)
		var read *kind
		if readsOf != "" {
			read = bareKind("/read")
			all = append(all, read)
		}
		// The first round warms up what is made on first use, and does not count.
		for round := range 1 + r.scale.cpuRounds {
			for _, k := range all {
				if err := k.round(r.scale.cpuFor); err != nil {
					return err
				}
				if round == 0 {
					k.costs = nil
				}
			}
		}
		r.addRequests(database, kinds, hello, read)
		return nil
	})
}

// serviceKinds are those that the service answers. Each connection is that of another account, with its own token.
func serviceKinds(ctx context.Context, svc *target.Service, pool load.Pool, p fill.Plan, database string) ([]*kind, error) {
	var tokens, own []string
	for i := range requestConns {
		a := p.Account(i)
		token, err := svc.Token(ctx, a.Email, password)
		if err != nil {
			return nil, err
		}
		tokens, own = append(tokens, token), append(own, accountPath(a))
	}
	self := make([]load.Request, requestConns)
	others := make([][]load.Request, requestConns)
	for k := range pool {
		self[k] = load.Get(own[k], tokens[k])
		for i := range p.Accounts {
			others[k] = append(others[k], load.Get(accountPath(p.Account(i)), tokens[k]))
		}
	}
	const keysPath = "/.well-known/jwks.json"
	answer, err := pool[0].Do(load.Get(keysPath, ""))
	if err == nil {
		err = answer.Expect(http.StatusOK)
	}
	if err != nil {
		return nil, err
	}
	known := load.Get(keysPath, "", "If-None-Match: "+answer.Header.Get("ETag"))
	account, public := report.Max(report.Figure, accountGoal), report.Max(report.Figure, keysGoal)
	if database == postgres {
		account = report.Max(report.Figure, readingGoal)
	}
	return []*kind{
		{key: "get.self", what: "GET /accounts/{id} of oneself, CPU", goal: account, pid: svc.PID(), send: sender(pool, func(k, _ int) load.Request { return self[k] }, http.StatusOK)},
		{key: "get.other", what: "GET /accounts/{id} of another, CPU", goal: account, pid: svc.PID(), send: sender(pool, func(k, i int) load.Request { return others[k][(61*k+i)%p.Accounts] }, http.StatusOK)},
		{key: "get.keys", what: "GET jwks.json, CPU", goal: public, pid: svc.PID(), send: sender(pool, load.Same(load.Get(keysPath, "")), http.StatusOK)},
		{key: "get.keys.known", what: "… 304 on If-None-Match, CPU", goal: public, pid: svc.PID(), send: sender(pool, load.Same(known), http.StatusNotModified)},
	}, nil
}

// sender is a kind's send.
func sender(pool load.Pool, next load.Next, status int) func(time.Duration) (int, error) {
	return func(d time.Duration) (int, error) { return pool.Run(d, next, status) }
}

const (
	accountGoal = 40 // µs for a request that asks no database
	// readingGoal is that of a request that is authorized from the cache, and reads the account from PostgreSQL.
	readingGoal = 80
	keysGoal    = 15
)

// addRequests adds the rows. With PostgreSQL, read is a greeting of the bare server with a read before it.
func (r *run) addRequests(database string, kinds []*kind, hello, read *kind) {
	if read != nil {
		r.results.Add(report.Row{
			Key: "bare.read", What: "a bare read by primary key in a request, CPU", Database: database, Figure: read.median() - hello.median(), Unit: "µs",
		})
	}
	for _, k := range kinds {
		r.results.Add(report.Row{Key: k.key, What: k.what, Database: database, Figure: k.median(), Unit: "µs", Bare: hello.median(), BareName: "net/http", Goal: k.goal})
	}
}
