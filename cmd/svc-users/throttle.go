package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/throttle"
)

type throttleCommand struct {
	List  throttleListCommand  `cmd:"" help:"List the budgets of attempts that are not full, those without an attempt left first. Changes nothing."`
	Clear throttleClearCommand `cmd:"" help:"Make budgets of attempts full, so that attempts are made again at once."`
}

// throttleFlags choose budgets.
type throttleFlags struct {
	Kind    string `placeholder:"KIND" help:"Only those of a kind: address, account, device, password, credential or new_account."`
	Subject string `placeholder:"SUBJECT" help:"Only those of an address, an IPv6 network, or an account: its e-mail or id."`
}

// query returns what the flags ask for. An e-mail is looked up; one of no account is an error, since what is counted of
// such shows no subject.
func (f throttleFlags) query(t *terminal, a *app.App) (throttle.Query, error) {
	q := throttle.Query{Kind: f.Kind, Subject: f.Subject}
	if strings.Contains(f.Subject, "@") {
		account, err := a.FindAccount(t.ctx, users.AsOperator(), f.Subject)
		if err != nil {
			return throttle.Query{}, err
		}
		q.Subject = account.ID.String()
	}
	return q, nil
}

type throttleListCommand struct {
	throttleFlags
	Blocked bool `help:"Only those without an attempt left."`
}

// Run lists budgets.
func (cmd *throttleListCommand) Run(t *terminal) error {
	return t.asOperator(func(a *app.App) error {
		q, err := cmd.query(t, a)
		if err != nil {
			return err
		}
		q.Blocked = cmd.Blocked
		list, err := a.Throttle.List(t.ctx, users.AsOperator(), q)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			fmt.Fprintln(t.stdout, "Nothing is throttled")
			return nil
		}
		w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tKIND\tSUBJECT\tFAILURES\tLIMIT\tBLOCKED UNTIL\tFULL AT")
		for _, b := range list {
			subject, blocked := "-", "-"
			if b.Subject != "" {
				subject = replaceUnprintable(b.Subject)
			}
			if !b.BlockedUntil.IsZero() {
				blocked = showTime(b.BlockedUntil)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", b.ID, replaceUnprintable(string(b.Kind)), subject, b.Failures, b.Rate.Burst, blocked, showTime(b.FullAt))
		}
		return w.Flush()
	})
}

type throttleClearCommand struct {
	throttleFlags
	All bool `help:"All there are."`

	ID string `arg:"" optional:"" help:"The id of one, as svc-users throttle list shows it."`
}

// Run makes budgets full.
func (cmd *throttleClearCommand) Run(t *terminal) error {
	chosen := cmd.throttleFlags != throttleFlags{}
	if (cmd.ID != "") == (chosen || cmd.All) || chosen && cmd.All {
		return errors.New("name what to clear: an id, or --kind and --subject, or --all")
	}
	return t.asOperator(func(a *app.App) error {
		if cmd.ID != "" {
			err := a.Throttle.Clear(t.ctx, users.AsOperator(), cmd.ID)
			if err == nil {
				fmt.Fprintln(t.stdout, "Cleared 1 throttle")
			}
			return err
		}
		q, err := cmd.query(t, a)
		if err != nil {
			return err
		}
		n, err := a.Throttle.ClearAll(t.ctx, users.AsOperator(), q)
		if err == nil {
			fmt.Fprintf(t.stdout, "Cleared %d throttles\n", n)
		}
		return err
	})
}
