package main

import (
	"errors"
	"fmt"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/config"
)

type seedCommand struct{}

// Run makes the demo data in the database of the settings.
func (seedCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	if err := demoAllowed(cfg); err != nil {
		return err
	}
	a, err := t.open(cfg)
	if err != nil {
		return err
	}
	made, err := a.Seed(t.ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("making the demo data: %w", err), a.Close())
	}
	t.showSeeded(made)
	return a.Close()
}

// showSeeded says what was made of the demo data.
func (t *terminal) showSeeded(made users.SeedResult) {
	for _, name := range made.Roles {
		fmt.Fprintln(t.stdout, "Made role", name)
	}
	for _, email := range made.Accounts {
		fmt.Fprintln(t.stdout, "Made account", email)
	}
	if len(made.Roles)+len(made.Accounts) == 0 {
		fmt.Fprintln(t.stdout, "The demo data is there already")
	}
}

func demoAllowed(cfg config.Config) error {
	if cfg.Environment == config.Production {
		return errors.New("ENVIRONMENT is production, where there is no demo data: its passwords are published")
	}
	return nil
}
