package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
)

var alice, bert = users.NewID(), users.NewID()

func TestStatementsAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := newStatements(maxConcurrentStatements)
	var made atomic.Int64
	revision := users.Revision{Roles: "r", Accounts: "a"}
	key := statementKey{after: "a", revision: revision, slot: 1}
	get := func(ctx context.Context, key statementKey, wait time.Duration, err error) (Answer, error) {
		return s.answer(ctx, key, alice, func(context.Context) (Answer, error) {
			time.Sleep(wait)
			return Answer{Cursor: fmt.Sprint(made.Add(1))}, err
		})
	}
	var all sync.WaitGroup
	for range 500 { // more than may wait for turns
		all.Go(func() {
			if a, err := get(t.Context(), key, 20*time.Millisecond, nil); err != nil || a.Cursor != "1" {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	all.Wait()
	for i, other := range []statementKey{
		{after: "b", revision: revision, slot: 1}, {after: "a", revision: users.Revision{Roles: "r", Accounts: "b"}, slot: 1}, {after: "a", revision: revision, slot: 1, once: 7},
		{after: "a", revision: revision, slot: 2},
	} {
		if a, err := get(t.Context(), other, 0, nil); err != nil || a.Cursor != fmt.Sprint(i+2) {
			t.Errorf("%+v: %+v %v", other, a, err)
		}
	}

	// What failed is made again.
	failure, failed := errors.New("failure"), statementKey{after: "f", revision: revision, slot: 2}
	if _, err := get(t.Context(), failed, 0, failure); !errors.Is(err, failure) {
		t.Errorf("failed with %v", err)
	}
	if _, err := get(t.Context(), failed, 0, nil); err != nil {
		t.Errorf("a failure is kept: %v", err)
	}

	// Who makes it need not be there any more when it is done, and who waits for it need not wait.
	slow := statementKey{after: "slow", revision: revision, slot: 2}
	began := make(chan struct{})
	go func() {
		gone, cancel := context.WithCancel(t.Context())
		_, _ = s.answer(gone, slow, alice, func(ctx context.Context) (Answer, error) {
			close(began)
			cancel()
			time.Sleep(50 * time.Millisecond)
			return Answer{Cursor: "slow"}, ctx.Err()
		})
	}()
	<-began
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := get(gone, slow, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone is kept waiting: %v", err)
	}
	if a, err := get(t.Context(), slow, 0, nil); err != nil || a.Cursor != "slow" {
		t.Errorf("%+v %v", a, err)
	}
	// A panic is an error for all who wait, and ends nothing.
	panics := statementKey{after: "p", revision: revision, slot: 2}
	if _, err := s.answer(t.Context(), panics, alice, func(context.Context) (Answer, error) { panic("p") }); err == nil {
		t.Error("a panic is no error")
	}
	if _, err := get(t.Context(), panics, 0, nil); err != nil {
		t.Errorf("a panic is kept: %v", err)
	}
}

// An account that asks for very much pushes out what it has asked for itself, and nothing of others.
func TestStatementsThatAreKept(t *testing.T) {
	t.Parallel()
	s := newStatements(maxConcurrentStatements)
	made := map[string]int{}
	get := func(account users.ID, after string) {
		t.Helper()
		_, err := s.answer(t.Context(), statementKey{after: after, revision: users.Revision{Roles: "r", Accounts: "a"}, slot: 1}, account, func(context.Context) (Answer, error) {
			made[after]++
			return Answer{}, nil
		})
		if err != nil || len(s.made) > maxStatements {
			t.Fatalf("%d are kept (%v)", len(s.made), err)
		}
	}
	get(alice, "hers")
	for i := range 10 * maxStatements {
		get(bert, fmt.Sprint(i))
	}
	get(alice, "hers")
	if made["hers"] != 1 || len(s.made) > maxOwnStatements+1 {
		t.Errorf("made %d times; %d are kept", made["hers"], len(s.made))
	}
	for i := range 2 * maxStatements {
		get(users.NewID(), fmt.Sprint("of others ", i))
	}
}

// Accounts take turns, so one that asks for very much holds up itself.
func TestAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	s := newStatements(maxConcurrentStatements)
	release := make(chan struct{})
	var running, most atomic.Int64
	hold := func(context.Context) (Answer, error) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		<-release
		return Answer{}, nil
	}
	var flood sync.WaitGroup
	var refused atomic.Int64
	for i := range 2 * maxWaiting {
		flood.Go(func() {
			_, err := s.answer(t.Context(), statementKey{after: fmt.Sprint(i), slot: 1}, alice, hold)
			var e *users.Error
			if errors.As(err, &e) && errors.Is(err, users.ErrTooMany) && e.RetryAfter > 0 {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	for refused.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	at := func(context.Context) (Answer, error) { return Answer{Cursor: "at once"}, nil }
	for i := range 20 {
		if a, err := s.answer(t.Context(), statementKey{after: fmt.Sprint("of another ", i), slot: 1}, bert, at); err != nil || a.Cursor != "at once" {
			t.Fatalf("another account has to wait: %+v %v", a, err)
		}
	}
	// Nor does it help to ask first for what others will ask for.
	if a, err := s.answer(t.Context(), statementKey{after: "1", slot: 1}, bert, at); err != nil || a.Cursor != "at once" && running.Load() == 0 {
		t.Errorf("another account has to wait for the same: %+v %v", a, err)
	}
	if n := most.Load(); n != 1 {
		t.Errorf("%d at a time were made for one account", n)
	}
	close(release)
	flood.Wait()
	s.semaphore.mu.Lock()
	defer s.semaphore.mu.Unlock()
	if s.semaphore.free != maxConcurrentStatements || len(s.semaphore.order)+len(s.semaphore.waiting)+len(s.semaphore.busy) > 0 {
		t.Errorf("in the end %+v", s.semaphore)
	}
}

// TestAccountSemaphore: a waiter that gives up costs no other its turn, and waiters go one after the other, account by account.
func TestAccountSemaphore(t *testing.T) {
	t.Parallel()
	semaphore := newAccountSemaphore(1)
	busy, a, b := users.NewID(), users.NewID(), users.NewID()
	if !semaphore.acquire(t.Context(), busy, nil) {
		t.Fatal("a free turn is not had")
	}
	var mu sync.Mutex
	var order []string
	var all sync.WaitGroup
	waiting := func(account users.ID, n int) {
		for {
			semaphore.mu.Lock()
			got := len(semaphore.waiting[account])
			semaphore.mu.Unlock()
			if got == n {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	queue := func(account users.ID, name string, n int) {
		all.Go(func() {
			if !semaphore.acquire(t.Context(), account, nil) {
				t.Errorf("%s got no turn", name)
			}
			mu.Lock()
			order = append(order, name)
			mu.Unlock()
			semaphore.release(account)
		})
		waiting(account, n)
	}
	gone, cancel := context.WithCancel(t.Context())
	needless := make(chan struct{})
	all.Go(func() {
		if semaphore.acquire(gone, a, nil) {
			t.Error("who has gone got a turn")
		}
	})
	waiting(a, 1)
	all.Go(func() {
		if semaphore.acquire(t.Context(), b, needless) {
			t.Error("who needs none got a turn")
		}
	})
	waiting(b, 1)
	queue(a, "a1", 2)
	queue(a, "a2", 3)
	queue(b, "b1", 2)
	queue(a, "a3", 4)
	cancel()
	close(needless)
	waiting(a, 3)
	waiting(b, 1)
	semaphore.release(busy)
	all.Wait()
	if got := fmt.Sprint(order); got != "[a1 b1 a2 a3]" {
		t.Errorf("turns were taken in the order %s", got)
	}
}

// Of cursors that are made up one a second is answered; the empty one always is, and so is the same again.
func TestBeginningsAreAdmitted(t *testing.T) {
	t.Parallel()
	b := newBeginnings()
	now := time.Unix(1000, 0)
	for _, step := range []struct {
		account users.ID
		after   string
		at      time.Duration
		want    bool
	}{
		{alice, "one", 0, true}, {alice, "one", 0, true}, {alice, "two", 900 * time.Millisecond, false}, {alice, "", 0, true}, {alice, "one", 0, true},
		{bert, "two", 0, true}, {bert, "three", 0, false}, {alice, "two", time.Second, true}, {alice, "one", time.Second, false},
	} {
		if err := b.admit(step.account, step.after, now.Add(step.at)); (err == nil) != step.want || err != nil && !errors.Is(err, users.ErrTooMany) {
			t.Errorf("%+v: %v", step, err)
		}
	}
	for range 10 * maxStatements {
		_ = b.admit(users.NewID(), "x", now)
	}
	_ = b.admit(users.NewID(), "x", now.Add(time.Hour))
	if len(b.last) > 1 {
		t.Errorf("%d accounts are remembered", len(b.last))
	}
}
