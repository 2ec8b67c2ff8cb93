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

// kind is a kind of request whose processor time is taken.
type kind struct {
	key, what string
	keys      bool // of the public keys, not of an account
	pid       int
	// send sends as many as it can within the time and returns how many that were.
	send  func(time.Duration) (int, error)
	costs []time.Duration // of one request, by round
}

// round measures it once.
func (k *kind) round(d time.Duration) error {
	var served int
	spent, err := spending(k.pid, func() (err error) {
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
	s, hasher, err := r.places.Installed(ctx, r.binary, database, cheapCost)
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
	return serving(ctx, s, func(svc *target.Service) error {
		pool, err := load.NewPool(ctx, svc.Addr(), requestConns)
		if err != nil {
			return err
		}
		defer pool.Close()
		kinds, err := serviceKinds(ctx, svc, pool, plan(few, hasher))
		if err != nil {
			return err
		}
		bareKind := func(path string) *kind {
			return &kind{what: "bare " + path, pid: pid, send: func(d time.Duration) (int, error) {
				return hellos.Run(d, load.Same(load.Get(path, "")), http.StatusOK)
			}}
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
func serviceKinds(ctx context.Context, svc *target.Service, pool load.Pool, p fill.Plan) ([]*kind, error) {
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
	sender := func(next load.Next, status int) func(time.Duration) (int, error) {
		return func(d time.Duration) (int, error) { return pool.Run(d, next, status) }
	}
	return []*kind{
		{key: "get.self", what: "GET /accounts/{id} of oneself, CPU", pid: svc.PID(), send: sender(func(k, _ int) load.Request { return self[k] }, http.StatusOK)},
		{key: "get.other", what: "GET /accounts/{id} of another, CPU", pid: svc.PID(), send: sender(func(k, i int) load.Request { return others[k][(61*k+i)%p.Accounts] }, http.StatusOK)},
		{key: "get.keys", keys: true, what: "GET jwks.json, CPU", pid: svc.PID(), send: sender(load.Same(load.Get(keysPath, "")), http.StatusOK)},
		{key: "get.keys.known", keys: true, what: "… 304 on If-None-Match, CPU", pid: svc.PID(), send: sender(load.Same(known), http.StatusNotModified)},
	}, nil
}

const (
	accountGoal = 40 // µs for a request that asks no database
	keysGoal    = 15
	// readShare is how many bare reads a request may cost beside that, as long as it has to ask the database for
	// the caller's live state.
	readShare = 1.3
)

// addRequests adds the rows. With PostgreSQL, read is a greeting of the bare server with a read before it.
func (r *run) addRequests(database string, kinds []*kind, hello, read *kind) {
	goal, note := float64(accountGoal), ""
	if read != nil {
		one := read.median() - hello.median()
		goal, note = accountGoal+readShare*one, "the goal is 40 µs and 1.3 bare reads"
		r.results.Add(report.Row{Key: "bare.read", What: "a bare read by primary key in a request, CPU", Database: database, Figure: one, Unit: "µs"})
	}
	for _, k := range kinds {
		row := report.Row{Key: k.key, What: k.what, Database: database, Figure: k.median(), Unit: "µs", Bare: hello.median(), BareName: "net/http"}
		if k.keys {
			row.Goal = report.Max(report.Figure, keysGoal)
		} else {
			row.Goal, row.Note = report.Max(report.Figure, goal), note
		}
		r.results.Add(row)
	}
}
