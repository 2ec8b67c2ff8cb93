// Package password hashes passwords and compares them, on a bounded number of workers.
//
// A password of at most 72 bytes is kept as plain bcrypt, any longer one in the bcrypt-sha256 format that
// passlib publishes, because bcrypt itself reads no more than 72 bytes. Hashes of both kinds that Python
// wrote are understood. With Options.Argon2 new hashes are argon2id instead. Hashes of other systems, which an import has
// kept in the forms of package foreignhash, are compared as they are and reported as outdated, so that a login replaces
// them.
//
//	h := password.New(password.Options{Cost: 12})
//	defer h.Close()
//	stored, err := h.Hash(ctx, users.PurposeNewAccount, chosen)
//	check, err := h.Check(ctx, users.PurposeLogin, nil, stored, presented)
//
// Every comparison costs the same work whether the hash was there or not, readable or not, matched or not, so that its
// time does not show which accounts exist. The exception is a stored bcrypt hash with a higher cost than Options.Cost, until
// its owner logs in and it is replaced. Once a hash of another system was compared that is dearer than ours, every refusal
// takes as long as it did, for a day. Hashing with bcrypt uses only the processor time that requests leave: its workers
// are threads of a low priority. Under a quota they pause in time, and a hash that would have to wait longer than
// Options.MaxWait is refused with a Retry-After. The pool of workers is package workpool.
package password

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/workpool"
)

// Costs are powers of two: one more doubles the work.
const (
	// MinCost is the lowest cost of bcrypt.
	MinCost = 4
	// MaxCost bounds what is made and what is read. A stored hash may come from elsewhere, and one of cost 31
	// would keep a worker busy for more than a day.
	MaxCost = 16
	// DefaultCost takes about a quarter of a second on the processors of 2025.
	DefaultCost = 12
)

// DefaultMaxWait serves a burst instead of refusing it: 32 people who log in at once, as a class or a shift does, take two
// processors about four seconds at DefaultCost, which people wait for and a refusal would not spare them.
const DefaultMaxWait = 5 * time.Second

// Options configure the cost of a hash, the workers and the queue. The zero value of each field is its default.
type Options struct {
	// Cost is that of new hashes, MinCost to MaxCost; DefaultCost if zero. Unused with Argon2.
	Cost int
	// Argon2, if not nil, has new hashes made with argon2id and these parameters.
	Argon2 *foreignhash.Argon2
	// Memory bounds, in bytes, what hashes of argon2 and scrypt use at a time, beside what the garbage collector has not yet
	// taken back. With Argon2 there are no more workers than it has room for, but at least one. A hash of another system
	// that needs more counts as unreadable. If zero or less, it is enough for every hash and worker.
	Memory int64
	// Workers is how many hashes are computed at a time. If zero or less, as many as Go runs threads on, and under a
	// quota no more than can make use of it.
	Workers int
	// MaxWait is the longest time that a hash is expected to wait for a worker; a caller that would wait longer is
	// refused. DefaultMaxWait if zero or less.
	MaxWait time.Duration
	// Quota is how many processors' time the process may use before the kernel stops it; zero or less if there is no
	// such bound.
	Quota float64
	// Busy, if not nil, is called with the number of workers before the first hash, with 0 when there has been none
	// for two seconds, and so on; never by a worker, and never twice at a time.
	Busy func(workers int)
}

// classes are those of the pool, by users.Purpose. The refusal of an upgrade is never shown: the login goes on without it.
var classes = []workpool.ClassOptions{
	users.PurposeLogin:      {Refusal: "Too many logins at once; try again shortly."},
	users.PurposeUpgrade:    {Refusal: "Too many logins at once; try again shortly.", IdleOnly: true},
	users.PurposeNewAccount: {Refusal: "Too many accounts are being made at once; try again shortly."},
	users.PurposeChange:     {Refusal: "Too many passwords are being changed at once; try again shortly."},
}

// workers is how many there are to be.
func (o Options) workers() int {
	if o.Argon2 == nil || o.Memory <= 0 {
		return o.processors()
	}
	return max(1, min(o.processors(), int(o.Memory/ownMemory(o.Argon2))))
}

func (o Options) processors() int {
	switch {
	case o.Workers > 0:
		return o.Workers
	case o.Quota > 0:
		return int(math.Ceil(hashShare * o.Quota))
	default:
		return runtime.GOMAXPROCS(0)
	}
}

// speed is the part of its time that a worker hashes in; the rest it pauses.
func (o Options) speed() float64 {
	if o.Quota <= 0 {
		return 1
	}
	return min(1, hashShare*o.Quota/float64(o.workers()))
}

// Hasher is the users.Passwords of this service. Make it with New, end it with Close.
type Hasher struct {
	cost   int
	argon2 *foreignhash.Argon2 // nil if new hashes are bcrypt
	bcrypt bcryptFunc
	rest   func() // pauses where it is time to
	// dummy is compared with where there is no hash, so that an unknown account takes the same time.
	dummy  target
	memory *semaphore.Weighted  // bytes of argon2 and scrypt
	budget int64                // of memory
	clock  func() time.Duration // processor time of the calling worker
	work   work
	pool   *workpool.Pool
}

var _ users.Passwords = (*Hasher)(nil)

// New starts the workers. It panics if Cost is neither zero nor from MinCost to MaxCost, or if Argon2 is out of bounds: to
// hash at another cost than the one asked for would be worse than not to start. It takes a few milliseconds, or two hashes
// of argon2id, to learn how fast this machine is.
func New(o Options) *Hasher {
	if o.Quota <= 0 {
		return newHasher(o, bcrypt, func() {})
	}
	t := newThrottle(hashShare*o.Quota, o.workers(), processTime)
	return newHasher(o, func(key []byte, salt [saltSize]byte, rounds int) [digestSize]byte {
		return restingBcrypt(key, salt, rounds, t.rest)
	}, t.rest)
}

