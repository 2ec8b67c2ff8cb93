package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/outfile"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/transfer"
)

type exportCommand struct {
	File       string `arg:"" optional:"" placeholder:"FILE" help:"A new file, mode 0600; without it, or with -, standard output."`
	WithHashes bool   `help:"With the hashes of passwords, which can be guessed at: keep the file as secret as the database."`
	All        bool   `help:"Also service accounts, roles and permissions, in lines with a member type."`
}

// Run writes what the database of the settings has at one moment, a JSON object a line. It changes nothing there.
func (cmd *exportCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	if err := t.checkDatabase(cfg); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	st, err := store.OpenToRead(t.ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return app.NotReady(err)
	}
	counts, err := cmd.write(t.ctx, st, t.stdout)
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	summary := fmt.Sprintf("Exported %d accounts", counts.Accounts)
	if cmd.All {
		summary += fmt.Sprintf(", %d service accounts, %d roles and %d permissions", counts.ServiceAccounts, counts.Roles, counts.Permissions)
	}
	fmt.Fprintln(t.stderr, summary)
	return nil
}

func (cmd *exportCommand) write(ctx context.Context, st *store.Store, stdout io.Writer) (transfer.Counts, error) {
	options := transfer.ExportOptions{Hashes: cmd.WithHashes, All: cmd.All}
	if cmd.File == "" || cmd.File == "-" {
		return transfer.Export(ctx, st, stdout, options)
	}
	file, err := outfile.Create(cmd.File)
	if err != nil {
		return transfer.Counts{}, err
	}
	counts, err := transfer.Export(ctx, st, file, options)
	if err != nil {
		return counts, errors.Join(err, file.Discard())
	}
	return counts, file.Commit()
}
