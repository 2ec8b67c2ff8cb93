package main

import (
	"fmt"
	"io"
	"os"

	"github.com/svc-users/svc-users/internal/breached"
)

type passwordsCommand struct {
	Index passwordsIndexCommand `cmd:"" help:"Make the file for PASSWORD_BREACHED_FILE of a list of SHA-1 hashes, one on a line, with or without a count after a colon, as Have I Been Pwned publishes them."`
}

type passwordsIndexCommand struct {
	List  string `arg:"" help:"The list, or - for standard input. Its lines may be in any order."`
	File  string `arg:"" help:"The file to make, or to replace when the new one is whole."`
	Plain bool   `help:"Each line of the list is a password in place of a hash."`
}

// Run makes the file. It reads no settings and opens no database.
func (cmd *passwordsIndexCommand) Run(t *terminal) error {
	list, name := io.Reader(t.stdin), "standard input"
	if cmd.List != "-" {
		file, err := os.Open(cmd.List)
		if err != nil {
			return err
		}
		defer file.Close()
		list, name = file, cmd.List
	}
	entries, err := breached.Make(t.ctx, cmd.File, breached.Source{Reader: list, Plain: cmd.Plain})
	if err != nil {
		return fmt.Errorf("making an index of %s: %w", name, err)
	}
	fmt.Fprintf(t.stdout, "%s knows %d passwords\n", cmd.File, entries)
	return nil
}
