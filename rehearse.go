package users

import (
	"context"
	"errors"
)

// DryRun returns what do would change of what accounts may do, and changes nothing: do gets a Service that does all
// that this one does, every check and refusal included, in a transaction that is then not committed. Errors are
// those of do.
func (s *Service) DryRun(ctx context.Context, do func(*Service) error) (Impact, error) {
	stage := &rehearsal{Store: s.Store}
	ports := s.Ports
	ports.Store, ports.Passwords = stage, unhashed{}
	if err := do(New(ports)); err != nil {
		return Impact{}, err
	}
	return stage.impact, nil
}

// errCurtain ends a transaction that is not to be committed.
var errCurtain = errors.New("the end of a dry run")

// rehearsal is a Store whose transactions change nothing.
type rehearsal struct {
	Store
	impact Impact
}

// InTx implements Store. Where fn is run again, what counts is its last run.
func (r *rehearsal) InTx(ctx context.Context, fn func(tx Tx) error) error {
	err := r.Store.InTx(ctx, func(tx Tx) error {
		before, err := tx.Graph(ctx)
		if err != nil {
			return err
		}
		watched := &watchedTx{Tx: tx}
		if err := fn(watched); err != nil {
			return err
		}
		if r.impact, err = watched.impact(ctx, before); err != nil {
			return err
		}
		return errCurtain
	})
	if errors.Is(err, errCurtain) {
		return nil
	}
	return err
}

// InRowTx implements Store: what it does is undone.
func (r *rehearsal) InRowTx(ctx context.Context, fn func(tx RowTx) error) error {
	err := r.Store.InRowTx(ctx, func(tx RowTx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errCurtain
	})
	if errors.Is(err, errCurtain) {
		return nil
	}
	return err
}

// watchedTx notes which account it changes.
type watchedTx struct {
	Tx
	was, is *Account
}

// UpdateAccount implements AccountWriter.
func (w *watchedTx) UpdateAccount(ctx context.Context, a Account) error {
	was, err := w.Account(ctx, a.ID)
	if err != nil {
		return err
	}
	w.was, w.is = &was, &a
	return w.Tx.UpdateAccount(ctx, a)
}

func (w *watchedTx) impact(ctx context.Context, before *Graph) (Impact, error) {
	after, err := w.Graph(ctx)
	if err != nil {
		return Impact{}, err
	}
	impact := Impact{Roles: compareGraphs(before, after)}
	active := true
	for i := range impact.Roles {
		role := &impact.Roles[i]
		if role.Accounts, err = w.CountAccounts(ctx, AccountFilter{RoleID: role.Role.ID, Active: &active}, 0); err != nil {
			return Impact{}, err
		}
		impact.Accounts += role.Accounts
	}
	if w.is == nil {
		return impact, nil
	}
	gains, loses := compareNames(before.held(*w.was), after.held(*w.is))
	if len(gains)+len(loses) > 0 {
		impact.Accounts++
	}
	if len(gains)+len(loses) > 0 || w.was.Role.ID != w.is.Role.ID {
		impact.Account = &AccountImpact{ID: w.is.ID, Gains: gains, Loses: loses}
	}
	return impact, nil
}

// held lists what an account may do.
func (g *Graph) held(a Account) []PermissionName {
	if !a.Active {
		return nil
	}
	return g.Effective(a.Role.ID)
}

// unhashed are the Passwords of a dry run: what is not kept need not be hashed.
type unhashed struct{}

func (unhashed) Hash(context.Context, Purpose, Password) (PasswordHash, error) { return "", nil }

func (unhashed) Check(context.Context, Purpose, PasswordHash, Password) (PasswordCheck, error) {
	return PasswordCheck{}, nil
}
