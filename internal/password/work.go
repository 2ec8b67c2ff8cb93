package password

import (
	"context"
	"sync"
	"time"

	"github.com/svc-users/svc-users/internal/foreignhash"
)

// work knows how long hashing takes on this machine. It is for topping up comparisons with hashes that are not bcrypt, whose
// work cannot be counted in rounds.
type work struct {
	mu sync.Mutex
	// round is how long one round of bcrypt takes, in processor time of a worker; a moving average, in nanoseconds.
	round float64
	// own is how long a hash of our own takes that is not bcrypt; the quickest so far.
	own time.Duration
	// seen are the hashes that are not bcrypt of our own, by their foreignhash.Hash.Cost.
	seen map[string]seenHash
}

// seenHash is what is known of all hashes with the same algorithm and parameters.
type seenHash struct {
	// took is how long the quickest took, which is the one least disturbed. argon2 is measured by the clock, because it runs
	// on goroutines of its own, whose processor time cannot be asked for.
	took time.Duration
	// extra is how much of that is beyond what a comparison with a hash of our own takes.
	extra time.Duration
	last  time.Time // one was compared
}

const (
	// workSmoothing is over how many hashes the average forgets.
	workSmoothing = 8
	// extraFor is how long after the last comparison with a dearer hash all refusals take as long as it did.
	extraFor = 24 * time.Hour
	// leastRounds is how many rounds a computation has to have to be worth measuring.
	leastRounds = 1 << MinCost
	// maxSeen bounds how many costs are known; an export has one or two.
	maxSeen = 64
)

func (w *work) noteRounds(n int, took time.Duration) {
	if n < leastRounds || took <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	mean := float64(took) / float64(n)
	if w.round > 0 {
		mean = w.round + (mean-w.round)/workSmoothing
	}
	w.round = mean
}

func (w *work) noteOwn(took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.own = min(w.own, took)
}

// note takes how long a hash of a cost took, and how much of that a hash of our own takes too. It returns how long such a
// hash takes, and how much of that is extra.
func (w *work) note(cost string, took, ours time.Duration, now time.Time) (quickest, extra time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.seen[cost]; ok {
		took = min(took, known.took)
	} else if len(w.seen) >= maxSeen {
		clear(w.seen)
	}
	h := seenHash{took: took, extra: max(0, took-ours), last: now}
	w.seen[cost] = h
	return h.took, h.extra
}

// mostExtra is how much longer than a comparison with a hash of our own a refusal has to take.
func (w *work) mostExtra(now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	most := time.Duration(0)
	for _, h := range w.seen {
		if now.Sub(h.last) <= extraFor {
			most = max(most, h.extra)
		}
	}
	return most
}

// timeOf is how long so many rounds of bcrypt take.
func (w *work) timeOf(n int) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.round * float64(n))
}

// roundsIn is how many rounds of bcrypt take so long.
func (w *work) roundsIn(d time.Duration) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d <= 0 || w.round <= 0 {
		return 0
	}
	return int(float64(d) / w.round)
}

// fullWork is how long a hash of our own takes.
func (h *Hasher) fullWork() time.Duration {
	if h.argon2 == nil {
		return h.work.timeOf(rounds(h.cost))
	}
	h.work.mu.Lock()
	defer h.work.mu.Unlock()
	return h.work.own
}

// rounds is bcrypt, measured.
func (h *Hasher) rounds(key []byte, salt [saltSize]byte, n int) [digestSize]byte {
	began := h.clock()
	digest := h.bcrypt(key, salt, n)
	h.work.noteRounds(n, h.clock()-began)
	return digest
}

// derive computes a hash that is not bcrypt, within the bound on memory, and returns how long that takes. Under a quota the
// worker pauses before and after it, since none of the libraries pauses within.
func (h *Hasher) derive(hash foreignhash.Hash, password string) (digest []byte, took time.Duration) {
	memory := int64(hash.Memory())
	_ = h.memory.Acquire(context.Background(), memory) // fails only with its context
	defer h.memory.Release(memory)
	h.rest()
	began, start := h.clock(), time.Now()
	digest = hash.Derive(password)
	took = h.clock() - began
	if hash.IsArgon2() {
		took = time.Since(start)
	}
	h.rest()
	return digest, took
}

// fill computes rounds of bcrypt that are of no use, for so long.
func (h *Hasher) fill(missing time.Duration) {
	if n := h.work.roundsIn(missing); n > 0 {
		h.rounds([]byte{0}, [saltSize]byte{}, n)
	}
}
