package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// However many ask, the database is asked four times a second, and no answer is of a question older than that.
func TestProbeIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p probe
		asked, broken := 0, errors.New("away")
		var state error
		ask := func(context.Context) error { asked++; return state }
		for i := range 1000 {
			if i == 600 {
				state = broken
			}
			err := p.answer(t.Context(), ask)
			if stale := time.Duration(i-600) * 10 * time.Millisecond; i >= 600 && stale > probeShared && !errors.Is(err, broken) {
				t.Fatalf("%v after the database was lost the answer is still %v", stale, err)
			}
			if i < 600 && err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		// 10 s, a question at most every 250 ms.
		if asked < 30 || asked > 40 {
			t.Errorf("the database was asked %d times in 10 s", asked)
		}
	})
}

// A database that hangs is asked a few times at once, never by each request, and all of them give up in time. The
// client whose request put the question may leave.
func TestProbeOfADatabaseThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p probe
		var atOnce, most atomic.Int64
		hang := func(ctx context.Context) error {
			most.Store(max(most.Load(), atOnce.Add(1)))
			defer atOnce.Add(-1)
			<-ctx.Done()
			return errors.New("no answer")
		}
		gone, leave := context.WithCancel(t.Context())
		defer leave()
		var clients sync.WaitGroup
		for i := range 500 {
			ctx := t.Context()
			if i%7 == 0 {
				ctx = gone
			}
			clients.Go(func() {
				began := time.Now()
				err := p.answer(ctx, hang)
				if took := time.Since(began); err == nil || took > probeTimeout {
					t.Errorf("answered %v after %v", err, took)
				}
				if ctx == t.Context() && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("answered %v, which is not said to be for the time it took", err)
				}
			})
			time.Sleep(10 * time.Millisecond)
			if i == 100 {
				leave()
			}
		}
		clients.Wait()
		if limit := int64(probeTimeout/probeShared) + 1; most.Load() > limit {
			t.Errorf("%d questions at once, more than %d", most.Load(), limit)
		}
		if err := p.answer(t.Context(), func(context.Context) error { return nil }); err != nil {
			time.Sleep(probeShared + 1)
			if err := p.answer(t.Context(), func(context.Context) error { return nil }); err != nil {
				t.Errorf("after the database has come back: %v", err)
			}
		}
	})
}
