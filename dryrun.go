package users

import (
	"context"
	"errors"
)

// DryRun returns what do would change of what accounts may do, and changes nothing: do gets a Service that does all
// that this one does, every check and refusal included, in a transaction that is then not committed. Errors are
// those of do.
func (s *Service) DryRun(ctx context.Context, do func(*Service) error) (Impact, error) {
	dry := &dryRunStore{Store: s.Store}
	ports := s.Ports
	// What is rolled back is recorded nowhere else.
	ports.Store, ports.Passwords, ports.Recorders = dry, noHash{}, []Recorder{dry}
	if err := do(New(ports)); err != nil {
		return Impact{}, err
	}
	return dry.impact, nil
}

// errRollback ends a transaction that is not to be committed.
var errRollback = errors.New("the end of a dry run")

// dryRunStore is a Store whose transactions change nothing, and the Recorder of the events from which it tells what they
// would have changed.
type dryRunStore struct {
	Store
	events []Event // of the transaction that runs
	impact Impact  // of the last one that was rolled back
}

// Record implements Recorder.
func (d *dryRunStore) Record(_ context.Context, _ any, events []Event) error {
	d.events = events
	return nil
}

// InTx implements Store. Where fn is run again, what counts is its last run.
func (d *dryRunStore) InTx(ctx context.Context, fn func(tx Tx) error) error {
	err := d.Store.InTx(ctx, func(tx Tx) error {
		before, err := tx.Graph(ctx)
		if err != nil {
			return err
		}
		d.events = nil
		if err := fn(tx); err != nil {
			return err
		}
		if d.impact, err = impactOf(ctx, tx, before, d.events); err != nil {
			return err
		}
		return errRollback
	})
	if errors.Is(err, errRollback) {
		return nil
	}
	return err
}

// InRowTx implements Store: what it does is undone. It changes no rights, so it has no impact.
func (d *dryRunStore) InRowTx(ctx context.Context, fn func(tx RowTx) error) error {
	err := d.Store.InRowTx(ctx, func(tx RowTx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errRollback
	})
	if errors.Is(err, errRollback) {
		return nil
	}
	return err
}

// noHash are the Passwords of a dry run: what is not kept need not be hashed.
type noHash struct{}

func (noHash) Hash(context.Context, Purpose, Password) (PasswordHash, error) { return "", nil }

func (noHash) Check(context.Context, Purpose, func() error, PasswordHash, Password) (PasswordCheck, error) {
	return PasswordCheck{}, nil
}
