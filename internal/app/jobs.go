package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/svc-users/svc-users/internal/jobs"
)

// periodic are the jobs that every replica runs. Most delete what no longer counts: once a day the changes of accounts that no
// token can be older than, and the changes of e-mails, of which a day more or less of a year is nothing; once an hour the
// sessions that are over, and the API keys and used assertions that have expired; once a minute the budgets of attempts that
// are full, which a flood makes many of. One warns, once an hour, of API keys that are about to expire.
func (a *App) periodic() []jobs.Job {
	daily := func(name string, run func(context.Context) error) jobs.Job {
		return jobs.Job{Name: name, Period: 24 * time.Hour, Jitter: 10 * time.Minute, Lease: time.Minute, Run: run}
	}
	return []jobs.Job{
		daily("forget_changes", a.Feed.ForgetChanges),
		daily("forget_email_changes", a.ForgetEmailChanges),
		{Name: "warn_of_expiring_api_keys", Period: time.Hour, Jitter: 5 * time.Minute, Lease: 10 * time.Minute, Run: a.WarnOfExpiringAPIKeys},
		{Name: "sweep_api_keys", Period: time.Hour, Jitter: 5 * time.Minute, Lease: 10 * time.Minute, Run: a.sweepAPIKeys},
		{Name: "sweep_sessions", Period: time.Hour, Jitter: 5 * time.Minute, Lease: 10 * time.Minute, Run: a.sweepSessions},
		{Name: "sweep_throttles", Period: time.Minute, Jitter: 10 * time.Second, Lease: 10 * time.Minute, Run: a.sweepThrottles},
		{Name: "sweep_assertions", Period: time.Hour, Jitter: 5 * time.Minute, Lease: 10 * time.Minute, Run: a.sweepUsedAssertions},
	}
}

// sessionMargin is how long a session that is over is kept: longer than clocks differ, and tokens are believed past their
// time.
const sessionMargin = 10 * time.Minute

func (a *App) sweepSessions(ctx context.Context) error {
	return a.Store.SweepSessions(ctx, a.config.Now().Add(-sessionMargin))
}

// apiKeyMargin is how long an API key is kept that has expired, so that the log still tells what is wrong with it.
const apiKeyMargin = 24 * time.Hour

func (a *App) sweepAPIKeys(ctx context.Context) error {
	return a.Store.SweepAPIKeys(ctx, a.config.Now().Add(-apiKeyMargin))
}

// runJobs does the periodic work of the service, beside other replicas, until ctx ends. What fails is done the next day.
func (a *App) runJobs(ctx context.Context) {
	runner := jobs.Runner{Leases: a.Store, Holder: rand.Text(), Observe: func(o jobs.Outcome) {
		if o.Err != nil {
			a.config.Log.LogAttrs(ctx, slog.LevelWarn, "a periodic job failed", slog.String("job", o.Job), slog.String("cause", o.Err.Error()))
		}
	}}
	var running sync.WaitGroup
	for _, j := range a.periodic() {
		running.Go(func() { runner.Do(ctx, j) })
	}
	running.Wait()
}
