package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/target"
)

// burstLogins is the number of simultaneous logins, such as a class or the start of a shift.
const burstLogins = 32

// burst sends 32 logins at the same moment, at the default bcrypt cost whatever the scale, and counts the successes.
func burst(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, whole.loginCost)
	if err != nil {
		return err
	}
	email := cycleEmails(plan(few, hasher))
	return withService(ctx, s, func(svc *target.Service) error {
		served, last, err := logInAtOnce(ctx, svc.Addr(), burstLogins, func(k int) load.Request { return target.Login(email(k), password) })
		if err != nil {
			return err
		}
		r.results.Add(report.Row{
			Key: "burst.served", What: fmt.Sprintf("%d logins at once, all served, cost %d", burstLogins, whole.loginCost), Database: database,
			Figure: float64(served), Goal: report.Min(report.Figure, burstLogins),
		})
		r.results.Add(report.Row{Key: "burst.last", What: "… the last one after", Database: database, Figure: last.Seconds(), Unit: "s"})
		return nil
	})
}

// logInAtOnce sends n logins over n connections, and returns how many succeeded and when the last answer arrived.
func logInAtOnce(ctx context.Context, addr string, n int, login func(k int) load.Request) (served int, last time.Duration, err error) {
	pool, err := load.NewPool(ctx, addr, n)
	if err != nil {
		return 0, 0, err
	}
	defer pool.Close()
	var mu sync.Mutex
	var group errgroup.Group
	begin := time.Now()
	for k, c := range pool {
		group.Go(func() error {
			answer, err := c.Do(login(k))
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if answer.Status == http.StatusOK {
				served++
			}
			last = max(last, time.Since(begin))
			return nil
		})
	}
	err = group.Wait()
	return served, last, err
}
