package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
)

type apiKeysCommand struct {
	List   apiKeysListCommand   `cmd:"" help:"List the API keys of an account, the newest first. Changes nothing."`
	Create apiKeysCreateCommand `cmd:"" help:"Make an API key for an account. It is shown once and kept nowhere."`
	Rotate apiKeysRotateCommand `cmd:"" help:"Put another key in the place of an API key, which lives on for a while."`
	End    apiKeysEndCommand    `cmd:"" help:"End an API key, or all of an account. It cannot be undone."`
}

// accountFlag names the account that a command is about.
type accountFlag struct {
	Account string `required:"" placeholder:"ACCOUNT" help:"The e-mail of the account, the name of a service account, or an id."`
}

// withAccount calls do with the rules and the id of the account, in the database of the settings, which must exist and be up
// to date.
func (f accountFlag) withAccount(t *terminal, do func(a *app.App, account string) error) error {
	return t.asOperator(func(a *app.App) error {
		account, err := a.FindAccount(t.ctx, users.AsOperator(), f.Account)
		if err != nil {
			return err
		}
		return do(a, account.ID.String())
	})
}

type apiKeysListCommand struct{ accountFlag }

// Run lists the keys of an account.
func (cmd *apiKeysListCommand) Run(t *terminal) error {
	return cmd.withAccount(t, func(a *app.App, account string) error {
		keys, err := a.AccountAPIKeys(t.ctx, users.AsOperator(), account)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			fmt.Fprintln(t.stdout, "The account has no API keys")
			return nil
		}
		w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tNAME\tENDS WITH\tCREATED\tEXPIRES\tLAST USED\tPERMISSIONS")
		for _, k := range keys {
			name := k.Name
			if !k.Successor.IsZero() {
				name += " (rotated)"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, replaceUnprintable(name), replaceUnprintable(k.LastFour), showTime(k.CreatedAt),
				showOptionalTime(k.ExpiresAt), showOptionalTime(k.UsedAt), k.Scope)
		}
		return w.Flush()
	})
}

// showOptionalTime is "never" for the zero time.
func showOptionalTime(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return showTime(at)
}

type apiKeysCreateCommand struct {
	accountFlag
	Name       string   `required:"" help:"What the key is for; unique among the account's keys."`
	Permission []string `required:"" help:"The name of a permission that the account holds; may be repeated, or have several with commas between them."`
	Expires    string   `placeholder:"TIME" help:"When it expires, such as 2027-01-31T00:00:00Z, or never. Without it: after API_KEY_LIFE."`
}

// Run makes a key.
func (cmd *apiKeysCreateCommand) Run(t *terminal) error {
	in := users.NewAPIKey{Name: cmd.Name, Permissions: cmd.Permission}
	switch cmd.Expires {
	case "":
	case "never":
		in.Expires.Set = true
	default:
		at, err := time.Parse(time.RFC3339, cmd.Expires)
		if err != nil {
			return errors.New("--expires must be a time such as 2027-01-31T00:00:00Z, or never")
		}
		in.Expires = users.Optional[*time.Time]{Set: true, To: &at}
	}
	return cmd.withAccount(t, func(a *app.App, account string) error {
		made, err := a.CreateAPIKeyFor(t.ctx, users.AsOperator(), account, in)
		if err != nil {
			return err
		}
		return t.showMadeKey("Made", made)
	})
}

// showMadeKey prints a key that was made, the one time that it is shown.
func (t *terminal) showMadeKey(did string, k users.MadeAPIKey) error {
	fmt.Fprintf(t.stdout, "%s API key %s (%s), which expires: %s\n", did, k.ID, replaceUnprintable(k.Name), showOptionalTime(k.ExpiresAt))
	if _, err := fmt.Fprintln(t.stdout, k.Text); err != nil {
		return fmt.Errorf("the API key %s was made, but could not be shown and is lost; end it: %w", k.ID, err)
	}
	fmt.Fprintln(t.stderr, "This key is shown once and kept nowhere.")
	return nil
}

type apiKeysRotateCommand struct {
	accountFlag
	Overlap string `placeholder:"24h" help:"How long the old key lives on: 0s, or from 10m to 30d."`
	ID      string `arg:"" help:"The id of the key, as svc-users api-keys list shows it."`
}

// Run rotates a key.
func (cmd *apiKeysRotateCommand) Run(t *terminal) error {
	return cmd.withAccount(t, func(a *app.App, account string) error {
		var in users.APIKeyRotation
		if cmd.Overlap != "" {
			in.Overlap = &cmd.Overlap
		}
		made, err := a.RotateAPIKeyFor(t.ctx, users.AsOperator(), account, cmd.ID, in)
		if err != nil {
			return err
		}
		return t.showMadeKey("Rotated to", made)
	})
}

type apiKeysEndCommand struct {
	accountFlag
	All bool   `help:"End all keys of the account."`
	ID  string `arg:"" optional:"" help:"The id of the key, as svc-users api-keys list shows it."`
}

// Run ends a key, or all of an account.
func (cmd *apiKeysEndCommand) Run(t *terminal) error {
	if cmd.All == (strings.TrimSpace(cmd.ID) != "") {
		return errors.New("name either the id of a key or --all")
	}
	return cmd.withAccount(t, func(a *app.App, account string) error {
		if !cmd.All {
			if err := a.EndAccountAPIKey(t.ctx, users.AsOperator(), account, cmd.ID); err != nil {
				return err
			}
			fmt.Fprintf(t.stdout, "Ended API key %s\n", cmd.ID)
			return nil
		}
		n, err := a.EndAccountAPIKeys(t.ctx, users.AsOperator(), account)
		if err == nil {
			fmt.Fprintf(t.stdout, "Ended %d API keys\n", n)
		}
		return err
	})
}
