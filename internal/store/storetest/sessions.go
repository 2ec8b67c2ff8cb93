package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// instantNow is the time of now as both engines keep it.
func instantNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// newSession is a session of an account with the digests of one token.
func newSession(a users.Account, name string) (users.Session, users.SessionSecret) {
	at := instantNow()
	s := users.Session{
		ID: users.NewID(), Account: a.ID, Version: a.TokenVersion, CreatedAt: at, UsedAt: at, IdleUntil: at.Add(time.Hour),
		EndsAt: at.Add(48 * time.Hour), TokensUntil: at.Add(10 * time.Minute).Truncate(time.Second),
		Client: users.Client{Address: "203.0.113.7", UserAgent: "Agent \"x\" ünïcode"},
	}
	return s, users.SessionSecret{Locator: users.Digest("locator-" + name), Current: users.Digest(name + "-1")}
}

func (f *fixture) beginSession(a users.Account, name string) users.Session {
	f.t.Helper()
	s, secret := newSession(a, name)
	wantError(f.t, "InsertSession", f.InRowTx(f.t.Context(), func(tx users.RowTx) error { return tx.InsertSession(f.t.Context(), s, secret) }), nil)
	return s
}

// rotation is a refresh of the session of a name from its nth token to the next.
func rotation(name string, n int) users.Rotation {
	at := instantNow()
	return users.Rotation{
		Locator: users.Digest("locator-" + name), Presented: users.Digest(fmt.Sprintf("%s-%d", name, n)), Next: users.Digest(fmt.Sprintf("%s-%d", name, n+1)),
		Salt: fmt.Sprintf("salt-%d", n), Now: at, IdleUntil: at.Add(2 * time.Hour), TokensUntil: at.Add(11 * time.Minute).Truncate(time.Second),
		Client: users.Client{Address: "2001:db8::1", UserAgent: "Other"},
	}
}

func testSessionRotation(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	begun := f.beginSession(a, "one")
	listed, err := f.Sessions(ctx, a.ID, begun.CreatedAt)
	if err != nil || len(listed) != 1 || listed[0] != begun {
		t.Fatalf("sessions are %+v (%v), want %+v", listed, err, begun)
	}

	r := rotation("one", 1)
	want := begun
	want.UsedAt, want.IdleUntil, want.TokensUntil, want.Client = r.Now, r.IdleUntil, r.TokensUntil, r.Client
	got, err := f.RotateSession(ctx, r)
	if err != nil || got != want {
		t.Fatalf("rotated: %+v (%v), want %+v", got, err, want)
	}
	_, err = f.RotateSession(ctx, r)
	wantError(t, "RotateSession with the token before", err, users.ErrNotFound)
	found, err := f.PresentedSession(ctx, r.Locator)
	if err != nil || found.Session != want {
		t.Fatalf("presented: %+v (%v), want %+v", found.Session, err, want)
	}
	secret := users.SessionSecret{Locator: r.Locator, Current: r.Next, Previous: r.Presented, Salt: r.Salt}
	if found.Secret != secret || !found.RecoveredAt.IsZero() {
		t.Errorf("kept are %+v, recovered at %v; want %+v", found.Secret, found.RecoveredAt, secret)
	}
	if since := found.Now.Sub(found.RotatedAt); since < 0 || since > patience {
		t.Errorf("rotated %v ago by the clock of the database", since)
	}
	_, err = f.PresentedSession(ctx, "locator-none")
	wantError(t, "PresentedSession of no session", err, users.ErrNotFound)

	// The end of the session bounds all other times.
	late := rotation("one", 2)
	late.IdleUntil, late.TokensUntil = begun.EndsAt.Add(time.Hour), begun.EndsAt.Add(time.Minute)
	if got, err = f.RotateSession(ctx, late); err != nil || got.IdleUntil != begun.EndsAt || got.TokensUntil != begun.EndsAt {
		t.Errorf("past its end: %+v (%v), want no time after %v", got, err, begun.EndsAt)
	}
	over := rotation("one", 3)
	over.Now = begun.EndsAt
	_, err = f.RotateSession(ctx, over)
	wantError(t, "RotateSession of a session that is over", err, users.ErrNotFound)
	if listed, err = f.Sessions(ctx, a.ID, begun.EndsAt); err != nil || len(listed) != 0 {
		t.Errorf("at its end there are %d sessions (%v)", len(listed), err)
	}
}

