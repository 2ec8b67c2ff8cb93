package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/machine"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

// settled is how long an idle service is left alone before its memory is read.
const settled = time.Second

// start measures the time from the start of the process to its first answer, on a new database, whose schema and key
// have to be made, and on one that is there; and the memory of a service that has nothing to do.
func start(ctx context.Context, r *run, database string) error {
	var fresh, again []time.Duration
	var existing target.Settings
	for range r.scale.starts {
		s, err := r.env.Empty(r.binary, database, cheapCost)
		if err != nil {
			return err
		}
		took, err := firstAnswer(ctx, s)
		if err != nil {
			return err
		}
		fresh, existing = append(fresh, took), s
	}
	for range r.scale.starts {
		took, err := firstAnswer(ctx, existing)
		if err != nil {
			return err
		}
		again = append(again, took)
	}
	row := report.Row{
		Key: "start.new", What: "start to first answer, new database and key", Database: database, Figure: millis(stats.Median(fresh)), Unit: "ms",
	}
	if database == sqlite {
		row.Goal = report.Max(report.Figure, 400)
	}
	r.results.Add(row)
	r.results.Add(report.Row{
		Key: "start.existing", What: "start to first answer, existing database", Database: database, Figure: millis(stats.Median(again)), Unit: "ms",
		Goal: report.Max(report.Figure, 50),
	})
	return withService(ctx, existing, func(svc *target.Service) error {
		if err := ready(ctx, svc); err != nil {
			return err
		}
		sleep(ctx, settled)
		memory, err := machine.MemoryOf(svc.PID())
		r.results.Add(report.Row{
			Key: "memory.idle", What: "memory, idle", Database: database, Figure: megabytes(memory.Resident), Unit: "MB", Goal: report.Max(report.Figure, 25),
		})
		return err
	})
}

// firstAnswer starts a service, takes the time until it says that it can serve, and stops it.
func firstAnswer(ctx context.Context, s target.Settings) (took time.Duration, err error) {
	began := time.Now()
	err = withService(ctx, s, func(svc *target.Service) error {
		err := ready(ctx, svc)
		took = time.Since(began)
		return err
	})
	return took, err
}

func ready(ctx context.Context, svc *target.Service) error {
	conn, err := load.Dial(ctx, svc.Addr())
	if err != nil {
		return err
	}
	answer, err := conn.Do(load.Get("/readyz", ""))
	if err == nil {
		err = answer.Expect(http.StatusOK)
	}
	return errors.Join(err, conn.Close())
}
