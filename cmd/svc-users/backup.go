package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/fileguard"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/store"
)

type backupCommand struct {
	File string `arg:"" placeholder:"FILE" help:"A new file, mode 0600. One that exists is not replaced."`
}

// Run copies the embedded database of the settings, as it is at one moment.
func (cmd *backupCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	err = store.CheckFileURL(cfg.DatabaseURL.Reveal())
	if errors.Is(err, store.ErrNotFile) {
		return errors.New("DATABASE_URL names a PostgreSQL database, which has a program for this: pg_dump --format=custom --file=FILE, at any time; docs/operations.md has the whole commands")
	}
	if err == nil {
		err = t.checkDatabase(cfg)
	}
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	if err := store.Backup(t.ctx, cfg.DatabaseURL.Reveal(), cmd.File); err != nil {
		return app.NotReady(err)
	}
	info, err := os.Stat(cmd.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "Backed up the database to %s (%d bytes), checked\n", cmd.File, info.Size())
	fmt.Fprintln(t.stderr, "The signing keys in it are encrypted: keep ENCRYPTION_KEY too, in another place.")
	return nil
}

type restoreCommand struct {
	File        string `arg:"" placeholder:"FILE" help:"A file that svc-users backup has written."`
	WithoutKeys bool   `help:"Restore although ENCRYPTION_KEY does not open the signing keys of the backup."`
}

// Run puts a backup in the place of the embedded database of the settings.
func (cmd *restoreCommand) Run(t *terminal) error {
	var keys keySettings
	cfg, err := t.settings(func(cfg config.Config) (faults config.Faults) {
		keys, faults = readKeySettings(cfg)
		return faults
	})
	if err != nil {
		return err
	}
	err = store.CheckFileURL(cfg.DatabaseURL.Reveal())
	if errors.Is(err, store.ErrNotFile) {
		return errors.New("DATABASE_URL names a PostgreSQL database, which has a program for this: stop the service, then pg_restore --clean --if-exists --single-transaction; docs/operations.md has the whole commands")
	}
	if err == nil {
		err = t.checkDatabase(cfg)
	}
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	// The backup decides who may log in.
	if _, err := fileguard.Check(cmd.File); err != nil {
		return err
	}
	ring, err := t.keyring(cfg, keys, false)
	if err != nil {
		return err
	}
	kept, err := store.Restore(t.ctx, cfg.DatabaseURL.Reveal(), cmd.File, func(s *store.Store) error { return cmd.checkKeys(t, s, ring) })
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w: stop the service before a restore, and start it afterwards", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "Restored the database from %s\n", cmd.File)
	if kept != "" {
		fmt.Fprintf(t.stdout, "The database that was there is kept as %s\n", kept)
	}
	return nil
}

// checkKeys refuses a backup with signing keys that the settings do not open: the service would not start with it.
func (cmd *restoreCommand) checkKeys(t *terminal, s *store.Store, ring *app.Keyring) error {
	if cmd.WithoutKeys || ring.Environment != nil {
		return nil
	}
	found, err := s.SigningKeys(t.ctx)
	if err != nil {
		return nil //nolint:nilerr // a backup of a version that had no signing keys in the database
	}
	if err := keyring.CheckSeals(ring.Seals, found.Keys); err != nil {
		return fmt.Errorf("the service could not start with %s: %w (--without-keys restores it all the same)", cmd.File, err)
	}
	return nil
}
