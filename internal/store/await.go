package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/svc-users/svc-users"
)

// waiters are those who wait for the moment of the database to be another than the one they have seen. While there
// are any, one goroutine looks for all of them, as often as is cheap for the engine; what is heard of changes makes
// it look at once.
type waiters struct {
	mu     sync.Mutex
	groups map[users.Revision]*waitGroup
	// look wakes the goroutine, which runs while it is not nil.
	look    chan struct{}
	running sync.WaitGroup // the goroutine
	closed  bool           // nobody looks any more
}

// waitGroup is all who have seen one moment.
type waitGroup struct {
	moment  users.Revision
	changed chan struct{}
	size    int
}

// Changed implements users.ChangeReader.
func (s *Store) Changed(m users.Revision) (<-chan struct{}, func()) {
	w := &s.waiters
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[m]
	if g == nil {
		g = &waitGroup{moment: m, changed: make(chan struct{})}
		if w.groups == nil {
			w.groups = map[users.Revision]*waitGroup{}
		}
		w.groups[m] = g
	}
	g.size++
	if w.look == nil && !w.closed {
		look := make(chan struct{}, 1)
		w.look = look
		w.running.Go(func() { s.watchMoments(look) })
	}
	return g.changed, sync.OnceFunc(func() { w.leave(g) })
}

func (w *waiters) leave(g *waitGroup) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g.size--; g.size > 0 || w.groups[g.moment] != g {
		return
	}
	delete(w.groups, g.moment)
	if len(w.groups) == 0 {
		w.wake() // to end
	}
}

// wake has the goroutine look without delay. The caller holds the lock.
func (w *waiters) wake() {
	select {
	case w.look <- struct{}{}:
	default: // it has been woken already, or there is none
	}
}

// close ends the looking. Who still waits does so until they give up.
func (w *waiters) close() {
	w.mu.Lock()
	w.closed = true
	w.wake()
	w.mu.Unlock()
	w.running.Wait()
}

// changed tells that the database is at another moment now. It is for whoever hears of changes.
func (s *Store) changed() {
	s.waiters.mu.Lock()
	defer s.waiters.mu.Unlock()
	s.waiters.wake()
}

// watchMoments looks until nobody waits any more.
func (s *Store) watchMoments(look <-chan struct{}) {
	pause := time.NewTicker(s.engine.pause())
	defer pause.Stop()
	for {
		groups := s.waiters.all()
		if groups == nil {
			return
		}
		// A failure is met by those who wait when they look for themselves.
		if now, err := s.lookForWaiters(); err == nil {
			s.waiters.tell(groups, now)
		}
		select {
		case <-pause.C:
		case <-look:
		}
	}
}

func (s *Store) lookForWaiters() (users.Revision, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.readLimit)
	defer cancel()
	return read(ctx, s, s.readLimit, s.now)
}

// all returns those who wait now. If nobody does, the goroutine that asks has to end.
func (w *waiters) all() []*waitGroup {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.groups) == 0 || w.closed {
		w.look = nil
		return nil
	}
	return slices.Collect(maps.Values(w.groups))
}

// tell lets go on who has seen another moment than now. Only those are judged who had seen theirs before now was
// looked at: another may have seen one that came after it.
func (w *waiters) tell(groups []*waitGroup, now users.Revision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range groups {
		if g.moment != now && w.groups[g.moment] == g {
			close(g.changed)
			delete(w.groups, g.moment)
		}
	}
}
