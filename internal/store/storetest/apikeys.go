package storetest

import (
	"crypto/rand"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

// newAPIKey is a key of an account, and a secret.
func newAPIKey(a users.Account, name string) (k users.APIKey, secret users.APIKeySecret) {
	at := instantNow()
	_, _ = rand.Read(secret[:])
	return users.APIKey{
		ID: users.NewID(), Account: a.ID, Name: name, LastFour: "x0B1", Scope: users.NewScope("docs:read", "docs:write"),
		CreatedAt: at, ExpiresAt: at.Add(time.Hour),
	}, secret
}

func (f *fixture) addAPIKey(a users.Account, name string) (users.APIKey, users.APIKeySecret) {
	f.t.Helper()
	k, secret := newAPIKey(a, name)
	f.do(func(tx users.Tx) error { return tx.InsertAPIKey(f.t.Context(), k, secret) })
	return k, secret
}

// wantKey checks that a store finds a key by its secret, or that it does not where want is nil.
func wantKey(t testing.TB, s *store.Store, what string, secret users.APIKeySecret, want *users.APIKey) {
	t.Helper()
	found, err := s.FindAPIKey(t.Context(), secret)
	if want == nil {
		wantError(t, "FindAPIKey of "+what, err, users.ErrNotFound)
		return
	}
	if err != nil || !reflect.DeepEqual(found.Key, *want) || found.Access.Account.ID != want.Account || found.Access.Graph == nil {
		t.Errorf("%s: found %+v of %s (%v), want %+v", what, found.Key, found.Access.Account.ID, err, *want)
	}
	again, err := s.APIKeyAccess(t.Context(), found.Digest)
	if err != nil || !reflect.DeepEqual(again.Key, *want) || again.Digest != found.Digest {
		t.Errorf("%s: by its digest %+v (%v)", what, again.Key, err)
	}
}

func testAPIKeys(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	var unknown users.APIKeySecret
	wantKey(t, f.Store, "a database without keys", unknown, nil)
	one, first := f.addAPIKey(a, "One")
	two, second := f.addAPIKey(a, "Zwei\u00a0ü")
	other, third := f.addAPIKey(b, "One")
	wantKey(t, f.Store, "no key", unknown, nil)
	for _, s := range []*store.Store{f.Store, open(t, f.url)} {
		wantKey(t, s, "the first key", first, &one)
		wantKey(t, s, "the second key", second, &two)
		wantKey(t, s, "the key of another", third, &other)
	}
	list := func(at time.Time, want ...users.APIKey) {
		t.Helper()
		got, err := f.APIKeys(ctx, a.ID, at)
		if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("the keys are %+v (%v), want %+v", got, err, want)
		}
	}
	list(one.CreatedAt, two, one)
	list(one.ExpiresAt, two)
	list(two.ExpiresAt)

	f.try("InsertAPIKey of no account", users.ErrBadReference, func(tx users.Tx) error {
		k, secret := newAPIKey(users.Account{ID: users.NewID()}, "none")
		return tx.InsertAPIKey(ctx, k, secret)
	})
	f.try("InsertAPIKey with a secret that there is", users.ErrTaken, func(tx users.Tx) error {
		k, _ := newAPIKey(a, "again")
		return tx.InsertAPIKey(ctx, k, first)
	})
	one.Successor, one.ExpiresAt = two.ID, time.Time{}
	f.do(func(tx users.Tx) error { return tx.ReplaceAPIKey(ctx, one) })
	wantKey(t, f.Store, "the key that was replaced", first, &one)
	f.try("ReplaceAPIKey once more", users.ErrNotFound, func(tx users.Tx) error { return tx.ReplaceAPIKey(ctx, one) })
	list(two.ExpiresAt.Add(time.Hour), one)

	f.try("EndAPIKey of another account", users.ErrNotFound, func(tx users.Tx) error { return tx.EndAPIKey(ctx, b.ID, one.ID) })
	f.do(func(tx users.Tx) error {
		if err := tx.EndAPIKey(ctx, a.ID, one.ID); err != nil {
			return err
		}
		found, err := f.FindAPIKey(ctx, second)
		if err != nil {
			return err
		}
		inside, err := tx.APIKeyAccess(ctx, found.Digest)
		if !reflect.DeepEqual(inside.Key, two) || inside.Access.Graph == nil {
			t.Errorf("in a transaction the key is %+v", inside.Key)
		}
		return err
	})
	f.try("EndAPIKey once more", users.ErrNotFound, func(tx users.Tx) error { return tx.EndAPIKey(ctx, a.ID, one.ID) })
	wantKey(t, f.Store, "a key that was ended", first, nil)
	wantKey(t, f.Store, "the other key", second, &two)
	f.do(func(tx users.Tx) error { return tx.EndAPIKeys(ctx, a.ID) })
	wantKey(t, f.Store, "one of all keys that were ended", second, nil)
	wantKey(t, f.Store, "the key of another", third, &other)
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, b.ID) })
	wantKey(t, f.Store, "the key of a deleted account", third, nil)
}

