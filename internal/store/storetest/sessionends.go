package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

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
