// Package bare measures the primitives that the service is built on, alone: what no service on this machine can
// do better than.
package bare

import (
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/svc-users/svc-users/bench/machine"
)

// Hasher compares one password with its bcrypt hash.
type Hasher struct {
	password []byte
	hash     []byte
}

// NewHasher hashes a password with a cost.
func NewHasher(password string, cost int) (*Hasher, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	return &Hasher{[]byte(password), hash}, err
}

// Hash is the hash in bcrypt's format, with the prefix of today.
func (h *Hasher) Hash() string {
	// The library still writes the prefix 2a for what is 2b by all but name.
	return "$2b" + string(h.hash[3:])
}

// CPU is the processor time of one comparison.
func (h *Hasher) CPU() (time.Duration, error) {
	return onThread(1, func() error { return bcrypt.CompareHashAndPassword(h.hash, h.password) })
}

// Rate is how many comparisons workers threads make in a second, together, when they do nothing else. It takes
// about d.
func (h *Hasher) Rate(ctx context.Context, workers int, d time.Duration) (finished []time.Duration, err error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	begin := time.Now()
	for range workers {
		group.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for ctx.Err() == nil && time.Since(begin) < d {
				failed := bcrypt.CompareHashAndPassword(h.hash, h.password)
				mu.Lock()
				finished = append(finished, time.Since(begin))
				if failed != nil {
					err = failed
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return finished, err
}

// onThread is the processor time of one of n calls of f, on a thread that does nothing else.
func onThread(n int, f func() error) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := machine.ThreadCPU()
	if err != nil {
		return 0, err
	}
	for range n {
		if err := f(); err != nil {
			return 0, err
		}
	}
	after, err := machine.ThreadCPU()
	return (after - before) / time.Duration(n), err
}
