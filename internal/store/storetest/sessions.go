package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
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
