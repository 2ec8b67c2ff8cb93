package main

import (
	"fmt"

	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/store"
)

// awaitDatabase waits until the PostgreSQL of the settings takes connections, for DATABASE_WAIT at most. While it waits
// it says so every few seconds, on standard error or, while serving, in the log.
func (t *terminal) awaitDatabase(cfg config.Config) error {
	waiting := t.waiting
	if waiting == nil {
		waiting = func(why string) {
			fmt.Fprintf(t.stderr, "svc-users: waiting up to %v (DATABASE_WAIT) for the database: %s\n", cfg.DatabaseWait, replaceUnprintable(why))
		}
	}
	return store.Await(t.ctx, cfg.DatabaseURL.Reveal(), cfg.DatabaseWait, waiting)
}
