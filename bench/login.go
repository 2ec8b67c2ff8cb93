package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/svc-users/svc-users/bench/bare"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/machine"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

// loginConns is the number of connections of the login rate.
const loginConns = 16

// loginCPU compares the processor time of logins with that of bare hashes, in turn, so that other load on the machine
// affects both.
func loginCPU(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, r.scale.loginCost)
	if err != nil {
		return err
	}
	email := cycleEmails(plan(few, hasher))
	return withService(ctx, s, func(svc *target.Service) error {
		pool, err := load.NewPool(ctx, svc.Addr(), 1)
		if err != nil {
			return err
		}
		defer pool.Close()
		next := func(_, i int) load.Request { return target.Login(email(i), password) }
		// The first login pays for what is done once.
		if _, err := pool.Each(1, next, http.StatusOK); err != nil {
			return err
		}
		var logins, hashes []time.Duration
		var ratios []float64
		for range r.scale.pairs {
			before, err := hasher.CPU()
			if err != nil {
				return err
			}
			spent, err := measureCPU(svc.PID(), func() error {
				_, err := pool.Each(1, next, http.StatusOK)
				return err
			})
			if err != nil {
				return err
			}
			after, err := hasher.CPU()
			if err != nil {
				return err
			}
			logins, hashes = append(logins, spent), append(hashes, (before+after)/2)
			ratios = append(ratios, 2*float64(spent)/float64(before+after))
		}
		r.results.Add(report.Row{
			Key: "login.cpu", What: fmt.Sprintf("CPU per login, cost %d", r.scale.loginCost), Database: database, Figure: millis(stats.Median(logins)), Unit: "ms",
			Bare: millis(stats.Median(hashes)), BareName: "bcrypt", Ratio: stats.Median(ratios), Goal: report.Max(report.Ratio, 1.03),
		})
		return nil
	})
}

// measureCPU returns the processor time that a process uses while f runs.
func measureCPU(pid int, f func() error) (time.Duration, error) {
	before, err := machine.CPU(pid)
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := machine.CPU(pid)
	return after - before, err
}

// loginRate compares the logins of 16 connections with the hashes of one thread per core, in turn. At the default cost
// 16 logins can be more than the queue holds; clients that are answered 503 try again after Retry-After.
func loginRate(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, r.scale.loginCost)
	if err != nil {
		return err
	}
	email := cycleEmails(plan(few, hasher))
	next := func(k, i int) load.Request { return target.Login(email(k+i*loginConns), password) }
	return withService(ctx, s, func(svc *target.Service) error {
		single, err := bareRate(ctx, hasher, 1, r.scale.rateFor/2)
		if err != nil {
			return err
		}
		var rates, bares, ratios []float64
		before, err := bareRate(ctx, hasher, runtime.NumCPU(), r.scale.rateFor)
		if err != nil {
			return err
		}
		for range r.scale.rateRounds {
			rate, err := crowdRate(ctx, svc, r.scale.rateFor, next)
			if err != nil {
				return err
			}
			after, err := bareRate(ctx, hasher, runtime.NumCPU(), r.scale.rateFor)
			if err != nil {
				return err
			}
			limit := r.limit(database, before, after)
			rates, bares, ratios = append(rates, rate), append(bares, limit), append(ratios, rate/limit)
			before = after
		}
		r.results.Add(report.Row{
			Key: "login.rate", What: fmt.Sprintf("logins per second, %d connections, cost %d", loginConns, r.scale.loginCost), Database: database, Figure: stats.Median(rates), Unit: "/s",
			Bare: stats.Median(bares), BareName: "bcrypt on all cores", Ratio: stats.Median(ratios), Goal: report.Min(report.Ratio, 0.97),
		})
		r.results.Add(report.Row{
			Key: "login.rate.single", What: "… beside cores × one core alone", Database: database, Figure: stats.Median(rates), Unit: "/s",
			Bare: float64(runtime.NumCPU()) * single, BareName: "cores × bcrypt",
		})
		return nil
	})
}

// unwinding is the time a service is given, after the clients have hung up, to finish the hashes it had begun.
const unwinding = 500 * time.Millisecond

// crowdRate returns the logins per second of 16 clients that honour Retry-After.
func crowdRate(ctx context.Context, svc *target.Service, d time.Duration, next load.Next) (float64, error) {
	crowd, err := load.StartFlood(ctx, svc.Addr(), loginConns, true, next)
	if err != nil {
		return 0, err
	}
	sleep(ctx, d)
	tally, err := crowd.Stop()
	sleep(ctx, unwinding)
	return stats.Rate(tally.Served), err
}

// unsteady is the largest difference between bare hashing before and after a measurement. Beyond it something else kept
// the cores busy, and the ratio means little.
const unsteady = 1.1

// limit is the rate of bare hashing during what lies between two measurements of it.
func (r *run) limit(database string, before, after float64) float64 {
	if low, high := min(before, after), max(before, after); high > unsteady*low {
		r.results.Notef("%s: other processes used the machine: bare hashing reached %.3g a second before the logins were counted and %.3g after", database, before, after)
	}
	return (before + after) / 2
}

// bareRate is how many hashes a second workers threads make.
func bareRate(ctx context.Context, hasher *bare.Hasher, workers int, d time.Duration) (float64, error) {
	finished, err := hasher.Rate(ctx, workers, d)
	return stats.Rate(finished), err
}
