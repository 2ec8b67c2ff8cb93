package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// testSessionOfManyRefreshes: of a hundred that present one token at once, to two processes, one rotates it; and what
// refreshes leave does not grow.
func testSessionOfManyRefreshes(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := open(t, f.url)
	a := f.addAccount("ada@example.com", f.role)
	f.beginSession(a, "one")
	const rounds, clients = 10, 100
	for n := 1; n <= rounds; n++ {
		var rotated atomic.Int32
		var running sync.WaitGroup
		for i := range clients {
			running.Go(func() {
				s := []users.SessionRotator{f.Store, other}[i%2]
				r := rotation("one", n)
				r.Salt = fmt.Sprint("salt of ", i)
				switch _, err := s.RotateSession(ctx, r); {
				case err == nil:
					rotated.Add(1)
				case !errors.Is(err, users.ErrNotFound):
					t.Error(err)
				}
			})
		}
		running.Wait()
		if rotated.Load() != 1 {
			t.Fatalf("round %d: %d of %d rotated the token", n, rotated.Load(), clients)
		}
	}
	for _, table := range []string{"account_sessions", "ended_sessions"} {
		db := shell(t, f.url)
		defer db.Close()
		var n int
		if err := db.QueryRowContext(context.Background(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n > 1 {
			t.Errorf("%s has %d rows after %d refreshes (%v)", table, n, rounds, err)
		}
	}
}

func testSweepSessions(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	kept := f.beginSession(a, "kept")
	for i := range 3 {
		f.beginSession(a, fmt.Sprint("over ", i))
	}
	ended := f.beginSession(a, "ended")
	f.do(func(tx users.Tx) error { return tx.EndSession(ctx, a.ID, ended.ID) })
	// One hour on, all but the one that was refreshed are over.
	r := rotation("kept", 1)
	r.IdleUntil = kept.EndsAt
	if _, err := f.RotateSession(ctx, r); err != nil {
		t.Fatal(err)
	}
	count := func(table string) (n int) {
		t.Helper()
		db := shell(t, f.url)
		defer db.Close()
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		what            string
		before          time.Time
		sessions, ended int
	}{
		{"while all are live", kept.CreatedAt, 4, 1},
		{"after access tokens alone have expired", kept.TokensUntil.Add(30 * time.Minute), 4, 0},
		{"after the idle ones are over", kept.IdleUntil.Add(time.Minute), 1, 0},
		{"after the end of the last", kept.EndsAt.Add(time.Minute), 0, 0},
	} {
		before, err := f.Access(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		// What is deleted here is over by the clock that is passed in, and may still have tokens by that of the database.
		if err := f.SweepSessions(ctx, step.before); err != nil {
			t.Fatal(err)
		}
		if got := count("account_sessions"); got != step.sessions {
			t.Errorf("%s: %d sessions are left, want %d", step.what, got, step.sessions)
		}
		if step.sessions == 4 {
			if got := count("ended_sessions"); got != step.ended {
				t.Errorf("%s: %d ended sessions are left, want %d", step.what, got, step.ended)
			}
			if after, err := f.Access(ctx, a.ID); err != nil || after.Revision != before.Revision {
				t.Errorf("%s: sweeping has moved the revision (%v)", step.what, err)
			}
		}
	}
}
