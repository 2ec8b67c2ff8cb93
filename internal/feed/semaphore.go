package feed

import (
	"context"
	"sync"

	users "github.com/svc-users/svc-users"
)

// maxWaiting is how many calls of acquire may wait for one account at a time: more than a service has replicas.
const maxWaiting = 256

// accountSemaphore lets a fixed number of things be done at a time, one at most for each account. Accounts that wait are
// served in turn, each one call at a time, so an account with very many calls delays only itself.
type accountSemaphore struct {
	mu      sync.Mutex
	free    int
	busy    map[users.ID]bool
	waiting map[users.ID][]chan struct{} // the calls that wait, the first one first; a channel is closed when its call may go on
	order   []users.ID                   // the accounts that wait, the next one first
}

// newAccountSemaphore lets size things be done at a time.
func newAccountSemaphore(size int) *accountSemaphore {
	return &accountSemaphore{free: size, busy: map[users.ID]bool{}, waiting: map[users.ID][]chan struct{}{}}
}

// crowded reports whether so many calls wait for an account that no more should.
func (s *accountSemaphore) crowded(account users.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting[account]) >= maxWaiting
}

// acquire waits until the account may do one thing, which release ends, and returns true. It returns false, and nothing is
// to be released, when ctx ends or needless is closed before.
func (s *accountSemaphore) acquire(ctx context.Context, account users.ID, needless <-chan struct{}) bool {
	ready := make(chan struct{})
	s.mu.Lock()
	if s.waiting[account] == nil {
		s.order = append(s.order, account)
	}
	s.waiting[account] = append(s.waiting[account], ready)
	s.grant()
	s.mu.Unlock()
	select {
	case <-ready:
		return true
	case <-ctx.Done():
	case <-needless:
	}
	s.cancel(account, ready)
	return false
}

// cancel withdraws a call that waits, or releases what it has been granted at this very moment.
func (s *accountSemaphore) cancel(account users.ID, ready chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.waiting[account] {
		if other == ready {
			s.remove(account, i)
			return
		}
	}
	s.free++
	delete(s.busy, account)
	s.grant()
}

// release ends what acquire has let an account do.
func (s *accountSemaphore) release(account users.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	delete(s.busy, account)
	s.grant()
}

// grant lets go on as many calls as are free. An account that gets one goes behind the others. The caller holds the lock.
func (s *accountSemaphore) grant() {
	for at := 0; s.free > 0 && at < len(s.order); {
		account := s.order[at]
		if s.busy[account] {
			at++
			continue
		}
		ready := s.waiting[account][0]
		s.free--
		s.busy[account] = true
		s.remove(account, 0)
		if s.waiting[account] != nil {
			s.order = append(append(s.order[:at:at], s.order[at+1:]...), account)
		}
		close(ready)
	}
}

// remove takes a call out of those that wait, and the account out of the order when it was its last. The caller holds the
// lock.
func (s *accountSemaphore) remove(account users.ID, i int) {
	list := s.waiting[account]
	if len(list) > 1 {
		s.waiting[account] = append(list[:i:i], list[i+1:]...)
		return
	}
	delete(s.waiting, account)
	for at, other := range s.order {
		if other == account {
			s.order = append(s.order[:at:at], s.order[at+1:]...)
			return
		}
	}
}
