package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

// addClient makes a service account.
func (f *fixture) addClient(name users.AccountName) users.ServiceAccount {
	f.t.Helper()
	a := users.ServiceAccount{Account: users.Account{
		ID: users.NewID(), Kind: users.SubjectService, Name: name, Role: f.role, Active: true, TokenVersion: 1, CreatedAt: now(), UpdatedAt: now(),
	}}
	f.do(func(tx users.Tx) error { return tx.InsertServiceAccount(f.t.Context(), a) })
	return a
}

// addSecret makes a client secret with a value of one repeated byte.
func (f *fixture) addSecret(account users.ID, at time.Time, value byte) users.ClientSecret {
	f.t.Helper()
	s := users.ClientSecret{ID: users.NewID(), Account: account, LastFour: "4aBz", CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	f.do(func(tx users.Tx) error { return tx.InsertClientSecret(f.t.Context(), s, valueOf(value)) })
	return s
}

func valueOf(b byte) (v users.ClientSecretValue) {
	for i := range v {
		v[i] = b
	}
	return v
}

func (f *fixture) wantSecret(s *store.Store, account users.ID, value byte, want users.ClientSecret, wantErr error) {
	f.t.Helper()
	got, err := s.FindClientSecret(f.t.Context(), account, valueOf(value))
	wantError(f.t, "FindClientSecret", err, wantErr)
	same(f.t, "the secret that was found", got, want)
}

func testClientSecrets(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := open(t, f.url)
	a, b := f.addClient("orders"), f.addClient("billing")
	none := users.ClientSecret{}
	f.wantSecret(other, a.ID, 1, none, users.ErrNotFound) // before there is a key to digest with

	endless := users.ClientSecret{ID: users.NewID(), Account: a.ID, LastFour: "zzzz", CreatedAt: now().Add(time.Minute)}
	f.do(func(tx users.Tx) error { return tx.InsertClientSecret(ctx, endless, valueOf(2)) })
	first := f.addSecret(a.ID, now(), 1)
	theirs := f.addSecret(b.ID, now(), 1)

	list := func(what string, account users.ID, want ...users.ClientSecret) {
		t.Helper()
		for name, s := range map[string]*store.Store{"this process": f.Store, "another": other} {
			got, err := s.ClientSecrets(ctx, account)
			wantError(t, what, err, nil)
			same(t, what+", "+name, got, want)
		}
		f.do(func(tx users.Tx) error {
			got, err := tx.ClientSecrets(ctx, account)
			same(t, what+", in a transaction", got, want)
			return err
		})
	}
	list("the oldest first", a.ID, first, endless)
	list("of another account", b.ID, theirs)
	list("of none", users.NewID())
	f.wantSecret(f.Store, a.ID, 1, first, nil)
	f.wantSecret(other, a.ID, 2, endless, nil)
	f.wantSecret(other, b.ID, 1, theirs, nil) // the same value, another secret
	f.wantSecret(f.Store, a.ID, 3, none, users.ErrNotFound)
	f.wantSecret(f.Store, b.ID, 2, none, users.ErrNotFound)
	f.wantSecret(f.Store, users.NewID(), 1, none, users.ErrNotFound)

	f.try("of another account", users.ErrNotFound, func(tx users.Tx) error { return tx.DeleteClientSecret(ctx, b.ID, first.ID) })
	f.try("an unknown account", users.ErrBadReference, func(tx users.Tx) error {
		return tx.InsertClientSecret(ctx, users.ClientSecret{ID: users.NewID(), Account: users.NewID(), CreatedAt: now()}, valueOf(9))
	})
	f.do(func(tx users.Tx) error { return tx.DeleteClientSecret(ctx, a.ID, first.ID) })
	f.wantSecret(other, a.ID, 1, none, users.ErrNotFound)
	list("after a deletion", a.ID, endless)
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, a.ID) })
	list("of an account that is deleted", a.ID)
	f.wantSecret(other, a.ID, 2, none, users.ErrNotFound)
	f.wantSecret(other, b.ID, 1, theirs, nil)

	// Under another key no secret is found, and none that a digest alone would be enough for.
	byHand(t, f.url, `UPDATE service_secrets SET value = `+zeroBytes(f.url)+` WHERE name = 'client_secrets'`)
	f.wantSecret(f.Store, b.ID, 1, none, users.ErrNotFound)
	byHand(t, f.url, `DELETE FROM service_secrets WHERE name = 'client_secrets'`)
	f.wantSecret(f.Store, b.ID, 1, none, users.ErrNotFound)
}

// zeroBytes is a literal of 32 bytes.
func zeroBytes(url string) string {
	if strings.HasPrefix(url, "sqlite") {
		return `zeroblob(32)`
	}
	return `decode(repeat('00', 32), 'hex')`
}

// testClientSecretDigest: of a secret the database holds nothing that it could be found by.
func testClientSecretDigest(t *testing.T, f *fixture) {
	a := f.addClient("orders")
	f.addSecret(a.ID, now(), 'A')
	db := shell(t, f.url)
	defer db.Close()
	var digest string
	if err := db.QueryRowContext(t.Context(), `SELECT digest FROM client_secrets`).Scan(&digest); err != nil {
		t.Fatal(err)
	}
	if len(digest) != 43 || strings.Contains(digest, "AAAA") {
		t.Errorf("what is kept is %q", digest)
	}
}

// testClientSecretUse: the use of a secret is noted, at most once a minute, whichever process notes it.
func testClientSecretUse(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := open(t, f.url)
	a := f.addClient("orders")
	f.addSecret(a.ID, now(), 1)
	used := func() time.Time {
		t.Helper()
		list, err := f.ClientSecrets(ctx, a.ID)
		wantError(t, "ClientSecrets", err, nil)
		return list[0].UsedAt
	}
	note := func(s *store.Store, at time.Time) {
		t.Helper()
		found, err := s.FindClientSecret(ctx, a.ID, valueOf(1))
		wantError(t, "FindClientSecret", err, nil)
		s.NoteClientSecretUse(found, at)
	}
	same(t, "at first", used(), time.Time{})
	at := now()
	note(f.Store, at)
	eventually(t, "a use", func() bool { return used().Equal(at) })
	for range 10 {
		note(f.Store, at.Add(59*time.Second))
		note(other, at.Add(59*time.Second))
	}
	later := at.Add(time.Minute)
	note(other, later)
	eventually(t, "a use a minute later", func() bool { return used().Equal(later) })
	// What a store had to write when it is closed is written.
	third, err := store.Open(ctx, f.url)
	wantError(t, "Open", err, nil)
	third.SetLimits(patience, patience, patience)
	last := later.Add(time.Hour)
	note(third, last)
	wantError(t, "Close", third.Close(), nil)
	same(t, "after Close", used(), last)
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, a.ID) })
	other.NoteClientSecretUse(users.ClientSecret{ID: users.NewID()}, last) // of a secret that is gone: nothing happens
}
