package main

import (
	"context"
	"fmt"
	"net"
	"os/signal"
	"syscall"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
)

type serveCommand struct {
	Demo         bool `help:"First make the demo roles and accounts, as seed does."`
	DemoAnywhere bool `help:"With --demo, also where other machines can reach the published passwords."`
}

// Run serves until it is told to stop.
func (cmd *serveCommand) Run(t *terminal) error {
	// A reader of the log that goes away must not end the service. Writing fails instead, which the log counts.
	signal.Ignore(syscall.SIGPIPE)
	cfg, keys, certificate, err := t.serveSettings()
	if err != nil {
		return err
	}
	if cmd.Demo {
		if err := demoAllowed(cfg); err != nil {
			return err
		}
		if err := cmd.demoReachable(t.ctx, cfg.Host); err != nil {
			return app.UnlessStopped(t.ctx, err)
		}
	}
	ring, err := t.keyring(cfg, keys, keys.signing == nil)
	if err != nil {
		return err
	}
	log, written := t.logger(cfg)
	defer written.Close()
	t.waiting = func(why string) {
		log.Warn("waiting for the database", "cause", why, "at_most", cfg.DatabaseWait.String())
	}
	c := app.FromSettings(cfg)
	c.Keyring, c.TLS, c.Log, c.Version, c.Demo = ring, certificate, log, users.Version, cmd.Demo
	c.Hooks = app.Hooks{
		BeforeOpen: func() error {
			err := t.checkDatabase(cfg)
			if err == nil {
				return nil
			}
			if reasons := t.databaseReasons(cfg); t.private && len(reasons) > 0 {
				return cfg.Named(reasons).Err()
			}
			return fmt.Errorf("DATABASE_URL: %w", err)
		},
		Seeded:  t.showSeeded,
		Serving: func(addr string) { t.announce(addr, cfg, cmd.Demo) },
	}
	return app.New(c).Run(t.ctx)
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

// announce says where to go. A server on all addresses is reached, from here, on this machine's own.
func (t *terminal) announce(addr string, cfg config.Config, demo bool) {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	base := scheme(cfg) + net.JoinHostPort(host, port)
	fmt.Fprintln(t.stdout, "API  "+base+"/api/v1")
	fmt.Fprintln(t.stdout, "Docs "+base+"/docs")
	if demo {
		fmt.Fprintln(t.stdout, "Demo accounts admin@example.com and user@example.com; their passwords are in the README")
	}
}