// testSessionsNeedTheirAccount: neither is a session begun nor continued that the account does not stand behind.
func testSessionsNeedTheirAccount(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	f.beginSession(a, "one")
	insert := func(a users.Account, name string) error {
		s, secret := newSession(a, name)
		return f.InRowTx(ctx, func(tx users.RowTx) error { return tx.InsertSession(ctx, s, secret) })
	}
	update := func(change func(*users.Account)) {
		f.do(func(tx users.Tx) error {
			now, err := tx.Account(ctx, a.ID)
			change(&now)
			return errors.Join(err, tx.UpdateAccount(ctx, now))
		})
	}
	refused := func(what string) {
		t.Helper()
		wantError(t, "InsertSession, "+what, insert(a, what), users.ErrNotFound)
		_, err := f.RotateSession(ctx, rotation("one", 1))
		wantError(t, "RotateSession, "+what, err, users.ErrNotFound)
		r := rotation("one", 0)
		r.Presented, r.Next = "", "one-1"
		err = f.InRowTx(ctx, func(tx users.RowTx) error {
			_, err := tx.RecoverSession(ctx, r, instantNow())
			return err
		})
		wantError(t, "RecoverSession, "+what, err, users.ErrNotFound)
	}
	update(func(a *users.Account) { a.Active = false })
	refused("disabled")
	update(func(a *users.Account) { a.Active, a.TokenVersion = true, 2 })
	refused("past its version")
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, a.ID) })
	refused("deleted")
	_, err := f.PresentedSession(ctx, "locator-one")
	wantError(t, "PresentedSession of a deleted account", err, users.ErrNotFound)
}

func testSessionRecovery(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	f.beginSession(a, "one")
	r := rotation("one", 1)
	if _, err := f.RotateSession(ctx, r); err != nil {
		t.Fatal(err)
	}
	before := func() time.Time {
		found, err := f.PresentedSession(ctx, r.Locator)
		if err != nil {
			t.Fatal(err)
		}
		return found.Now.Add(-time.Hour)
	}
	recoverIt := func(r users.Rotation) error {
		since := before()
		return f.InRowTx(ctx, func(tx users.RowTx) error {
			got, err := tx.RecoverSession(ctx, r, since)
			if err == nil && (got.UsedAt != r.Now || got.IdleUntil != r.IdleUntil || got.TokensUntil != r.TokensUntil) {
				t.Errorf("recovered: %+v, want the times of %+v", got, r)
			}
			return err
		})
	}
	other := r
	other.Next = "another"
	wantError(t, "RecoverSession with another successor", recoverIt(other), users.ErrNotFound)
	wantError(t, "RecoverSession", recoverIt(r), nil)
	found, err := f.PresentedSession(ctx, r.Locator)
	if err != nil || found.RecoveredAt.Before(found.RotatedAt) || found.Secret.Current != r.Next {
		t.Errorf("recovered at %v after %v, with %+v (%v)", found.RecoveredAt, found.RotatedAt, found.Secret, err)
	}
	wantError(t, "RecoverSession once more", recoverIt(r), users.ErrNotFound)
}

