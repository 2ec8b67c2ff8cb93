package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// tickInterval is how often a process looks whether the keys have changed, or whether it is time for another to sign.
	// Neither costs a query while the store is notified of changes. With the lease of the store (900 ms), which bounds how
	// old what it knows may be, a revocation counts within a second, also where no request comes by.
	tickInterval = 100 * time.Millisecond
	// reloadInterval is how often the keys are read although nothing has changed: for the clock of the database, which may
	// be another after a failover, and for what no stamp tells, such as a table that was restored alone.
	reloadInterval = time.Minute
	// retryInterval is how long to wait after keys could not be written.
	retryInterval = 5 * time.Second
)

// ErrImportFirst refuses to make the first key of a database whose tokens were signed with a key of the environment
// before: all of them would be refused.
var ErrImportFirst = errors.New("tokens were signed with JWT_PRIVATE_KEY before: set it again and run svc-users keys import, so that they stay valid; or run svc-users keys rotate --now to go on with a new key, which refuses them all")

// Start reads the keys, checks that each can be used, and makes the first if there are none. It returns an error that says
// what to do where the process must not serve: the private part of a key cannot be opened, the key of the environment was
// revoked, its id named another key before, or fresh is false and ErrImportFirst.
func (m *Manager) Start(ctx context.Context, fresh bool) error {
	if err := m.Load(ctx); err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	if m.Environment != nil {
		return m.noteEnvironment(ctx)
	}
	if k := m.known.Load(); len(k.keys) > 0 && k.plan(k.now(m.Now()), m.makes()).empty() {
		return nil // as at nearly every start
	}
	if err := m.change(ctx, m.itself(ctx), func(t *transaction) error {
		if fresh {
			return nil
		}
		return t.refuseFresh(ctx)
	}); err != nil {
		return err
	}
	return m.Load(ctx)
}

// refuseFresh is ErrImportFirst in a database without keys whose tokens were signed with a key of the environment.
func (t *transaction) refuseFresh(ctx context.Context) error {
	if len(t.keys) > 0 {
		return nil
	}
	named, err := t.HasNamedKeys(ctx)
	if err == nil && named {
		err = ErrImportFirst
	}
	return err
}

// itself begins transactions of the process itself.
func (m *Manager) itself(ctx context.Context) func(func(*users.Change) error) error {
	return func(fn func(*users.Change) error) error { return m.rules.ChangeByItself(ctx, fn) }
}

// check is an error if a key that may come to sign cannot be opened. It is that of the first: the others most often fail for
// the same reason, another encryption key.
func (m *Manager) check() error {
	k := m.known.Load()
	if m.Environment != nil && k.err != nil {
		return k.err
	}
	if m.Seals == nil {
		if m.Environment != nil {
			return nil
		}
		return errNoSeals
	}
	for _, r := range k.keys {
		if r.Sealed == "" || r.Revoked() {
			continue
		}
		if err := m.checkSigner(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) checkSigner(r Record) error {
	private, err := m.open(r)
	if err != nil {
		return err
	}
	pair := r.pair()
	pair.Private = private
	if err := m.Tokens.CheckSigner(pair); err != nil {
		return fmt.Errorf("the signing key %s of the database: %w", r.ID, err)
	}
	return nil
}

// noteEnvironment notes which key the id of the environment's names, and is an error if it has named another.
func (m *Manager) noteEnvironment(ctx context.Context) error {
	thumbprint, err := m.Tokens.Thumbprint(*m.Environment)
	if err != nil {
		return err
	}
	return m.change(ctx, m.itself(ctx), func(t *transaction) error { return t.name(ctx, m.Environment.ID, thumbprint) })
}

// name notes which key an id names.
func (t *transaction) name(ctx context.Context, id, thumbprint string) error {
	first, err := t.NameSigningKey(ctx, id, thumbprint)
	if err == nil && first != thumbprint {
		err = &NameTakenError{id}
	}
	return err
}

// NameTakenError refuses an id that has named another key before.
type NameTakenError struct{ ID string }

// Error says what to do.
func (e *NameTakenError) Error() string {
	return "JWT_KID " + e.ID + " has named another key before, and verifiers that remember that one would refuse every token: choose another JWT_KID, or leave it unset to name the key by its thumbprint"
}

// Run keeps the keys as they should be, until ctx ends: it puts to use what others have made or revoked, and makes those
// that are due.
func (m *Manager) Run(ctx context.Context) {
	var reading, writing failure
	for m.Wait(ctx, tickInterval) == nil {
		m.report(ctx, &reading, m.followOthers(ctx))
		if reading.err == nil && m.Now().Sub(writing.at) >= retryInterval {
			m.report(ctx, &writing, m.makeDue(ctx))
		}
	}
}

// failure is how something went the last time.
type failure struct {
	err error
	at  time.Time // of the last failure
}

// report notes how something went. Of failures in a row the first is observed.
func (m *Manager) report(ctx context.Context, f *failure, err error) {
	switch {
	case err == nil:
		*f = failure{}
		return
	case f.err == nil && ctx.Err() == nil:
		m.Observe(Observation{Err: err})
	}
	*f = failure{err, m.Now()}
}

// followOthers puts to use what others have written, and what follows from the time.
func (m *Manager) followOthers(ctx context.Context) error {
	k := m.known.Load()
	stamp, err := m.Store.KeyStamp(ctx)
	switch {
	case err != nil:
		return errors.Join(err, m.recompute(ctx))
	case stamp != k.stamp, m.Now().Sub(k.readAt) >= reloadInterval:
		return m.Load(ctx)
	}
	return m.recompute(ctx)
}

// makeDue writes what is due.
func (m *Manager) makeDue(ctx context.Context) error {
	k := m.known.Load()
	if k.plan(k.now(m.Now()), m.makes()).empty() {
		return nil
	}
	return m.change(ctx, m.itself(ctx), func(*transaction) error { return nil })
}
