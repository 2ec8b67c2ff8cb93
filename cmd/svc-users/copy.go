package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/transfer"
)

type copyCommand struct {
	From string `required:"" placeholder:"URL" help:"The database to copy, sqlite://… or postgresql://…; it is only read. A password is best left to PGPASSWORD or ~/.pgpass."`
	To   string `required:"" placeholder:"URL" help:"The database to fill, of the other kind; made if it is a file. It must be empty, or such a copy already."`
}

// Run copies everything from one kind of database to the other. The target has all of it, verified, or is as it was.
func (cmd *copyCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	from, to := cfg, cfg
	from.DatabaseURL, to.DatabaseURL = config.NewSecret(cmd.From), config.NewSecret(cmd.To)
	faults := append(urlFaults("--from", from.DatabaseURL, cfg), urlFaults("--to", to.DatabaseURL, cfg)...)
	if err := faults.Err(); err != nil {
		return err
	}
	source, err := t.openSource(from)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	result, err := t.copyInto(to, source)
	if err := errors.Join(err, source.Close()); err != nil {
		return err
	}
	showCopied(t.stdout, result)
	return nil
}

// openSource opens a database that exists and is up to date, to read it.
func (t *terminal) openSource(cfg config.Config) (*store.Store, error) {
	if err := t.checkDatabase(cfg); err != nil {
		return nil, err
	}
	st, err := store.OpenToRead(t.ctx, cfg.DatabaseURL.Reveal())
	if errors.Is(err, store.ErrOlderSchema) {
		return nil, fmt.Errorf("%w; svc-users migrate up brings it up to date, with that DATABASE_URL", err)
	}
	return st, err
}

func (t *terminal) copyInto(cfg config.Config, source *store.Store) (transfer.CopyResult, error) {
	if err := t.checkDatabase(cfg); err != nil {
		return transfer.CopyResult{}, fmt.Errorf("--to: %w", err)
	}
	a := app.New(app.FromSettings(cfg))
	if err := a.Open(t.ctx); err != nil {
		if strings.HasPrefix(err.Error(), "DATABASE_URL: ") {
			err = errors.Unwrap(err) // the URL is that of the flag
		}
		return transfer.CopyResult{}, fmt.Errorf("--to: %w", err)
	}
	result, err := transfer.Copy(t.ctx, source, a.Store)
	if errors.Is(err, transfer.ErrNotEmpty) {
		err = fmt.Errorf("--to: %w: name a new database", err)
	}
	return result, errors.Join(err, a.Close())
}

// showCopied prints a line for each table, and what to do next.
func showCopied(out io.Writer, result transfer.CopyResult) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tROWS\tDIGEST")
	total := int64(0)
	for _, c := range result.Tables {
		total += c.Rows
		fmt.Fprintf(w, "%s\t%d\t%s\n", c.Table, c.Rows, c.Digest)
	}
	_ = w.Flush() // the writer below it keeps its error
	if result.Already {
		fmt.Fprintf(out, "The target was such a copy already: %d rows in %d tables, counts and digests compared\n", total, len(result.Tables))
		return
	}
	fmt.Fprintf(out, "Copied %d rows in %d tables, counts and digests compared. Set DATABASE_URL to the target, and keep ENCRYPTION_KEY\n", total, len(result.Tables))
}
