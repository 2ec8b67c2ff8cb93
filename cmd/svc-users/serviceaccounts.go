package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
)

type serviceAccountsCommand struct {
	List   serviceAccountsListCommand   `cmd:"" help:"List the service accounts, by name. Changes nothing."`
	Create serviceAccountsCreateCommand `cmd:"" help:"Make a service account."`
	Update serviceAccountsUpdateCommand `cmd:"" help:"Change a service account: its name, role, description or state."`
	Delete serviceAccountsDeleteCommand `cmd:"" help:"Delete a service account. Its tokens are dead at once."`

	Secrets clientSecretsCommand `cmd:"" help:"Manage the secrets that service accounts get their tokens with."`
	Keys    clientKeysCommand    `cmd:"" help:"Manage the public keys whose private keys service accounts sign assertions with."`
	Trusts  clientTrustsCommand  `cmd:"" help:"Manage the issuers whose assertions service accounts authenticate with."`
}

// asOperator calls do with the database of the settings, which must exist and be up to date, where the operator acts as
// Admin.
func (t *terminal) asOperator(do func(*app.App) error) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	if err := t.checkDatabase(cfg); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	c := app.FromSettings(cfg)
	c.Operator = true
	a := app.New(c)
	if err := a.OpenExisting(t.ctx); err != nil {
		return err
	}
	return errors.Join(nameFaults(do(a)), a.Close())
}

type serviceAccountsListCommand struct{}

// Run lists service accounts, a page at a time.
func (serviceAccountsListCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
		paging := users.Paging{Order: users.Order{ByText: true}, Size: 100}
		for {
			page, err := a.ServiceAccounts(t.ctx, users.AsOperator(), users.ServiceAccountFilter{}, paging)
			if err != nil {
				return err
			}
			if paging.After == nil && len(page.Items) == 0 {
				fmt.Fprintln(t.stdout, "There are no service accounts")
				return nil
			}
			if paging.After == nil {
				fmt.Fprintln(w, "NAME\tID\tROLE\tACTIVE\tDESCRIPTION")
			}
			for _, s := range page.Items {
				description := ""
				if s.Description != nil {
					description = replaceUnprintable(*s.Description)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%t\t%s\n", s.Name, s.ID, replaceUnprintable(string(s.Role.Name)), s.Active, description)
			}
			if paging.After = page.Next; page.Next == nil {
				return w.Flush()
			}
		}
	})
}

type serviceAccountsCreateCommand struct {
	Name        string  `arg:"" help:"Its name: a-z, 0-9, -, . and _."`
	Role        string  `required:"" placeholder:"NAME" help:"The name of its role."`
	Description *string `placeholder:"TEXT" help:"What the program does."`
}

// Run makes a service account, which has no owner.
func (cmd *serviceAccountsCreateCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		role, err := roleNamed(t.ctx, a, cmd.Role)
		if err != nil {
			return err
		}
		made, err := a.CreateServiceAccount(t.ctx, users.AsOperator(), users.NewServiceAccount{
			Name: cmd.Name, Description: cmd.Description, RoleID: role.ID.String(),
		})
		if err == nil {
			fmt.Fprintf(t.stdout, "Made service account %s, client id %s\n", made.Name, made.ID)
		}
		return err
	})
}

type serviceAccountsUpdateCommand struct {
	Name        string  `arg:"" help:"Its name."`
	Rename      *string `placeholder:"NAME" help:"Give it another name."`
	Role        *string `placeholder:"NAME" help:"Give it the role of this name."`
	Description *string `placeholder:"TEXT" help:"Describe it otherwise; empty takes the description away."`
	Disable     bool    `xor:"state" help:"Disable it: its tokens are dead at once, and for good."`
	Enable      bool    `xor:"state" help:"Enable it again."`
}

// Run changes a service account.
func (cmd *serviceAccountsUpdateCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		before, err := serviceAccountNamed(t.ctx, a, cmd.Name)
		if err != nil {
			return err
		}
		patch := users.ServiceAccountPatch{Name: cmd.Rename}
		if cmd.Role != nil {
			role, err := roleNamed(t.ctx, a, *cmd.Role)
			if err != nil {
				return err
			}
			patch.RoleID = new(role.ID.String())
		}
		if cmd.Description != nil {
			patch.Description.Set = true
			if *cmd.Description != "" {
				patch.Description.To = cmd.Description
			}
		}
		if cmd.Disable || cmd.Enable {
			patch.Active = new(cmd.Enable)
		}
		after, err := a.UpdateServiceAccount(t.ctx, users.AsOperator(), before.ID.String(), patch)
		switch {
		case err != nil:
		case after.UpdatedAt.Equal(before.UpdatedAt):
			fmt.Fprintf(t.stdout, "Service account %s is so already\n", after.Name)
		default:
			fmt.Fprintf(t.stdout, "Changed service account %s\n", after.Name)
		}
		return err
	})
}

type serviceAccountsDeleteCommand struct {
	Name string `arg:"" help:"Its name."`
}

// Run deletes a service account.
func (cmd *serviceAccountsDeleteCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		found, err := serviceAccountNamed(t.ctx, a, cmd.Name)
		if err != nil {
			return err
		}
		if err := a.DeleteServiceAccount(t.ctx, users.AsOperator(), found.ID.String()); err != nil {
			return err
		}
		fmt.Fprintf(t.stdout, "Deleted service account %s\n", found.Name)
		return nil
	})
}

// roleNamed finds a role by its name.
func roleNamed(ctx context.Context, a *app.App, name string) (users.Role, error) {
	graph, err := a.Store.Graph(ctx)
	if err != nil {
		return users.Role{}, err
	}
	role, ok := graph.RoleByName(users.RoleName(name))
	if !ok {
		return users.Role{}, fmt.Errorf("--role: there is no role %q", name)
	}
	return role, nil
}

// serviceAccountNamed finds a service account by its name.
func serviceAccountNamed(ctx context.Context, a *app.App, name string) (users.ServiceAccount, error) {
	missing := fmt.Errorf("there is no service account %q; svc-users service-accounts list shows those there are", name)
	parsed, err := users.ParseAccountName(name)
	if err != nil {
		return users.ServiceAccount{}, missing
	}
	page, err := a.ServiceAccounts(ctx, users.AsOperator(), users.ServiceAccountFilter{Name: parsed}, users.Paging{Size: 1})
	if err != nil {
		return users.ServiceAccount{}, err
	}
	if len(page.Items) == 0 {
		return users.ServiceAccount{}, missing
	}
	return page.Items[0], nil
}
