package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
)

type clientSecretsCommand struct {
	List   clientSecretsListCommand   `cmd:"" help:"List the secrets of a service account, never their text. Changes nothing."`
	Create clientSecretsCreateCommand `cmd:"" help:"Make a secret and show it once. A service account has two at most."`
	Delete clientSecretsDeleteCommand `cmd:"" help:"Delete a secret: it counts no more. Tokens that were issued for it expire by themselves."`
}

type clientSecretsListCommand struct {
	Name string `arg:"" help:"The name of the service account."`
}

// Run lists the secrets of a service account, the oldest first.
func (cmd *clientSecretsListCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		account, err := serviceAccountNamed(t.ctx, a, cmd.Name)
		if err != nil {
			return err
		}
		secrets, err := a.ClientSecrets(t.ctx, users.AsOperator(), account.ID.String())
		if err != nil {
			return err
		}
		if len(secrets) == 0 {
			fmt.Fprintf(t.stdout, "The service account %s has no secrets\n", account.Name)
			return nil
		}
		w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tENDS IN\tCREATED\tEXPIRES\tLAST USED")
		for _, s := range secrets {
			expires, used := "never", "-"
			switch {
			case !s.Live(time.Now()):
				expires = "expired " + showTime(s.ExpiresAt)
			case !s.ExpiresAt.IsZero():
				expires = showTime(s.ExpiresAt)
			}
			if !s.UsedAt.IsZero() {
				used = showTime(s.UsedAt)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.ID, replaceUnprintable(s.LastFour), showTime(s.CreatedAt), expires, used)
		}
		return w.Flush()
	})
}

type clientSecretsCreateCommand struct {
	Name    string     `arg:"" help:"The name of the service account."`
	Expires *time.Time `xor:"life" placeholder:"TIME" help:"When it expires, such as 2027-01-31T12:00:00Z; by default in 90 days."`
	Never   bool       `xor:"life" help:"It does not expire; where CLIENT_SECRET_MAX_LIFE allows that."`
}

// Run makes a secret. What a program needs is on standard output, a line each.
func (cmd *clientSecretsCreateCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		account, err := serviceAccountNamed(t.ctx, a, cmd.Name)
		if err != nil {
			return err
		}
		made, err := a.CreateClientSecret(t.ctx, users.AsOperator(), account.ID.String(), users.NewClientSecret{
			Expires: users.Optional[*time.Time]{Set: cmd.Never || cmd.Expires != nil, To: cmd.Expires},
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(t.stdout, "Client id %s\nClient secret %s\n", account.ID, made.Text); err != nil {
			return fmt.Errorf("the secret %s was made, but could not be shown and is lost: %w", made.ID, err)
		}
		fmt.Fprintln(t.stderr, "This secret is shown once and kept nowhere.")
		return nil
	})
}

type clientSecretsDeleteCommand struct {
	Name string `arg:"" help:"The name of the service account."`
	ID   string `arg:"" help:"The id of the secret, as svc-users service-accounts secrets list shows it."`
}

// Run deletes a secret.
func (cmd *clientSecretsDeleteCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		account, err := serviceAccountNamed(t.ctx, a, cmd.Name)
		if err != nil {
			return err
		}
		err = a.DeleteClientSecret(t.ctx, users.AsOperator(), account.ID.String(), cmd.ID)
		if errors.Is(err, users.ErrNotFound) {
			return fmt.Errorf("the service account %s has no secret %q; svc-users service-accounts secrets list %s shows those it has", account.Name, cmd.ID, account.Name)
		}
		if err == nil {
			fmt.Fprintf(t.stdout, "Deleted a secret of %s: it counts no more\n", account.Name)
		}
		return err
	})
}
