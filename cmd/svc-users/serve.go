package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/httpapi"
	"github.com/svc-users/svc-users/internal/token"
)

// drainTime bounds how long a stopping server waits for requests in flight. It is longer than an answer may take,
// though not than a body may trickle in, and shorter than the half minute after which orchestrators kill.
const drainTime = 25 * time.Second

type serveCommand struct {
	Demo         bool `help:"First make the demo roles and accounts, as seed does."`
	DemoAnywhere bool `help:"With --demo, also where other machines can reach the published passwords."`
}

// Run serves until it is told to stop.
func (cmd *serveCommand) Run(t *terminal) error {
	// A reader of the log that goes away must not end the service. Writing fails instead, which the log counts.
	signal.Ignore(syscall.SIGPIPE)
	var key *token.Key
	cfg, err := t.settings(func(cfg config.Config) config.Faults {
		var faults config.Faults
		key, faults = keyFaults(cfg)
		return append(faults, cfg.ServeFaults()...)
	})
	if err != nil {
		return err
	}
	if cmd.Demo {
		if err := demoAllowed(cfg); err != nil {
			return err
		}
		if err := cmd.demoReachable(t.ctx, cfg.Host); err != nil {
			return t.unlessStopped(err)
		}
	}
	if key == nil {
		file := filepath.Join(cfg.DataDir, "jwt.pem")
		if err := t.checkKeyFile(cfg, file); err != nil {
			return err
		}
		if key, err = token.LoadOrCreate(file, cfg.JWT.KeyID); err != nil {
			return err
		}
	}
	keys, err := token.NewKeySet(key, nil, token.Options{Issuer: cfg.JWT.Issuer, Audiences: cfg.JWT.Audiences, MaxBytes: cfg.JWT.MaxBytes})
	if short := new(token.TooFewBytes); errors.As(err, &short) {
		return fmt.Errorf("JWT_MAX_BYTES %w", err)
	}
	if err != nil {
		return fmt.Errorf("JWT_ISSUER, JWT_AUDIENCE: %w", err)
	}
	log, written := t.logger(cfg)
	defer written.Close()
	t.waiting = func(why string) {
		log.Warn("waiting for the database", "cause", why, "at_most", cfg.DatabaseWait.String())
	}
	// The port comes first: a second server on it must not bring the database of the first up to date.
	o, err := openPort(cfg, log)
	if err != nil {
		return err
	}
	defer o.close()
	tokens := token.NewHolder(keys)
	a, err := t.open(cfg, tokens)
	if err != nil {
		return t.unlessStopped(err)
	}
	return errors.Join(t.unlessStopped(cmd.serve(t, cfg, a, tokens, o, log)), a.Close())
}

// demoReachable refuses published passwords where they can be tried from other machines, unless that was asked for by a
// name of its own: in a container, the address says nothing of who can reach it.
func (cmd *serveCommand) demoReachable(ctx context.Context, host string) error {
	if cmd.DemoAnywhere {
		return nil
	}
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return fmt.Errorf("HOST: %w", err)
	}
	for _, a := range addresses {
		if !a.IP.IsLoopback() {
			return fmt.Errorf("HOST is %s, where other machines could log in with the published passwords of --demo: leave HOST unset, or add --demo-anywhere if only you can reach it", host)
		}
	}
	return nil
}

// unlessStopped is nil for what failed only because the server was told to stop while it was starting.
func (t *terminal) unlessStopped(err error) error {
	if t.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (cmd *serveCommand) serve(t *terminal, cfg config.Config, a *app, tokens *token.Holder, o *opening, log *slog.Logger) error {
	if cmd.Demo {
		if err := seed(t, a); err != nil {
			return err
		}
	}
	if err := refuseDemoAccounts(t.ctx, cfg, a); err != nil {
		return err
	}
	cursorKey, err := a.store.CursorKey(t.ctx)
	if err != nil {
		return err
	}
	if err := warnOfCreators(t.ctx, log, a); err != nil {
		return err
	}
	a.warn(log)
	a.fitRuntime()
	if err := a.store.Listen(cfg.DatabaseListenURL.Reveal(), func(hears bool, why string) { logHearing(log, hears, why) }); err != nil {
		return fmt.Errorf("DATABASE_LISTEN_URL: %w", err)
	}
	options := requestOptions(cfg, log)
	options.Service = a.Service
	options.Keys = tokens.Public
	options.Health = a.store
	options.CursorKey = cursorKey
	options.Stopping = t.ctx.Done()
	o.serve(httpapi.New(options))
	t.announce(o.listener.Addr(), cmd.Demo)
	a.logLimits(log)
	background, stop := context.WithCancel(t.ctx)
	var watching sync.WaitGroup
	watching.Go(func() { a.runJobs(background, log) })
	watching.Go(func() { a.store.WatchFile(background.Done(), func(problem string) { logFile(log, problem) }) })
	defer watching.Wait()
	defer stop()
	return o.untilStopped(t.ctx)
}

// warnOfCreators logs which other users of the database may create functions where the service looks for its own. It
// is safe from those, but there is no reason to let them.
func warnOfCreators(ctx context.Context, log *slog.Logger, a *app) error {
	others, err := a.store.Creators(ctx)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		log.Warn("other database users may create objects in the service's schema: REVOKE CREATE ON SCHEMA … FROM them, or use a schema of its own", "users", others)
	}
	return nil
}

// logHearing says whether changes of rights are heard of. Both ways are right, and one of them is slower.
func logHearing(log *slog.Logger, hears bool, why string) {
	if hears {
		log.Info("hearing of changes from the database")
		return
	}
	log.Warn("not hearing of changes: asking the database with each request", "cause", why)
}

// logFile says that the file of the database is not the one that was opened, or that it is again.
func logFile(log *slog.Logger, problem string) {
	if problem == "" {
		log.Info("the database file is back: serving again")
		return
	}
	log.Error("the database file is not the one that was opened: refusing all requests", "cause", problem)
}

// refuseDemoAccounts keeps published passwords out of production.
func refuseDemoAccounts(ctx context.Context, cfg config.Config, a *app) error {
	if cfg.Environment != config.Production {
		return nil
	}
	found, err := a.DemoAccounts(ctx)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("ENVIRONMENT is production, and the database has the demo account %s; delete it, or change its e-mail and password, first: its password is published", strings.Join(found, " and "))
	}
	return nil
}

// announce says where to go. A server on all addresses is reached, from here, on this machine's own.
func (t *terminal) announce(addr net.Addr, demo bool) {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	base := "http://" + net.JoinHostPort(host, port)
	fmt.Fprintln(t.stdout, "API  "+base+"/api/v1")
	fmt.Fprintln(t.stdout, "Docs "+base+"/docs")
	if demo {
		fmt.Fprintln(t.stdout, "Demo accounts admin@example.com and user@example.com; their passwords are in the README")
	}
}
