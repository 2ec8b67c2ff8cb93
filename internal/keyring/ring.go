package keyring

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// MaxClockAhead is how far the clock of the machine and the database's may differ without an observation.
	MaxClockAhead = 5 * time.Second
	// refreshPause is the least time between two reads of the keys for tokens with an unknown key id. A client needs no
	// right to send such tokens, so all of them together cost no more than this.
	refreshPause = 250 * time.Millisecond
	// signerRetry is when asking again makes sense while there is no key to sign with.
	signerRetry = 2 * time.Second
)

// Ring is the keys of one process: those of the environment and those of the database, as of the last time that it read
// them. It puts them to use, and tells whether a key still counts. It is safe for concurrent use.
type Ring struct {
	Ports
	known atomic.Pointer[knowledge]
	reads reads
	// refreshing is held by the one call of Refresh that waits for the pause to be over.
	refreshing chan struct{}
	used       use // what was put to use last, written with the turn of reads
}

var _ users.Keyring = (*Ring)(nil)

// knowledge is what a ring knows. It never changes.
type knowledge struct {
	chain
	stamp  string
	ahead  time.Duration   // how far the database's clock is ahead of the machine's
	readAt time.Time       // by the machine
	ids    map[string]bool // of the keys whose tokens are accepted
	err    error           // why there is no key to sign with
}

// now is the time by the clock of the database, as far as a process can tell.
func (k *knowledge) now(machine time.Time) time.Time { return machine.Add(k.ahead) }

// NewRing returns a ring that knows no keys yet; see Load.
func NewRing(p Ports) *Ring {
	if p.Observe == nil {
		p.Observe = func(Observation) {}
	}
	return &Ring{Ports: p, reads: reads{turn: make(chan struct{}, 1)}, refreshing: make(chan struct{}, 1)}
}

// Accepts implements users.Keyring. Where the keys have another stamp than when they were read last, they are read again
// first, and are then at least as new as the stamp.
func (r *Ring) Accepts(ctx context.Context, key, stamp string) (bool, error) {
	k, err := r.knownAt(ctx, stamp)
	if err != nil {
		return false, err
	}
	return k.ids[key], nil
}

// AcceptedKeys returns the ids of the keys whose tokens are accepted, sorted, in the state that a stamp is of or in a later
// one. They are in use already, and one that signs is among them, unless there is a newer one by the time that it is asked to.
func (r *Ring) AcceptedKeys(ctx context.Context, stamp string) ([]string, error) {
	k, err := r.knownAt(ctx, stamp)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(k.ids)), nil
}

// knownAt returns what is known in the state that a stamp is of, or in a later one, for which the keys are read if need be.
func (r *Ring) knownAt(ctx context.Context, stamp string) (*knowledge, error) {
	if k := r.known.Load(); k != nil && k.stamp == stamp {
		return k, nil
	}
	if err := r.Load(ctx); err != nil {
		return nil, err
	}
	return r.known.Load(), nil
}

// Refresh implements users.Keyring.
func (r *Ring) Refresh(ctx context.Context) error {
	begun, _ := r.reads.count()
	if err := acquire(ctx, r.refreshing); err != nil {
		return err
	}
	defer func() { <-r.refreshing }()
	if now, last := r.reads.count(); now == begun {
		if err := r.Wait(ctx, refreshPause-r.Now().Sub(last)); err != nil {
			return err
		}
	}
	return r.loadSince(ctx, begun)
}

// Load reads the keys and puts them to use, as they are after the call. Calls at the same time share a read.
func (r *Ring) Load(ctx context.Context) error {
	begun, _ := r.reads.count()
	return r.loadSince(ctx, begun)
}

// loadSince reads the keys, unless another call has begun to since so many reads had begun.
func (r *Ring) loadSince(ctx context.Context, begun int64) error {
	if err := acquire(ctx, r.reads.turn); err != nil {
		return err
	}
	defer func() { <-r.reads.turn }()
	if now, _ := r.reads.count(); now > begun {
		return r.reads.err
	}
	r.reads.begin(r.Now())
	r.reads.err = r.read(context.WithoutCancel(ctx)) // shared, so it must not end with the request that happened to begin it
	return r.reads.err
}

// read reads the keys and puts them to use. The caller has the turn.
func (r *Ring) read(ctx context.Context) error {
	before := r.Now()
	found, err := r.Store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	took := r.Now().Sub(before)
	ahead := found.Now.Sub(before.Add(took / 2))
	if ahead.Abs() > MaxClockAhead+took {
		r.Observe(Observation{ClockAhead: -ahead})
	}
	return r.apply(&knowledge{
		chain: newChain(r.Policy, r.usable(found.Keys)), stamp: found.Stamp, ahead: ahead, readAt: before.Add(took),
	})
}

// usable leaves out keys that can be no keys, which only SQL by hand could leave.
func (r *Ring) usable(keys []Record) []Record {
	return slices.DeleteFunc(keys, func(k Record) bool {
		_, err := r.Tokens.Thumbprint(k.pair())
		if err != nil {
			r.Observe(Observation{Err: fmt.Errorf("the signing key %s of the database is left out: %w", k.ID, err)})
		}
		return err != nil
	})
}

// recompute puts to use what follows from the time alone: another key signs, or one has left.
func (r *Ring) recompute(ctx context.Context) error {
	if err := acquire(ctx, r.reads.turn); err != nil {
		return err
	}
	defer func() { <-r.reads.turn }()
	k := *r.known.Load()
	return r.apply(&k)
}

// apply puts keys to use, and only then lets the ring know them: when a stamp is known, no key is still in use that is
// refused at it. The caller has the turn.
func (r *Ring) apply(k *knowledge) error {
	next := r.use(k)
	if !next.same(r.used) || r.known.Load() == nil {
		if err := r.Tokens.Use(next.signing, next.others); err != nil {
			return fmt.Errorf("put the signing keys to use: %w", err)
		}
		if id := next.signingID(); id != "" && id != r.used.signingID() {
			r.Observe(Observation{Signing: id})
		}
		r.used = next
	}
	k.ids, k.err = next.ids(), next.err
	r.known.Store(k)
	return nil
}

// Ready returns nil if there is a key to sign with, else ErrUnavailable.
func (r *Ring) Ready() error {
	err := errors.New("the keys have not been read")
	if k := r.known.Load(); k != nil {
		err = k.err
	}
	if err != nil {
		return users.Unavailable("There is no key to sign with.", signerRetry, err)
	}
	return nil
}

// reads orders the reads of the keys.
type reads struct {
	turn chan struct{} // held by the one goroutine that reads keys or puts them to use
	err  error         // of the last read; belongs to the turn

	mu    sync.Mutex
	begun int64     // how many have begun
	last  time.Time // when the last one began
}

// count returns how many reads have begun, and when the last of them did.
func (r *reads) count() (begun int64, last time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun, r.last
}

func (r *reads) begin(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun, r.last = r.begun+1, now
}

// acquire takes what one goroutine holds at a time. Its holder gives it back by receiving from it.
func acquire(ctx context.Context, held chan struct{}) error {
	select {
	case held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