func newHasher(o Options, f bcryptFunc, rest func()) *Hasher {
	if o.Cost == 0 {
		o.Cost = DefaultCost
	}
	if o.Cost < MinCost || o.Cost > MaxCost {
		panic(fmt.Sprintf("password: cost %d is outside %d…%d", o.Cost, MinCost, MaxCost))
	}
	if o.MaxWait <= 0 {
		o.MaxWait = DefaultMaxWait
	}
	if o.Busy == nil {
		o.Busy = func(int) {}
	}
	h := &Hasher{cost: o.Cost, argon2: o.Argon2, bcrypt: f, rest: rest, dummy: target{bcrypt: newStored(plain, o.Cost)}, clock: workerTime}
	round := measureRound(f)
	h.work.round, h.work.seen = float64(round), map[string]seenHash{}
	full := round << o.Cost
	if o.Argon2 != nil {
		dummy := o.Argon2.New()
		h.dummy = target{foreign: &dummy}
		full = measureHash(dummy)
		h.work.own = full
	}
	start := lowerPriority
	if o.Argon2 != nil {
		// argon2 runs on goroutines of its own and so with the priority of the process. What tops other hashes up to it must
		// not run with another.
		start = runtime.LockOSThread
	}
	h.budget = o.memory()
	h.memory = semaphore.NewWeighted(h.budget)
	h.pool = workpool.New(workpool.Options{
		Workers: o.workers(), MaxWait: o.MaxWait, ServiceTime: max(time.Duration(float64(full)/o.speed()), time.Microsecond),
		Classes: classes, Start: start, OnBusy: o.Busy,
	})
	return h
}

// memory is how many bytes all workers together use at most for hashes of argon2 and scrypt.
func (o Options) memory() int64 {
	own := int64(0)
	if o.Argon2 != nil {
		own = int64(o.workers()) * ownMemory(o.Argon2)
	}
	if o.Memory > 0 {
		return max(o.Memory, own)
	}
	return max(foreignhash.MaxMemory, own)
}

// ownMemory is what one hash of our own takes, in bytes.
func ownMemory(p *foreignhash.Argon2) int64 { return int64(p.MemoryKiB) << 10 }

// Workers is how many hashes are computed at a time.
func (h *Hasher) Workers() int { return h.pool.Workers }

// Close refuses new work, tells the callers whose refusal is delayed, waits until what was taken on is done, and ends the
// workers.
// It may be called more than once.
func (h *Hasher) Close() { h.pool.Close() }

// measureRound is how long a round of bcrypt takes, from hashes of the least cost, which take about a millisecond each: a
// real one would make the service start a quarter of a second later. The quickest of three is the one least disturbed.
func measureRound(f bcryptFunc) time.Duration {
	quickest := time.Duration(1<<63 - 1)
	for range 3 {
		start := time.Now()
		f([]byte{0}, [saltSize]byte{}, rounds(MinCost))
		quickest = min(quickest, time.Since(start))
	}
	return max(quickest/time.Duration(rounds(MinCost)), 1)
}

// measureHash is how long a hash takes that is not bcrypt: the quicker of two, the first of which finds cold caches.
func measureHash(h foreignhash.Hash) time.Duration {
	quickest := time.Duration(1<<63 - 1)
	for range 2 {
		start := time.Now()
		h.Derive("")
		quickest = min(quickest, time.Since(start))
	}
	return quickest
}

// errNUL is the error of Hash for a password that Check would never match.
var errNUL = errors.New("password: a password with a NUL cannot be hashed")

// Hash makes a hash with a salt of its own: argon2id if Options.Argon2 says so, else at Options.Cost plain bcrypt with the
// prefix $2b$ for a password of at most 72 bytes in UTF-8, and bcrypt-sha256 version 2 for a longer one. Besides the errors of the port it
// returns one for a password with a NUL, which users.PasswordRules refuse.
func (h *Hasher) Hash(ctx context.Context, why users.Purpose, p users.Password) (users.PasswordHash, error) {
	if hasNUL(p.Reveal()) {
		return "", errNUL
	}
	var made users.PasswordHash
	err := h.pool.Do(ctx, workpool.Class(why), func() { made = h.hash(p.Reveal()) })
	if err != nil {
		return "", err
	}
	return made, nil
}

// hash makes a hash, on a worker.
func (h *Hasher) hash(password string) users.PasswordHash {
	if h.argon2 == nil {
		s := newStored(schemeFor(password), h.cost)
		s.digest = h.rounds(s.key(password), s.salt, rounds(s.cost))
		return s.text()
	}
	made := h.argon2.New()
	digest, took := h.derive(made, password)
	h.work.noteOwn(took)
	return users.PasswordHash(made.With(digest).Text())
}

// Check compares. Nothing matches an empty or unreadable hash or one dearer than MaxCost; a plain bcrypt hash
// matches no password of more than 72 bytes unless it is marked so, and no hash one with a NUL. Outdated comes with Match alone, and Unreadable
// with an empty or unreadable hash or one dearer than MaxCost.
func (h *Hasher) Check(ctx context.Context, why users.Purpose, ready func() error, hash users.PasswordHash, p users.Password) (users.PasswordCheck, error) {
	var found users.PasswordCheck
	err := h.pool.DoAfter(ctx, workpool.Class(why), ready, func() { found = h.compare(hash, p) })
	if err != nil {
		return users.PasswordCheck{}, err
	}
	return found, nil
}
