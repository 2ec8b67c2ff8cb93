package users

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestStatementsAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := newStatements()
	var made atomic.Int64
	key := statementKey{"a", Moment{"r", "a"}, 1}
	get := func(ctx context.Context, key statementKey, wait time.Duration, err error) (ChangesAnswer, error) {
		return s.answer(ctx, key, func(context.Context) (ChangesAnswer, error) {
			time.Sleep(wait)
			return ChangesAnswer{Cursor: fmt.Sprint(made.Add(1))}, err
		})
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if a, err := get(t.Context(), key, 20*time.Millisecond, nil); err != nil || a.Cursor != "1" {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	all.Wait()
	for i, other := range []statementKey{{"b", key.moment, 1}, {"a", Moment{"r", "b"}, 1}, {"a", key.moment, 2}} {
		if a, err := get(t.Context(), other, 0, nil); err != nil || a.Cursor != fmt.Sprint(i+2) {
			t.Errorf("%+v: %+v %v", other, a, err)
		}
	}

	// What failed is made again, and so is what is of no moment.
	failure := errors.New("failure")
	if _, err := get(t.Context(), statementKey{"f", key.moment, 2}, 0, failure); !errors.Is(err, failure) {
		t.Errorf("failed with %v", err)
	}
	if _, err := get(t.Context(), statementKey{"f", key.moment, 2}, 0, nil); err != nil {
		t.Errorf("a failure is kept: %v", err)
	}
	before := made.Load()
	for range 2 {
		_, _ = get(t.Context(), statementKey{after: "f", slot: 2}, 0, nil)
	}
	if n := made.Load() - before; n != 2 {
		t.Errorf("of no moment: made %d times", n)
	}

	// Who makes it need not be there any more when it is done, and who waits for it need not wait.
	slow := statementKey{"slow", key.moment, 2}
	began := make(chan struct{})
	go func() {
		gone, cancel := context.WithCancel(t.Context())
		_, _ = s.answer(gone, slow, func(ctx context.Context) (ChangesAnswer, error) {
			close(began)
			cancel()
			time.Sleep(50 * time.Millisecond)
			return ChangesAnswer{Cursor: "slow"}, ctx.Err()
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
	// Others are let go when the one who makes it panics.
	func() {
		defer func() { _ = recover() }()
		_, _ = s.answer(t.Context(), statementKey{"p", key.moment, 2}, func(context.Context) (ChangesAnswer, error) { panic("p") })
	}()
	if _, err := get(t.Context(), statementKey{"p", key.moment, 2}, 0, nil); err != nil {
		t.Errorf("a panic is kept: %v", err)
	}
	for i := range 10 * maxStatements {
		if _, err := get(t.Context(), statementKey{fmt.Sprint(i), key.moment, 2}, 0, nil); err != nil || len(s.made) > maxStatements {
			t.Fatalf("%d are kept (%v)", len(s.made), err)
		}
	}
}