// testSessionsEnd: whatever deletes the row of a session, its access tokens are known to have ended, at another revision.
func testSessionsEnd(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	other := open(t, f.url)
	before, err := f.Access(ctx, a.ID)
	if err != nil || len(before.Ended) != 0 {
		t.Fatalf("%d sessions have ended before any (%v)", len(before.Ended), err)
	}
	if _, err := other.Access(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	one, two, three := f.beginSession(a, "one"), f.beginSession(a, "two"), f.beginSession(b, "three")
	f.try("EndSession of another account", users.ErrNotFound, func(tx users.Tx) error { return tx.EndSession(ctx, a.ID, three.ID) })

	wantEnded := func(what string, account users.ID, want ...users.ID) {
		t.Helper()
		slices.SortFunc(want, users.ID.Compare)
		for _, s := range []users.Reader{f.Store, other} {
			access, err := s.Access(ctx, account)
			slices.SortFunc(access.Ended, users.ID.Compare)
			if err != nil || !slices.Equal(access.Ended, want) {
				t.Errorf("%s: %v have ended (%v), want %v", what, access.Ended, err, want)
			}
		}
		f.do(func(tx users.Tx) error {
			access, err := tx.Access(ctx, account)
			slices.SortFunc(access.Ended, users.ID.Compare)
			if !slices.Equal(access.Ended, want) {
				t.Errorf("%s: inside a transaction %v have ended, want %v", what, access.Ended, want)
			}
			return err
		})
	}
	f.do(func(tx users.Tx) error { return tx.EndSession(ctx, a.ID, one.ID) })
	wantEnded("one by itself", a.ID, one.ID)
	f.try("EndSession again", users.ErrNotFound, func(tx users.Tx) error { return tx.EndSession(ctx, a.ID, one.ID) })
	_, err = f.RotateSession(ctx, rotation("one", 1))
	wantError(t, "RotateSession of an ended session", err, users.ErrNotFound)

	four := f.beginSession(a, "four")
	f.do(func(tx users.Tx) error {
		ended, err := tx.EndSessions(ctx, a.ID, four.ID)
		if !slices.Equal(ended, []users.ID{two.ID}) {
			t.Errorf("ended %v, want %v", ended, two.ID)
		}
		return err
	})
	wantEnded("all but one", a.ID, one.ID, two.ID)
	wantEnded("another account", b.ID)

	byHand(t, f.url, `DELETE FROM account_sessions WHERE id = '`+four.ID.String()+`'`)
	wantEnded("by hand", a.ID, one.ID, two.ID, four.ID)
	if strings.HasPrefix(f.url, "postgres") {
		byHand(t, f.url, `TRUNCATE account_sessions`)
	} else {
		byHand(t, f.url, `DELETE FROM account_sessions`)
	}
	wantEnded("all by hand", b.ID, three.ID)

	// Followers are told of each in the order of their ends, and only while tokens may be valid.
	var told []feed.SessionEnd
	f.view(func(v feed.View) error {
		state, err := v.ChangeState(ctx)
		if err != nil {
			return err
		}
		if told, err = v.EndedSessions(ctx, feed.AccountPlace{}, state.Now, 10); err != nil {
			return err
		}
		rest, err := v.EndedSessions(ctx, told[0].Place, state.Now, 2)
		if len(rest) != 2 || rest[0] != told[1] || rest[1] != told[2] {
			t.Errorf("after the first come %+v, want those of %+v", rest, told)
		}
		late, lateErr := v.EndedSessions(ctx, feed.AccountPlace{}, state.Now.Add(time.Hour), 10)
		if len(late) > 0 {
			t.Errorf("an hour later %+v are told of", late)
		}
		return errors.Join(err, lateErr)
	})
	var order []users.ID
	for _, s := range told {
		order = append(order, s.Place.ID)
		if until := s.Until.Sub(one.TokensUntil); until < 4*time.Minute || until > 20*time.Minute {
			t.Errorf("told until %v after the first token expires", until)
		}
	}
	if !slices.Equal(order, []users.ID{one.ID, two.ID, four.ID, three.ID}) {
		t.Errorf("told in the order %v", order)
	}

	five := f.beginSession(b, "five")
	f.do(func(tx users.Tx) error {
		return tx.KeepSession(ctx, b.ID, five.ID, 7, five.TokensUntil.Add(time.Hour))
	})
	if kept, err := f.Sessions(ctx, b.ID, instantNow()); err != nil || kept[0].Version != 7 || kept[0].TokensUntil != five.TokensUntil.Add(time.Hour) {
		t.Errorf("kept %+v (%v)", kept, err)
	}
	f.try("KeepSession of another account", users.ErrNotFound, func(tx users.Tx) error {
		return tx.KeepSession(ctx, a.ID, five.ID, 7, five.TokensUntil)
	})
}

// testEndSomeSessions: sessions of all accounts end, a part at a time, and their access tokens are known to have.
func testEndSomeSessions(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	all := []users.SessionOwner{{Session: f.beginSession(a, "one").ID, Account: a.ID}, {Session: f.beginSession(b, "two").ID, Account: b.ID}, {Session: f.beginSession(a, "three").ID, Account: a.ID}}
	slices.SortFunc(all, func(x, y users.SessionOwner) int { return x.Session.Compare(y.Session) })
	for _, want := range [][]users.SessionOwner{all[:2], all[2:], nil} {
		f.do(func(tx users.Tx) error {
			ended, err := tx.EndSomeSessions(ctx, 2)
			if !slices.Equal(ended, want) {
				t.Errorf("ended %v, want %v", ended, want)
			}
			return err
		})
	}
	for _, one := range all {
		if access, err := f.Access(ctx, one.Account); err != nil || !slices.Contains(access.Ended, one.Session) {
			t.Errorf("%v is not known to have ended (%v)", one.Session, err)
		}
	}
}

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
