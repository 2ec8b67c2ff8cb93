package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/machine"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/target"
)

const (
	// tooMuch is the ratio of logins sent to the logins that can be hashed.
	tooMuch = 10
	// normalRead is how fast a read is when all is well again: the goal under a flood.
	normalRead = 10 * time.Millisecond
	// recoveryLimit is how long one waits for that.
	recoveryLimit = 20 * time.Second
)

// overload sends ten times as many logins as can be hashed, whether or not they are answered, to a service that has
// just started, and then measures how soon latency is back to normal.
func overload(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, cheapCost)
	if err != nil {
		return err
	}
	limit, err := bareRate(ctx, hasher, runtime.NumCPU(), r.scale.bareFor)
	if err != nil {
		return err
	}
	email := cycleEmails(plan(few, hasher))
	next := func(_, i int) load.Request { return target.Login(email(i), password) }
	return withService(ctx, s, func(svc *target.Service) error {
		quiet, err := newBaseline(ctx, svc, plan(few, hasher).Account(0).Email)
		if err != nil {
			return err
		}
		defer quiet.Close()
		before, err := machine.MemoryOf(svc.PID())
		if err != nil {
			return err
		}
		memory := watchMemory(svc.PID())
		type outcome struct {
			tally load.Tally
			err   error
		}
		sent := make(chan outcome, 1)
		go func() {
			tally, err := load.Open(ctx, svc.Addr(), tooMuch*limit, r.scale.overloadFor, next)
			sent <- outcome{tally, err}
		}()
		sleep(ctx, r.scale.overloadFor)
		again, calmErr := quiet.wait(ctx)
		o := <-sent
		most, err := memory()
		if err := firstOf(o.err, calmErr, err); err != nil {
			return err
		}
		r.results.Notef("%s, overload: %d logins served, %d refused with Retry-After, %d other responses", database, len(o.tally.Served), o.tally.Refused, o.tally.Other)
		r.addOverload(database, o.tally, most-before.Resident, again)
		return nil
	})
}

func (r *run) addOverload(database string, tally load.Tally, growth int64, again time.Duration) {
	r.results.Add(report.Row{
		Key: "overload.slowest", What: "10 × the hashing capacity: slowest response", Database: database, Figure: tally.Slowest.Seconds(), Unit: "s", Goal: report.Max(report.Figure, 6), // LOGIN_MAX_WAIT, a tenth of it, and a hash
	})
	r.results.Add(report.Row{
		Key: "overload.other", What: "… answered neither with a result nor with Retry-After", Database: database, Figure: float64(tally.Other), Goal: report.Max(report.Figure, 0),
	})
	r.results.Add(report.Row{
		Key: "overload.memory", What: "… memory growth", Database: database, Figure: megabytes(growth), Unit: "MB", Goal: report.Max(report.Figure, 32),
	})
	r.results.Add(report.Row{
		Key: "overload.calm", What: "… a login and a read back to normal after", Database: database, Figure: again.Seconds(), Unit: "s", Goal: report.Max(report.Figure, 5.5), // the queue may be as long
	})
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// baseline compares the latency of a service with its latency when idle.
type baseline struct {
	conn  *load.Conn
	login load.Request
	read  load.Request
	// loginTime is how long a login may take to count as normal: three times its time on the idle service.
	loginTime time.Duration
}

// newBaseline measures a service that must be idle.
func newBaseline(ctx context.Context, svc *target.Service, email string) (*baseline, error) {
	token, err := svc.Token(ctx, email, password)
	if err != nil {
		return nil, err
	}
	conn, err := load.Dial(ctx, svc.Addr())
	if err != nil {
		return nil, err
	}
	c := &baseline{conn: conn, login: target.Login(email, password), read: load.Get("/api/v1/auth/me", token)}
	took, ok, err := c.timed(c.login)
	if err == nil && !ok {
		err = fmt.Errorf("a login on an idle service was refused")
	}
	c.loginTime = 3 * took
	return c, err
}

// Close closes the connection.
func (c *baseline) Close() error { return c.conn.Close() }

func (c *baseline) timed(request load.Request) (took time.Duration, ok bool, err error) {
	sent := time.Now()
	answer, err := c.conn.Do(request)
	return time.Since(sent), answer.Status == http.StatusOK, err
}

// wait polls until a read takes at most normalRead and a login at most loginTime, and returns how long that took: at
// most about recoveryLimit.
func (c *baseline) wait(ctx context.Context) (time.Duration, error) {
	since := time.Now()
	for time.Since(since) < recoveryLimit && ctx.Err() == nil {
		read, readOK, err := c.timed(c.read)
		if err != nil {
			return 0, err
		}
		login, loginOK, err := c.timed(c.login)
		if err != nil {
			return 0, err
		}
		if readOK && loginOK && read <= normalRead && login <= c.loginTime {
			break
		}
	}
	return time.Since(since), nil
}
