package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	users "github.com/svc-users/svc-users"
)

// Manager makes keys as they become due, and does with keys what callers ask for.
type Manager struct {
	*Ring
	rules *users.Service
}

// NewManager returns a Manager of a ring. rules runs its transactions.
func NewManager(r *Ring, rules *users.Service) *Manager { return &Manager{r, rules} }

// change runs fn in a transaction, with the keys as they are there, and writes what has to follow from what fn has
// written. run begins the transaction. The keys are read again afterwards, so that the process obeys what it has done.
func (m *Manager) change(ctx context.Context, run func(func(*users.Change) error) error, fn func(*transaction) error) error {
	var made []sealedPair
	for {
		err := run(func(tx *users.Change) error {
			t, err := m.begin(ctx, tx)
			if err != nil {
				return err
			}
			t.made = made
			if err := fn(t); err != nil {
				return err
			}
			return t.follow(ctx)
		})
		var missing *missingPairs
		if !errors.As(err, &missing) {
			if err == nil {
				_ = m.Load(ctx) // if it fails: the stamp is another now, so the keys are read again before they are believed
			}
			return err
		}
		// A key takes long to make, and transactions run one at a time: so it is made outside.
		for len(made) < missing.wanted {
			one, err := m.generate()
			if err != nil {
				return err
			}
			made = append(made, one)
		}
	}
}

// sealedPair is a key that was made, as the database is to keep it.
type sealedPair struct {
	Pair
	sealed     string
	thumbprint string
}

func (m *Manager) generate() (sealedPair, error) {
	pair, err := m.Tokens.Generate()
	if err != nil {
		return sealedPair{}, err
	}
	return m.seal(pair)
}

func (m *Manager) seal(pair Pair) (sealedPair, error) {
	if m.Seals == nil {
		return sealedPair{}, errNoSeals
	}
	thumbprint, err := m.Tokens.Thumbprint(pair)
	if err != nil {
		return sealedPair{}, err
	}
	sealed, err := m.Seals.Seal(Purpose, pair.ID, pair.Private)
	pair.Private = nil
	return sealedPair{pair, sealed, thumbprint}, err
}

// missingPairs ends a transaction that needs more keys than were made for it.
type missingPairs struct{ wanted int }

func (e *missingPairs) Error() string { return fmt.Sprintf("%d keys are needed", e.wanted) }

// transaction is a transaction on the keys.
type transaction struct {
	chain
	Tx
	change *users.Change
	now    time.Time // by the clock of the database
	makes  bool      // keys that are missing are made
	made   []sealedPair
	taken  int // how many of those are inserted
}

func (m *Manager) begin(ctx context.Context, change *users.Change) (*transaction, error) {
	tx, ok := change.Tx.(Tx)
	if !ok {
		return nil, fmt.Errorf("a %T has no signing keys", change.Tx)
	}
	found, err := tx.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	return &transaction{
		chain: newChain(m.Policy, found.Keys), Tx: tx, change: change, now: found.Now, makes: m.makes(),
	}, nil
}

// makes reports whether this process makes keys. A command without ENCRYPTION_KEY leaves that to the replicas.
func (m *Manager) makes() bool { return m.Environment == nil && m.Seals != nil }

// insert inserts a key.
func (t *transaction) insert(ctx context.Context, r Record, pair sealedPair) error {
	r.ID, r.Algorithm, r.Public, r.Sealed = pair.ID, pair.Algorithm, pair.Public, pair.sealed
	switch inserted, err := t.InsertSigningKey(ctx, r); {
	case err != nil:
		return err
	case !inserted:
		return fmt.Errorf("the slot %d or the id %s of a new signing key is taken", r.Slot, r.ID)
	}
	t.chain = t.with(r)
	t.change.Record(users.SigningKeyCreated(r.ID, r.Algorithm, r.SignsFrom))
	return nil
}

// update writes another state of keys.
func (t *transaction) update(ctx context.Context, records ...Record) error {
	for _, r := range records {
		before := t.bySlot(r.Slot)
		if err := t.UpdateSigningKey(ctx, r); err != nil {
			return err
		}
		switch {
		case r.Revoked() && !before.Revoked():
			t.change.Record(users.SigningKeyRevoked(r.ID))
		case !r.SignsFrom.Equal(before.SignsFrom):
			t.change.Record(users.SigningKeyRescheduled(r.ID, before.SignsFrom, r.SignsFrom))
		}
		t.chain = t.with(r)
	}
	return nil
}

// follow writes what has to follow from the keys as they are now.
func (t *transaction) follow(ctx context.Context) error {
	p := t.plan(t.now, t.makes)
	if wanted := t.taken + len(p.insert); wanted > len(t.made) {
		return &missingPairs{wanted}
	}
	for _, r := range p.insert {
		if err := t.insert(ctx, r, t.made[t.taken]); err != nil {
			return err
		}
		t.taken++
	}
	if err := t.update(ctx, p.update...); err != nil {
		return err
	}
	for _, slot := range p.remove {
		if err := t.DeleteSigningKey(ctx, slot); err != nil {
			return err
		}
		t.change.Record(users.SigningKeyDeleted(t.bySlot(slot).ID))
	}
	return nil
}
