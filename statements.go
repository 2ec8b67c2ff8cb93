package users

import (
	"context"
	"errors"
	"sync"
)

// statementKey is what an answer to a follower depends on: what they know, what the database is at, and the time.
type statementKey struct {
	after  string
	moment Moment
	slot   int64
}

const (
	// maxStatements bounds how many answers are kept. Those who follow ask after the same cursor, but for the few that
	// have just come or were away.
	maxStatements = 64
	// maxKept is how long an answer may be, in bytes, to be kept: a piece of a thousand accounts is. What names many
	// roles is longer, and made anew for whoever asks.
	maxKept = 256 << 10
	// maxMaking bounds how many answers are made at once, each of which may be megabytes long for a moment.
	maxMaking = 2
)

// statements keeps the answers of the present slot, so that a hundred followers that ask the same cost one look
// into the database and one signature. A moment never comes back, so an answer stays true for as long as the
// database is at the moment of its key.
type statements struct {
	making chan struct{} // holds one for each answer that is being made

	mu   sync.Mutex
	slot int64
	made map[statementKey]*madeStatement
}

type madeStatement struct {
	done   chan struct{} // closed when the rest is there
	answer ChangesAnswer
	err    error
}

func newStatements() *statements { return &statements{making: make(chan struct{}, maxMaking)} }

// answer returns the answer of a key, which is made if nobody has. A failure is not kept, nor what is of no moment.
func (s *statements) answer(ctx context.Context, key statementKey, do func(context.Context) (ChangesAnswer, error)) (ChangesAnswer, error) {
	if key.moment == (Moment{}) {
		return do(ctx)
	}
	m, first := s.claim(key)
	if first {
		s.make(ctx, key, m, do)
	}
	select {
	case <-m.done:
		return m.answer, m.err
	case <-ctx.Done():
		return ChangesAnswer{}, ctx.Err()
	}
}

// turn waits until few enough are at it, and is followed by done.
func (s *statements) turn(ctx context.Context) error {
	select {
	case s.making <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *statements) done() { <-s.making }

// make lets everybody who waits go on, whatever happens. The work is shared, so it must not end with the one
// request that happened to begin it; the Store has limits of its own.
func (s *statements) make(ctx context.Context, key statementKey, m *madeStatement, do func(context.Context) (ChangesAnswer, error)) {
	m.err = errors.New("making a statement of changes has failed for another request")
	defer func() {
		if m.err != nil || len(m.answer.Statement) > maxKept {
			s.drop(key, m)
		}
		close(m.done)
	}()
	m.answer, m.err = do(context.WithoutCancel(ctx))
}

// claim returns what is kept under a key, and whether it is the caller's to make.
func (s *statements) claim(key statementKey) (m *madeStatement, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil || s.slot != key.slot || len(s.made) >= maxStatements && s.made[key] == nil {
		s.slot, s.made = key.slot, map[statementKey]*madeStatement{}
	}
	if m = s.made[key]; m != nil {
		return m, false
	}
	m = &madeStatement{done: make(chan struct{})}
	s.made[key] = m
	return m, true
}

func (s *statements) drop(key statementKey, m *madeStatement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[key] == m {
		delete(s.made, key)
	}
}
