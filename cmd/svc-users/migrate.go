package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/svc-users/svc-users/internal/store"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Bring the schema up to date. Several may run at once."`
	Status migrateStatusCommand `cmd:"" help:"Show which migrations the database has had. Changes nothing."`
}

type migrateUpCommand struct{}

// Run brings the schema up to date and makes what every database has.
func (migrateUpCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	a, err := t.open(cfg)
	if err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	fmt.Fprintln(t.stdout, "The schema is up to date")
	return nil
}

type migrateStatusCommand struct{}

// Run lists the migrations of this binary and when the database had them.
func (migrateStatusCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	if err := t.checkDatabase(cfg); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	list, err := store.Inspect(t.ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	for _, m := range list {
		applied := "pending"
		if m.Applied {
			applied = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%05d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	return w.Flush()
}
