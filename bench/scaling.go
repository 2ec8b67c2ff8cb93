package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/machine"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

const (
	// replicaConns is how many connections read from each replica.
	replicaConns = 16
	// heldTo is the share of a core to which a replica is limited, so that two of them leave enough of a small machine
	// to the clients and the database.
	heldTo = 0.15
)

// scaling compares two replicas with one: the processor time of a read, and the reads per second when each replica is
// limited to a part of a core.
func scaling(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, cheapCost)
	if err != nil {
		return err
	}
	return r.env.replicas(ctx, s, 2, func(replicas []*target.Service) error {
		next, err := readAccounts(ctx, replicas[0], plan(few, hasher))
		if err != nil {
			return err
		}
		pools, err := dialAll(ctx, replicas, replicaConns)
		if err != nil {
			return err
		}
		defer closeAll(pools)
		p := &pair{replicas: replicas, next: next, one: pools[0]}
		for _, pool := range pools {
			p.two = append(p.two, pool...)
		}
		return errors.Join(p.free(ctx, r, database), p.held(ctx, r, database))
	})
}

// pair is two replicas, and two ways of reading: from the first alone and from both.
type pair struct {
	replicas []*target.Service
	next     load.Next
	one, two load.Pool
}

// reads is the result of one round.
type reads struct {
	rate float64       // answered reads per second
	cost time.Duration // processor time of all replicas per read
}

// round reads for the time d. The processor time of a replica without requests counts too.
func (p *pair) round(pool load.Pool, d time.Duration) (reads, error) {
	var served int
	spent, err := p.measureCPU(func() (err error) {
		served, err = pool.Run(d, p.next, http.StatusOK)
		return err
	})
	if err == nil && served == 0 {
		err = errors.New("nothing was answered")
	}
	if err != nil {
		return reads{}, err
	}
	return reads{float64(served) / d.Seconds(), spent / time.Duration(served)}, nil
}

// measureCPU returns the processor time that both replicas use while f runs.
func (p *pair) measureCPU(f func() error) (time.Duration, error) {
	var others time.Duration
	spent, err := measureCPU(p.replicas[0].PID(), func() (err error) {
		others, err = measureCPU(p.replicas[1].PID(), f)
		return err
	})
	return spent + others, err
}

// alternate reads from one replica and from both, in turn. The first round warms up and does not count.
func (p *pair) alternate(ctx context.Context, rounds int, d time.Duration) (one, two []reads, err error) {
	for round := range 1 + rounds {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		alone, err := p.round(p.one, d)
		if err != nil {
			return nil, nil, err
		}
		both, err := p.round(p.two, d)
		if err != nil {
			return nil, nil, err
		}
		if round > 0 {
			one, two = append(one, alone), append(two, both)
		}
	}
	return one, two, nil
}

// medians returns the median of a figure for one and for two replicas, and the median of the ratios of the pairs.
func medians(one, two []reads, figure func(reads) float64) (alone, both, ratio float64) {
	var a, b, ratios []float64
	for i := range one {
		a, b = append(a, figure(one[i])), append(b, figure(two[i]))
		ratios = append(ratios, b[i]/a[i])
	}
	return stats.Median(a), stats.Median(b), stats.Median(ratios)
}

// free reads as fast as the machine allows.
func (p *pair) free(ctx context.Context, r *run, database string) error {
	one, two, err := p.alternate(ctx, r.scale.cpuRounds, r.scale.cpuFor)
	if err != nil {
		return err
	}
	alone, both, ratio := medians(one, two, func(r reads) float64 { return micros(r.cost) })
	r.results.Add(report.Row{
		Key: "replicas.cpu", What: "a read from 2 replicas, CPU of both", Database: database, Figure: both, Unit: "µs",
		Bare: alone, BareName: "from one of them", Ratio: ratio, Goal: report.Max(report.Ratio, 1.1),
	})
	return nil
}

// held reads from replicas that are limited to a part of a core each.
func (p *pair) held(ctx context.Context, r *run, database string) (err error) {
	var how machine.Held
	for _, svc := range p.replicas {
		held, release, err := machine.Hold(svc.PID(), heldTo)
		if err != nil {
			return err
		}
		how = held
		defer func() { err = errors.Join(err, release()) }()
	}
	one, two, err := p.alternate(ctx, r.scale.heldRounds, r.scale.heldFor)
	if err != nil {
		return err
	}
	r.results.Notef("%s: replicas were limited to %.0f %% of a core %s", database, 100*heldTo, how)
	alone, both, ratio := medians(one, two, func(r reads) float64 { return r.rate })
	r.results.Add(report.Row{
		Key: "replicas.rate", What: fmt.Sprintf("… reads per second, each held to %.0f %% of a core", 100*heldTo), Database: database, Figure: both, Unit: "/s",
		Bare: alone, BareName: "by one of them", Ratio: ratio, Goal: report.Min(report.Ratio, 1.8),
	})
	return nil
}
