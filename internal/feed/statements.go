package feed

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	users "github.com/svc-users/svc-users"
)

// statementKey is what an answer to a follower depends on: what they know, what the database is at, and the time.
type statementKey struct {
	after    string
	revision users.Revision
	slot     int64
	// once is not zero for an answer that is shared with no other request, because the revision of the database is not known.
	once int64
}

const (
	// maxStatements bounds how many answers are kept, of 256 KiB at most. Those who follow ask after the same cursor,
	// but for the few that have just come or were away.
	maxStatements = 64
	// maxOwnStatements bounds how many of them are kept that an account was the first to ask for.
	maxOwnStatements = 8
	// makeTimeout is how long the making of an answer may take, the wait for the semaphore included.
	makeTimeout = 10 * time.Second
)

// statements keeps the answers of the present slot, so that a hundred followers that ask the same cost one look
// into the database and one signature. A revision never comes back, so an answer stays true for as long as the
// database is at the revision of its key.
type statements struct {
	semaphore *accountSemaphore
	once      atomic.Int64 // counts the keys that are not shared

	mu   sync.Mutex
	slot int64
	made map[statementKey]*madeStatement
}

type madeStatement struct {
	owner  users.ID      // the account that asked first
	done   chan struct{} // closed when answer and err are there
	answer Answer
	err    error

	mu         sync.Mutex
	contenders map[users.ID]bool // accounts that wait for the semaphore to make it
	begun      bool
}

// newStatements makes at most atOnce answers at a time.
func newStatements(atOnce int) *statements {
	return &statements{semaphore: newAccountSemaphore(atOnce)}
}

// answer returns the answer of a key, which is made if it is not there. A failure is not kept. Of all who wait for
// one answer it is made by the account that acquires the semaphore first: an account that has asked for very much
// else holds up only itself.
func (s *statements) answer(ctx context.Context, key statementKey, account users.ID, do func(context.Context) (Answer, error)) (Answer, error) {
	m, contends, err := s.claim(key, account)
	if err != nil {
		return Answer{}, err
	}
	if contends {
		// Shared, so it must not end with the one request that happened to begin it.
		go s.contend(context.WithoutCancel(ctx), key, m, account, do)
	}
	select {
	case <-m.done:
		return m.answer, m.err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// contend waits for the semaphore, and makes the answer unless another has begun to.
func (s *statements) contend(ctx context.Context, key statementKey, m *madeStatement, account users.ID, do func(context.Context) (Answer, error)) {
	ctx, cancel := context.WithTimeout(ctx, makeTimeout)
	defer cancel()
	acquired := s.semaphore.acquire(ctx, account, m.done)
	if acquired {
		defer s.semaphore.release(account)
	}
	if !m.begin(account, acquired) {
		return
	}
	m.err = users.Unavailable("There are too many who ask for changes; try again.", time.Second, nil)
	if acquired {
		m.answer, m.err = carefully(ctx, do)
	}
	if m.err != nil {
		s.drop(key, m)
	}
	close(m.done)
}

// begin reports whether it is the account's to end this: having acquired the semaphore, unless another has begun, and
// without it, if no other waits for it.
func (m *madeStatement) begin(account users.ID, acquired bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.contenders, account)
	if m.begun || !acquired && len(m.contenders) > 0 {
		return false
	}
	m.begun = true
	return true
}

// carefully turns a panic into an error: it must not end the process, nor leave others waiting.
func carefully(ctx context.Context, do func(context.Context) (Answer, error)) (answer Answer, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("making a statement of changes: %v\n%s", r, debug.Stack())
		}
	}()
	return do(ctx)
}

// errCrowded is the refusal of an account for which too much is being made already.
func errCrowded() error {
	return &users.Error{Kind: users.ErrTooMany, Message: "This account asks for too much at a time; try again.", RetryAfter: time.Second}
}

// claim returns what is kept under a key, and whether the account has to contend for making it.
func (s *statements) claim(key statementKey, account users.ID) (m *madeStatement, contends bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil || s.slot != key.slot {
		s.slot, s.made = key.slot, map[statementKey]*madeStatement{}
	}
	m = s.made[key]
	if m == nil {
		if s.semaphore.crowded(account) {
			return nil, false, errCrowded()
		}
		m = &madeStatement{owner: account, done: make(chan struct{}), contenders: map[users.ID]bool{}}
		s.makeRoom(account)
		s.made[key] = m
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.begun || m.contenders[account] || len(m.contenders) > 0 && s.semaphore.crowded(account) {
		return m, false, nil
	}
	m.contenders[account] = true
	return m, true, nil
}

// makeRoom forgets an answer of an account that has asked for many, and all where there are too many of all. Those
// who wait for one keep it. The caller holds the lock.
func (s *statements) makeRoom(account users.ID) {
	own := 0
	var one statementKey
	for key, m := range s.made {
		if m.owner == account {
			own++
			one = key
		}
	}
	switch {
	case own >= maxOwnStatements:
		delete(s.made, one)
	case len(s.made) >= maxStatements:
		clear(s.made)
	}
}

func (s *statements) drop(key statementKey, m *madeStatement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[key] == m {
		delete(s.made, key)
	}
}

// beginnings are the answers to cursors that are none of this database's, the empty one included. They are made one
// at a time and apart from others, since they are dear and anybody who may follow can ask for them. Those of one
// second that ask after the same are one.
type beginnings struct {
	*statements

	mu   sync.Mutex
	last map[users.ID]begun
}

// begun is what an account was told from the beginning for, and in which second.
type begun struct {
	after  string
	second int64
}

func newBeginnings() *beginnings {
	return &beginnings{statements: newStatements(1), last: map[users.ID]begun{}}
}

var errUnknownCursor = errors.New("the cursor is none of this database's")

// admit refuses what is the second made-up cursor of an account in a second. The empty one is always answered: it
// costs one look into the database a second, however many ask.
func (b *beginnings) admit(account users.ID, after string, now time.Time) error {
	if after == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	second := now.Unix()
	if last := b.last[account]; last.second == second && last.after != after {
		return &users.Error{
			Kind: users.ErrTooMany, Message: "Of cursors that are not known here, one a second is answered; leave it out to begin anew.",
			RetryAfter: time.Second, Cause: errUnknownCursor,
		}
	}
	if len(b.last) >= maxStatements {
		for other, last := range b.last {
			if last.second != second {
				delete(b.last, other)
			}
		}
	}
	b.last[account] = begun{after, second}
	return nil
}
