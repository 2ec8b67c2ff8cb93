package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/svc-users/svc-users"
)

// subscribers wait for the revision of the database to be another than the one they have. While there are any, one
// goroutine polls the revision for all of them, as often as is cheap for the engine; a notification of a change makes it
// poll at once.
type subscribers struct {
	mu     sync.Mutex
	groups map[users.Revision]*subscription
	// wakeup wakes the goroutine, which runs while it is not nil.
	wakeup  chan struct{}
	running sync.WaitGroup // the goroutine
	closed  bool           // the goroutine has ended, or will
}

// subscription is all subscribers that have one revision.
type subscription struct {
	revision users.Revision
	changed  chan struct{}
	size     int // how many they are
}

// Changed implements feed.Store.
func (s *Store) Changed(rev users.Revision) (<-chan struct{}, func()) {
	subs := &s.subscribers
	subs.mu.Lock()
	defer subs.mu.Unlock()
	g := subs.groups[rev]
	if g == nil {
		g = &subscription{revision: rev, changed: make(chan struct{})}
		if subs.groups == nil {
			subs.groups = map[users.Revision]*subscription{}
		}
		subs.groups[rev] = g
	}
	g.size++
	if subs.wakeup == nil && !subs.closed {
		wakeup := make(chan struct{}, 1)
		subs.wakeup = wakeup
		subs.running.Go(func() { s.pollRevision(wakeup) })
	}
	return g.changed, sync.OnceFunc(func() { subs.leave(g) })
}

func (s *subscribers) leave(g *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.size--; g.size > 0 || s.groups[g.revision] != g {
		return
	}
	delete(s.groups, g.revision)
	if len(s.groups) == 0 {
		s.wake() // to end
	}
}

// wake has the goroutine poll without delay. The caller holds the lock.
func (s *subscribers) wake() {
	select {
	case s.wakeup <- struct{}{}:
	default: // it has been woken already, or there is none
	}
}

// close ends the polling. Subscribers that still wait do so until they give up.
func (s *subscribers) close() {
	s.mu.Lock()
	s.closed = true
	s.wake()
	s.mu.Unlock()
	s.running.Wait()
}

// wakeSubscribers is called when the database is at another revision.
func (s *Store) wakeSubscribers() {
	s.subscribers.mu.Lock()
	defer s.subscribers.mu.Unlock()
	s.subscribers.wake()
}

// pollRevision polls until there are no subscribers.
func (s *Store) pollRevision(wakeup <-chan struct{}) {
	pause := time.NewTicker(s.traits.pollInterval)
	defer pause.Stop()
	for {
		groups := s.subscribers.open()
		if groups == nil {
			return
		}
		// A subscriber gets the error when it reads for itself.
		if now, err := s.pollOnce(); err == nil {
			s.subscribers.publish(groups, now)
		}
		select {
		case <-pause.C:
		case <-wakeup:
		}
	}
}

func (s *Store) pollOnce() (users.Revision, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.readLimit)
	defer cancel()
	return retry(ctx, s, s.readLimit, s.currentRevision)
}

// open returns the subscriptions of now. If there are none, the goroutine that asks has to end.
func (s *subscribers) open() []*subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.groups) == 0 || s.closed {
		s.wakeup = nil
		return nil
	}
	return slices.Collect(maps.Values(s.groups))
}

// publish closes the channels of the subscriptions to another revision than now. groups are those that were there before
// now was read: one that came later may be to a revision that is newer than now.
func (s *subscribers) publish(groups []*subscription, now users.Revision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range groups {
		if g.revision != now && s.groups[g.revision] == g {
			close(g.changed)
			delete(s.groups, g.revision)
		}
	}
}
