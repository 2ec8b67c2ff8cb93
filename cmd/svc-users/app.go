package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/store"
)

// settings reads the configuration; what is suspicious but harmless goes to standard error. More faults come
// from check, if it is not nil, so that one line names them all.
func (t *terminal) settings(check func(config.Config) config.Faults) (config.Config, error) {
	cfg, faults := t.readSettings(check)
	return cfg, faults.Err()
}

// readSettings is settings with a list of what is wrong.
func (t *terminal) readSettings(check func(config.Config) config.Faults) (config.Config, config.Faults) {
	lookup := t.lookup
	if lookup == nil {
		lookup = os.LookupEnv
	}
	cfg, faults, warnings := config.Load(lookup, envFile)
	for _, w := range warnings {
		fmt.Fprintln(t.stderr, "svc-users: warning:", w)
	}
	t.private = cfg.Environment == config.Production
	faults = append(append(append(t.envFileFaults(), faults...), t.secretFileFaults(cfg)...), databaseFaults(cfg)...)
	if check != nil {
		faults = append(faults, check(cfg)...)
	}
	return cfg, cfg.Named(faults)
}

// databaseFaults looks at what only the store can judge of the database URLs, without opening anything.
func databaseFaults(cfg config.Config) config.Faults {
	var faults config.Faults
	for _, named := range []struct {
		variable string
		url      config.Secret
	}{{"DATABASE_URL", cfg.DatabaseURL}, {"DATABASE_LISTEN_URL", cfg.DatabaseListenURL}} {
		if !named.url.IsZero() { // else it is not set, or malformed, which has been said
			faults = append(faults, urlFaults(named.variable, named.url, cfg)...)
		}
	}
	if !cfg.DatabaseListenURL.IsZero() && strings.HasPrefix(cfg.DatabaseURL.Reveal(), "sqlite://") {
		faults = append(faults, config.Fault{Variable: "DATABASE_LISTEN_URL", Problem: "needs a DATABASE_URL that is PostgreSQL's too"})
	}
	return faults
}

// urlFaults looks at a database URL, which a variable or flag has.
func urlFaults(name string, url config.Secret, cfg config.Config) config.Faults {
	if err := store.CheckURL(url.Reveal()); err != nil {
		return config.Faults{{Variable: name, Problem: "is refused: " + err.Error()}}
	}
	hosts, err := store.PlaintextHosts(url.Reveal())
	hosts = slices.DeleteFunc(hosts, func(host string) bool { return slices.Contains(cfg.PlaintextHosts, host) })
	if cfg.Environment == config.Production && err == nil && len(hosts) > 0 {
		return config.Faults{{Variable: name, Problem: "lets connections to another machine be made without TLS: add sslmode=verify-full, and sslrootcert where the authority is your own; " +
			"or, where the network to that machine is private to this one, name the host in DATABASE_PLAINTEXT_HOSTS"}}
	}
	return nil
}

// open opens the database of the settings, as app.Open does, and looks at its files first. Tokens can't be issued.
func (t *terminal) open(cfg config.Config) (*app.App, error) {
	return t.openBy(cfg, (*app.App).Open)
}

// openExisting is the same for a database that exists and is up to date; see app.OpenExisting.
func (t *terminal) openExisting(cfg config.Config) (*app.App, error) {
	return t.openBy(cfg, (*app.App).OpenExisting)
}

func (t *terminal) openBy(cfg config.Config, open func(*app.App, context.Context) error) (*app.App, error) {
	if err := t.checkDatabase(cfg); err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	a := app.New(app.FromSettings(cfg))
	return a, open(a, t.ctx)
}

// logger writes records to standard error: as text on a terminal, else as JSON, unless the settings say. Close
// writes what has not been written yet.
func (t *terminal) logger(cfg config.Config) (*slog.Logger, io.Closer) {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	out := newLogBuffer(t.stderr)
	format := cfg.LogFormat
	if format == "" {
		format = config.LogJSON
		if f, ok := t.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			format = config.LogText
		}
	}
	var handler slog.Handler = slog.NewJSONHandler(out, options)
	if format == config.LogText {
		handler = slog.NewTextHandler(out, options)
	}
	log := slog.New(promptHandler{handler, out})
	out.reportDrops = func(n int) { log.Warn("log records were dropped: standard error did not take them", "records", n) }
	return log, out
}