// testAPIKeyChangesAreSeen: whatever ends or changes a key, by whichever process or by hand, is seen with the next look, and
// at a store that is notified within a second of it.
func testAPIKeyChangesAreSeen(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	notified := open(t, f.url)
	wantError(t, "Listen", notified.Listen("", func(bool, string) {}), nil)
	postgres := !strings.HasPrefix(f.url, "sqlite")
	statements := map[string]string{
		"deleted":       `DELETE FROM api_keys WHERE id = '%s'`,
		"deleted cut":   `DELETE FROM api_keys WHERE account_id IN (SELECT account_id FROM api_keys WHERE id = '%s')`,
		"given away":    `UPDATE api_keys SET scope = 'docs:read' WHERE id = '%s'`,
		"renamed":       `UPDATE api_keys SET name = 'Other' WHERE id = '%s'`,
		"without end":   `UPDATE api_keys SET expires_at = NULL WHERE id = '%s'`,
		"other account": `UPDATE api_keys SET account_id = (SELECT id FROM accounts WHERE email = 'bob@example.com') WHERE id = '%s'`,
	}
	if postgres {
		statements["truncated"] = `TRUNCATE api_keys -- %s`
	} else {
		statements["replaced"] = `REPLACE INTO api_keys (id, account_id, digest, name, last_four, scope, created_at) SELECT id, account_id, 'x', name, last_four, '', 0 FROM api_keys WHERE id = '%s'`
	}
	f.addAccount("bob@example.com", f.role)
	for what, statement := range statements {
		k, secret := f.addAPIKey(a, what)
		wantKey(t, f.Store, what+": before", secret, &k)
		await(t, "the key in the cache", func() bool {
			wantKey(t, notified, what+": before", secret, &k)
			_, cached := notified.CachedAPIKey(secret)
			return cached || !postgres
		})
		byHand(t, f.url, fmt.Sprintf(statement, k.ID))
		for name, s := range map[string]*store.Store{"the store": f.Store, "the notified": notified} {
			if found, err := s.FindAPIKey(ctx, secret); err == nil && reflect.DeepEqual(found.Key, k) {
				t.Errorf("%s: %s has the key as it was", what, name)
			}
		}
		await(t, "the cache to forget the key", func() bool {
			found, cached := notified.CachedAPIKey(secret)
			return !cached || !reflect.DeepEqual(found.Key, k)
		})
	}
	// A change of the account counts for its keys.
	k, secret := f.addAPIKey(a, "last")
	wantKey(t, notified, "last", secret, &k)
	a.Active, a.TokenVersion = false, 7
	f.do(func(tx users.Tx) error { return tx.UpdateAccount(ctx, a) })
	if found, err := notified.FindAPIKey(ctx, secret); err != nil || found.Access.Account.Active {
		t.Errorf("of a disabled account: %+v (%v)", found.Access.Account, err)
	}
}

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s", what)
		}
	}
}

// testAPIKeyUses: a use is written soon, and another within a minute is not; nothing else of the key or the revision changes.
func testAPIKeyUses(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	k, secret := f.addAPIKey(a, "One")
	before, err := f.Access(ctx, a.ID)
	wantError(t, "Access", err, nil)
	read := func() users.APIKey {
		t.Helper()
		keys, err := f.APIKeys(ctx, a.ID, k.CreatedAt)
		if err != nil || len(keys) != 1 {
			t.Fatalf("%+v, %v", keys, err)
		}
		return keys[0]
	}
	at := k.CreatedAt.Add(time.Second)
	for range 100 {
		f.NoteAPIKeyUse(k, at)
	}
	await(t, "the use to be written", func() bool { return read().UsedAt.Equal(at) })
	// Its own notes and those of another replica that has just read the key keep it from writing again.
	f.NoteAPIKeyUse(k, at.Add(59*time.Second))
	other := open(t, f.url)
	other.NoteAPIKeyUse(read(), at.Add(59*time.Second))
	other.NoteAPIKeyUse(k, at.Add(20*time.Second)) // it has read the key before; then the database keeps it
	f.NoteAPIKeyUse(users.APIKey{ID: users.NewID()}, at)
	later := at.Add(time.Minute)
	f.NoteAPIKeyUse(k, later)
	await(t, "the next use to be written", func() bool { return !read().UsedAt.Equal(at) })
	want := k
	want.UsedAt = later
	if got := read(); !reflect.DeepEqual(got, want) {
		t.Errorf("the key is %+v, want %+v", got, want)
	}
	after, err := f.Access(ctx, a.ID)
	wantError(t, "Access", err, nil)
	if after.Revision != before.Revision {
		t.Error("a use has renewed the revision")
	}
	wantKey(t, f.Store, "the key", secret, &want)
}

func testSweepAPIKeys(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	kept, first := f.addAPIKey(a, "kept")
	_, second := f.addAPIKey(a, "expired")
	endless, third := newAPIKey(a, "endless")
	endless.ExpiresAt = time.Time{}
	f.do(func(tx users.Tx) error { return tx.InsertAPIKey(ctx, endless, third) })
	wantError(t, "SweepAPIKeys", f.SweepAPIKeys(ctx, kept.ExpiresAt), nil)
	wantKey(t, f.Store, "a key that has just expired", first, &kept)
	byHand(t, f.url, `UPDATE api_keys SET expires_at = created_at WHERE name = 'expired'`)
	wantError(t, "SweepAPIKeys", f.SweepAPIKeys(ctx, kept.ExpiresAt), nil)
	wantKey(t, f.Store, "a key that is left", first, &kept)
	wantKey(t, f.Store, "a key that was swept", second, nil)
	wantKey(t, f.Store, "a key that does not expire", third, &endless)
}
