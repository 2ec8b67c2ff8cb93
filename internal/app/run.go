package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Run serves until ctx ends, then stops accepting, finishes what is in flight and closes the database. It returns nil
// for what failed only because ctx ended.
func (a *App) Run(ctx context.Context) error {
	// The port comes first: a second server on it must not bring the database of the first up to date.
	p, err := openPort(a.config)
	if err != nil {
		return err
	}
	defer p.close()
	return errors.Join(UnlessStopped(ctx, a.openAndServe(ctx, p)), a.Close())
}

// UnlessStopped is nil for what failed only because the service was told to stop while it was starting.
func UnlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (a *App) openAndServe(ctx context.Context, p *port) error {
	hooks := a.config.Hooks
	if hooks.BeforeOpen != nil {
		if err := hooks.BeforeOpen(); err != nil {
			return err
		}
	}
	if err := a.Open(ctx); err != nil {
		return err
	}
	if a.config.Demo {
		made, err := a.Seed(ctx)
		if err != nil {
			return fmt.Errorf("making the demo data: %w", err)
		}
		if hooks.Seeded != nil {
			hooks.Seeded(made)
		}
	}
	if err := a.refuseDemoAccounts(ctx); err != nil {
		return err
	}
	if err := a.StartKeys(ctx); err != nil {
		return err
	}
	options, err := a.EdgeOptions(ctx)
	if err != nil {
		return err
	}
	options.Stopping = ctx.Done()
	if err := a.warnOfCreators(ctx); err != nil {
		return err
	}
	a.logWarnings()
	a.fitRuntime()
	if err := a.Listen(); err != nil {
		return fmt.Errorf("DATABASE_LISTEN_URL: %w", err)
	}
	p.serve(NewEdge(options))
	if hooks.Serving != nil {
		hooks.Serving(p.listener.Addr().String())
	}
	a.logLimits()
	if a.config.TLS != nil {
		a.logCertificate(nil)
	}
	defer a.runBackground(ctx)()
	return p.untilStopped(ctx)
}

// Listen begins to listen for changes that other replicas make. An error says what is wrong with the URL.
func (a *App) Listen() error {
	return a.Store.Listen(a.config.ListenURL.Reveal(), a.logListening)
}

// runBackground starts what is done beside serving. It returns what ends it and waits for that.
func (a *App) runBackground(ctx context.Context) (stop func()) {
	background, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { a.runJobs(background) })
	running.Go(func() { a.Store.WatchFile(background.Done(), a.logFile) })
	running.Go(func() { a.Keyring.Run(background) })
	if a.config.TLS != nil {
		running.Go(func() { a.config.TLS.Watch(background.Done(), a.logCertificate) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// refuseDemoAccounts keeps published passwords out of production.
func (a *App) refuseDemoAccounts(ctx context.Context) error {
	if !a.config.NoDemo {
		return nil
	}
	found, err := a.DemoAccounts(ctx)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return errors.New("ENVIRONMENT is production, and the database has " + DescribeDemoAccounts(found))
	}
	return nil
}

// DescribeDemoAccounts says which accounts have published passwords, and what to do about them.
func DescribeDemoAccounts(emails []string) string {
	if len(emails) == 1 {
		return "the demo account " + emails[0] + "; delete it, or change its e-mail and password, first: its password is published"
	}
	return "the demo accounts " + strings.Join(emails, " and ") + "; delete them, or change their e-mails and passwords, first: their passwords are published"
}
