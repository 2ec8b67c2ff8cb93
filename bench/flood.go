package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

// floodConns is how many clients log in without pause.
const floodConns = 64

// flood reads accounts at a steady rate during a login flood, once with clients that honour Retry-After and once with
// clients that do not, and counts the logins.
func flood(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, cheapCost)
	if err != nil {
		return err
	}
	return withService(ctx, s, func(svc *target.Service) error {
		reads, err := reader(ctx, svc, plan(few, hasher))
		if err != nil {
			return err
		}
		reads.For = r.scale.floodFor / 4
		quiet, err := reads.run(ctx)
		if err != nil {
			return err
		}
		r.results.Flood = append(r.results.Flood, curve(database, report.NoClients, quiet))
		before, err := bareRate(ctx, hasher, runtime.NumCPU(), r.scale.bareFor)
		if err != nil {
			return err
		}
		for _, clients := range []report.Clients{report.Patient, report.Impatient} {
			f, err := floodBy(ctx, r, clients, svc, reads, cycleEmails(plan(few, hasher)))
			if err != nil {
				return err
			}
			after, err := bareRate(ctx, hasher, runtime.NumCPU(), r.scale.bareFor)
			if err != nil {
				return err
			}
			r.addFlood(database, clients, f, r.limit(database, before, after))
			before = after
		}
		return nil
	})
}

// reader is a probe that reads one account after the other.
func reader(ctx context.Context, svc *target.Service, p fill.Plan) (probe, error) {
	token, err := svc.Token(ctx, p.Account(0).Email, password)
	reads := probe{Addr: svc.Addr(), Token: token}
	for i := range p.Accounts {
		reads.Paths = append(reads.Paths, accountPath(p.Account(i)))
	}
	return reads, err
}

func curve(database string, clients report.Clients, took []time.Duration) report.Curve {
	c := report.Curve{Database: database, Clients: clients}
	for _, q := range report.Quantiles {
		c.Milliseconds = append(c.Milliseconds, millis(stats.Quantile(took, q)))
	}
	return c
}

// flooded is the result of one flood.
type flooded struct {
	took   []time.Duration // latency of each read
	logins float64         // per second, while reads were timed
	tally  load.Tally      // of the whole flood
	memory int64           // at most, in bytes
}

// floodBy runs one flood by clients of the given kind.
func floodBy(ctx context.Context, r *run, clients report.Clients, svc *target.Service, reads probe, email func(int) string) (flooded, error) {
	memory := watchMemory(svc.PID())
	next := func(k, i int) load.Request { return target.Login(email(k+i*floodConns), password) }
	crowd, err := load.StartFlood(ctx, svc.Addr(), floodConns, clients == report.Patient, next)
	if err != nil {
		return flooded{}, err
	}
	sleep(ctx, r.scale.floodWarmUp)
	reads.For = r.scale.floodFor
	from := crowd.Elapsed()
	took, probeErr := reads.run(ctx)
	to := crowd.Elapsed()
	tally, err := crowd.Stop()
	most, memoryErr := memory()
	sleep(ctx, unwinding)
	return flooded{took, stats.Rate(between(tally.Served, from, to)), tally, most}, errors.Join(probeErr, err, memoryErr)
}

// between returns the moments m with from ≤ m ≤ to.
func between(moments []time.Duration, from, to time.Duration) []time.Duration {
	return slices.DeleteFunc(slices.Clone(moments), func(m time.Duration) bool { return m < from || m > to })
}

func (r *run) addFlood(database string, clients report.Clients, f flooded, limit float64) {
	r.results.Flood = append(r.results.Flood, curve(database, clients, f.took))
	r.results.Notef("%s, flood, %s: %d logins served, %d refused with Retry-After, %d other responses", database, clients, len(f.tally.Served), f.tally.Refused, f.tally.Other)
	key, what := "flood.patient", "login flood"
	if clients == report.Impatient {
		key, what = "flood.impatient", "login flood that ignores Retry-After"
	}
	r.results.Add(report.Row{
		Key: key + ".p50", What: what + ": a read, p50", Database: database, Figure: millis(stats.Quantile(f.took, 0.5)), Unit: "ms", Goal: report.Max(report.Figure, 1),
	})
	r.results.Add(report.Row{
		Key: key + ".p99", What: "… p99", Database: database, Figure: millis(stats.Quantile(f.took, 0.99)), Unit: "ms", Goal: report.Max(report.Figure, 10),
	})
	r.results.Add(report.Row{
		Key: key + ".logins", What: "… logins per second meanwhile, cost 10", Database: database, Figure: f.logins, Unit: "/s",
		Bare: limit, BareName: "bcrypt on all cores", Goal: report.Min(report.Ratio, 0.93),
	})
	r.results.Add(report.Row{
		Key: key + ".memory", What: "… memory", Database: database, Figure: megabytes(f.memory), Unit: "MB", Goal: report.Max(report.Figure, 60),
	})
}
