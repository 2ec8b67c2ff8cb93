package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

func testTxCommitsOrNot(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := newAccount(t, "ada@example.com", f.role), newAccount(t, "bob@example.com", f.role)
	refusal := &users.Error{Kind: users.ErrConflict, Message: "no"}
	err := f.InTx(ctx, func(tx users.Tx) error {
		if err := tx.InsertAccount(ctx, a, "h"); err != nil {
			return err
		}
		if _, err := tx.Account(ctx, a.ID); err != nil {
			t.Errorf("a transaction does not see its own row: %v", err)
		}
		if _, err := f.Account(ctx, a.ID); err != users.ErrNotFound {
			t.Errorf("others see a row that is not committed: %v", err)
		}
		return refusal
	})
	if err != error(refusal) {
		t.Errorf("InTx returned %v, not the very error of its function", err)
	}
	_, err = f.Account(ctx, a.ID)
	wantError(t, "Account after a rollback", err, users.ErrNotFound)

	f.do(func(tx users.Tx) error {
		return errors.Join(tx.InsertAccount(ctx, a, "h"), tx.InsertAccount(ctx, b, "h"))
	})
	for _, id := range []users.ID{a.ID, b.ID} {
		_, err := f.Account(ctx, id)
		wantError(t, "Account after a commit", err, nil)
	}
	f.do(func(users.Tx) error { return nil })
}

func testTxPanic(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := newAccount(t, "ada@example.com", f.role)
	func() {
		defer func() {
			if r := recover(); r != "oh no" {
				t.Errorf("recovered %v", r)
			}
		}()
		_ = f.InTx(ctx, func(tx users.Tx) error {
			if err := tx.InsertAccount(ctx, a, "h"); err != nil {
				t.Error(err)
			}
			panic("oh no")
		})
	}()
	// The row is gone, and the next transaction does not wait for the one that panicked.
	f.do(func(tx users.Tx) error { return tx.InsertAccount(ctx, a, "h") })
}

// testTxAfterFailedStatement: an engine that takes further statements after a failed one must not commit them,
// since the other would not.
func testTxAfterFailedStatement(t *testing.T, f *fixture) {
	ctx := t.Context()
	taken := f.addAccount("ada@example.com", f.role)
	taken.ID = users.NewID()
	b := newAccount(t, "bob@example.com", f.role)
	err := f.InTx(ctx, func(tx users.Tx) error {
		if err := tx.InsertAccount(ctx, b, "h"); err != nil {
			return err
		}
		if err := tx.InsertAccount(ctx, taken, "h"); err != users.ErrTaken {
			t.Errorf("error %v, want ErrTaken", err)
		}
		return nil // in spite of it
	})
	if err == nil {
		t.Error("the transaction was committed")
	}
	_, err = f.Account(ctx, b.ID)
	wantError(t, "Account of that transaction", err, users.ErrNotFound)
}

// testTxOneAtATime has two stores count in one row, reading and then writing. Overlap would lose counts.
func testTxOneAtATime(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	stores := []*store.Store{f.Store, open(t, f.url)}
	const each, workers = 10, 6
	var wait sync.WaitGroup
	var inside sync.Mutex
	for i := range workers {
		wait.Go(func() {
			for range each {
				err := stores[i%2].InTx(ctx, func(tx users.Tx) error {
					if !inside.TryLock() {
						t.Error("two transactions at once")
					} else {
						defer inside.Unlock()
					}
					a, err := tx.Account(ctx, a.ID)
					if err != nil {
						return err
					}
					a.TokenVersion++
					return tx.UpdateAccount(ctx, a)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	got, err := f.Account(ctx, a.ID)
	if err != nil || got.TokenVersion != 1+each*workers {
		t.Errorf("counted to %d (%v), want %d", got.TokenVersion, err, 1+each*workers)
	}
}

func testTxContext(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := newAccount(t, "ada@example.com", f.role)
	done, cancel := context.WithCancel(ctx)
	cancel()
	wantError(t, "InTx under an ended context", f.InTx(done, func(users.Tx) error { t.Error("was run"); return nil }), context.Canceled)

	during, cancel := context.WithCancel(ctx)
	err := f.InTx(during, func(tx users.Tx) error {
		if err := tx.InsertAccount(during, a, "h"); err != nil {
			return err
		}
		cancel()
		return nil
	})
	wantError(t, "InTx whose context ends meanwhile", err, context.Canceled)
	_, err = f.Account(ctx, a.ID)
	wantError(t, "Account of that transaction", err, users.ErrNotFound)

	// Waiting for another, of this process and of another one, ends with the context too.
	for name, waiting := range map[string]*store.Store{"here": f.Store, "elsewhere": open(t, f.url)} {
		f.do(func(users.Tx) error {
			took := quickest(3*time.Second, func() {
				soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
				err := waiting.InTx(soon, func(users.Tx) error { t.Error("two transactions at once"); return nil })
				wantError(t, "InTx waiting "+name, err, context.DeadlineExceeded)
			})
			if took > 3*time.Second {
				t.Errorf("InTx waiting %s took %v to notice", name, took)
			}
			return nil
		})
	}
	f.do(func(tx users.Tx) error { return tx.InsertAccount(ctx, a, "h") })
}

func testReadContext(t *testing.T, f *fixture) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Account(done, users.NewID())
	wantError(t, "Account", err, context.Canceled)
	_, err = f.Access(done, users.NewID())
	wantError(t, "Access", err, context.Canceled)
	_, err = f.Graph(done)
	wantError(t, "Graph", err, context.Canceled)
	wantError(t, "Ping", f.Ping(done), context.Canceled)
	wantError(t, "InRowTx", f.replaceHash(done, users.NewID(), "a", "b"), context.Canceled)
}

// testReadersDoNotWait: a reader sees the state before a transaction that is still going on.
func testReadersDoNotWait(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	f.do(func(tx users.Tx) error {
		changed := a
		changed.Active = false
		if err := tx.UpdateAccount(ctx, changed); err != nil {
			return err
		}
		var wait sync.WaitGroup
		for range 40 { // far more than there are connections
			wait.Go(func() {
				access, err := f.Access(ctx, a.ID) // the transaction cannot end before it has returned
				if err != nil || !access.Account.Active {
					t.Errorf("%v, %v", access.Account, err)
				}
			})
		}
		wait.Wait()
		return nil
	})
}

func testPing(t *testing.T, f *fixture) {
	wantError(t, "Ping", f.Ping(t.Context()), nil)
	wantError(t, "Ready", f.Ready(t.Context()), nil)
}

func testCursorKey(t *testing.T, f *fixture) {
	keys := make([][]byte, 8)
	var wait sync.WaitGroup
	for i := range keys {
		s := open(t, f.url)
		wait.Go(func() {
			key, err := s.CursorKey(t.Context())
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	wait.Wait()
	for _, key := range keys {
		if len(key) != 32 || bytes.Equal(key, make([]byte, 32)) || !bytes.Equal(key, keys[0]) {
			t.Errorf("the keys differ, or are no keys: %d bytes, %s", len(key), fmt.Sprint(bytes.Equal(key, keys[0])))
		}
	}
	again, err := f.CursorKey(t.Context())
	if err != nil || !bytes.Equal(again, keys[0]) {
		t.Errorf("the key changed (%v)", err)
	}
}
