package users

import (
	"context"
	"sync"
)

// maxWaitingTurns is how many turns of one account may be waited for at a time: more than a service has replicas.
const maxWaitingTurns = 256

// accountTurns lets only so many things be done at a time, of each account one, and accounts take turns: one that
// asks for very much waits behind itself, and not the others behind it.
type accountTurns struct {
	mu      sync.Mutex
	free    int
	busy    map[ID]bool
	waiting map[ID][]chan struct{}
	order   []ID // the accounts that wait, the next one first
}

func newAccountTurns(atOnce int) *accountTurns {
	return &accountTurns{free: atOnce, busy: map[ID]bool{}, waiting: map[ID][]chan struct{}{}}
}

// crowded reports whether so many wait for an account's turn that no more should.
func (t *accountTurns) crowded(account ID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.waiting[account]) >= maxWaitingTurns
}

// take waits for a turn of an account, and is followed by done. It returns early, without a turn, when ctx ends
// or needless is closed.
func (t *accountTurns) take(ctx context.Context, account ID, needless <-chan struct{}) (taken bool) {
	turn := make(chan struct{})
	t.mu.Lock()
	if t.waiting[account] == nil {
		t.order = append(t.order, account)
	}
	t.waiting[account] = append(t.waiting[account], turn)
	t.grant()
	t.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	case <-needless:
	}
	t.leave(account, turn)
	return false
}

// leave gives up a turn that was waited for, and that may have come at this very moment.
func (t *accountTurns) leave(account ID, turn chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.waiting[account] {
		if other == turn {
			t.remove(account, i)
			return
		}
	}
	t.release(account)
}

func (t *accountTurns) done(account ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.release(account)
}

func (t *accountTurns) release(account ID) {
	t.free++
	delete(t.busy, account)
	t.grant()
}

// grant gives out the turns that are free. The account that gets one goes behind the others. The caller holds the lock.
func (t *accountTurns) grant() {
	for at := 0; t.free > 0 && at < len(t.order); {
		account := t.order[at]
		if t.busy[account] {
			at++
			continue
		}
		turn := t.waiting[account][0]
		t.free--
		t.busy[account] = true
		t.remove(account, 0)
		if t.waiting[account] != nil {
			t.order = append(append(t.order[:at:at], t.order[at+1:]...), account)
		}
		close(turn)
	}
}

// remove takes one out of those who wait, and the account out of the order when it was the last.
func (t *accountTurns) remove(account ID, i int) {
	list := t.waiting[account]
	if len(list) > 1 {
		t.waiting[account] = append(list[:i:i], list[i+1:]...)
		return
	}
	delete(t.waiting, account)
	for at, other := range t.order {
		if other == account {
			t.order = append(t.order[:at:at], t.order[at+1:]...)
			return
		}
	}
}
