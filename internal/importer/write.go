package importer

import (
	"context"
	"errors"

	users "github.com/svc-users/svc-users"
)

var errNoTx = errors.New("the store's transactions can't import")

// write decides on a batch and makes its accounts, in one transaction. In a dry run it only decides.
func (r *run) write(ctx context.Context, batch []*candidate) error {
	if !needsWrite(batch) || r.options.DryRun {
		return r.decideAlone(ctx, batch)
	}
	var made []users.RoleName
	var factors int
	err := r.Service.Change(ctx, r.caller, users.AccountsCreate, func(change *users.Change) error {
		tx, ok := change.Tx.(Tx)
		if !ok {
			return errNoTx
		}
		if err := r.findExisting(ctx, tx, batch); err != nil {
			return err
		}
		d := &deciding{roles: roles{run: r, tx: change, graph: change.Caller.Graph(), found: map[string]foundRole{}}, store: tx}
		if err := d.decide(ctx, batch); err != nil {
			return err
		}
		accounts, kept, err := r.build(batch, d, change)
		if err != nil || len(accounts) == 0 {
			return err
		}
		// A role that was created above is not in the graph of the caller that the change began with.
		if len(d.made) > 0 {
			if change.Caller, err = r.reloaded(ctx, change); err != nil {
				return err
			}
		}
		if err := change.AddAccounts(ctx, accounts); err != nil {
			return err
		}
		if err := tx.InsertFactors(ctx, kept); err != nil {
			return err
		}
		change.Record(users.Event{Kind: users.AccountsImported, Target: users.Target{Kind: users.TargetSystem}})
		made, factors = d.made, len(kept)
		return nil
	})
	if err != nil {
		return err
	}
	r.summary.Roles = append(r.summary.Roles, made...)
	r.summary.Factors += factors
	return nil
}

// reloaded is the caller of a change with the graph as it is by now.
func (r *run) reloaded(ctx context.Context, change *users.Change) (users.Caller, error) {
	return change.Service().Fresh(ctx, change.Caller.Stale())
}

// needsWrite reports whether a batch may have accounts to make.
func needsWrite(batch []*candidate) bool {
	for _, c := range batch {
		if c.usable() && c.existing == nil {
			return true
		}
	}
	return false
}

// decideAlone decides on a batch without a transaction.
func (r *run) decideAlone(ctx context.Context, batch []*candidate) error {
	caller, err := r.current(ctx, r.caller)
	if err != nil {
		return err
	}
	d := &deciding{roles: roles{run: r, graph: caller.Graph(), found: map[string]foundRole{}}, store: r.Store}
	if err := d.decide(ctx, batch); err != nil {
		return err
	}
	r.summary.Roles = append(r.summary.Roles, d.made...)
	for _, c := range batch {
		if c.decision.outcome == Created && !r.options.WithoutTOTP {
			r.summary.Factors += len(c.TOTP)
		}
	}
	return nil
}

// build returns the accounts that a batch makes, and their second factors.
func (r *run) build(batch []*candidate, d *deciding, change *users.Change) ([]users.ImportedAccount, []Factor, error) {
	var accounts []users.ImportedAccount
	var factors []Factor
	for _, c := range batch {
		if c.decision.outcome != Created {
			continue
		}
		if c.decision.id.IsZero() {
			c.decision.id = r.Service.NewID()
		}
		a := users.ImportedAccount{Account: users.Account{
			ID: c.decision.id, Email: c.email, Role: d.found[c.role.Key()].role, Active: !c.Disabled, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
		}, Hash: c.hash}
		if a.CreatedAt.IsZero() {
			a.CreatedAt = change.Now
		}
		if a.UpdatedAt.IsZero() {
			a.UpdatedAt = a.CreatedAt
		}
		accounts = append(accounts, a)
		kept, err := r.sealFactors(c, change.Now)
		if err != nil {
			return nil, nil, err
		}
		factors = append(factors, kept...)
	}
	return accounts, factors, nil
}
