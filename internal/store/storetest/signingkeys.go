package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/store"
)

func newSigningKey(slot int64, id string) keyring.Record {
	at := now()
	return keyring.Record{
		Slot: slot, ID: id, Algorithm: "RS256", Public: []byte{0, 1, 0xff, byte(slot)}, Sealed: "v1.id." + id,
		PublishedAt: at, SignsFrom: at.Add(time.Hour), SignsUntil: at.Add(2 * time.Hour), TokenLife: 7 * 24 * time.Hour,
	}
}

// onKeys runs fn in a transaction that must succeed.
func (f *fixture) onKeys(fn func(tx keyring.Tx) error) {
	f.t.Helper()
	f.do(func(tx users.Tx) error { return fn(tx.(keyring.Tx)) })
}

func (f *fixture) insertSigningKey(r keyring.Record, want bool) {
	f.t.Helper()
	f.onKeys(func(tx keyring.Tx) error {
		inserted, err := tx.InsertSigningKey(f.t.Context(), r)
		if inserted != want {
			f.t.Errorf("slot %d, key %s: inserted is %t", r.Slot, r.ID, inserted)
		}
		return err
	})
}

// signingKeys returns what the database has.
func (f *fixture) signingKeys() []keyring.Record {
	f.t.Helper()
	found, err := f.SigningKeys(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	if behind := time.Since(found.Now); behind.Abs() > time.Hour {
		f.t.Errorf("the clock of the database is %v behind", behind)
	}
	return found.Keys
}

func testSigningKeys(t *testing.T, f *fixture) {
	ctx := t.Context()
	same(t, "at first", len(f.signingKeys()), 0)
	one, two := newSigningKey(1, "one"), newSigningKey(2, "two")
	f.insertSigningKey(two, true)
	f.insertSigningKey(one, true)
	same(t, "in the order of the slots", f.signingKeys(), []keyring.Record{one, two})
	f.onKeys(func(tx keyring.Tx) error {
		found, err := tx.SigningKeys(ctx)
		same(t, "in a transaction", found.Keys, []keyring.Record{one, two})
		return err
	})

	f.insertSigningKey(newSigningKey(2, "three"), false)
	f.insertSigningKey(newSigningKey(3, "two"), false)
	same(t, "after two that were taken", f.signingKeys(), []keyring.Record{one, two})

	two.Sealed, two.SignsFrom, two.SignsUntil, two.TokenLife, two.RevokedAt = "", now(), now(), time.Hour, now()
	changed := two
	changed.ID, changed.Algorithm, changed.Public, changed.PublishedAt = "other", "ES256", nil, now() // which stay
	f.onKeys(func(tx keyring.Tx) error { return tx.UpdateSigningKey(ctx, changed) })
	same(t, "updated", f.signingKeys(), []keyring.Record{one, two})
	two.RevokedAt = time.Time{}
	f.onKeys(func(tx keyring.Tx) error { return tx.UpdateSigningKey(ctx, two) })
	same(t, "updated to none", f.signingKeys(), []keyring.Record{one, two})
	f.onKeys(func(tx keyring.Tx) error { return tx.DeleteSigningKey(ctx, 1) })
	same(t, "deleted", f.signingKeys(), []keyring.Record{two})

	for name, missing := range map[string]func(tx keyring.Tx) error{
		"UpdateSigningKey": func(tx keyring.Tx) error { return tx.UpdateSigningKey(ctx, one) },
		"DeleteSigningKey": func(tx keyring.Tx) error { return tx.DeleteSigningKey(ctx, one.Slot) },
	} {
		f.try(name, users.ErrNotFound, func(tx users.Tx) error { return missing(tx.(keyring.Tx)) })
	}

	byHand(t, f.url, `UPDATE signing_keys SET public_key = '!'`)
	if keys := f.signingKeys(); len(keys) != 1 || keys[0].Public != nil || keys[0].ID != "two" {
		t.Errorf("a damaged key is read as %+v", keys)
	}
}

// testKeyStamp: whatever changes a key, by whichever process, draws a stamp that was never there before; every account that
// is read then comes with that stamp, and the process knows it too. Nothing else does.
func testKeyStamp(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	others := map[string]*store.Store{"this process": f.Store, "another": open(t, f.url), "one that listens": open(t, f.url)}
	wantError(t, "Listen", others["one that listens"].Listen("", func(bool, string) {}), nil)
	seen := map[string]bool{}
	position := int64(-1) // of the last change of the keys
	known := func(what string, changed bool) {
		t.Helper()
		found, err := f.SigningKeys(ctx)
		wantError(t, what, err, nil)
		if seen[found.Stamp] == changed || found.Stamp == "" {
			t.Errorf("%s: the stamp %q was seen before: %t", what, found.Stamp, seen[found.Stamp])
		}
		seen[found.Stamp] = true
		f.view(func(v feed.View) error {
			state, err := v.ChangeState(ctx)
			if state.KeyStamp != found.Stamp || (state.KeyPosition > position) != changed || state.KeyPosition > state.Position {
				t.Errorf("%s: followers are told of the stamp %q at %d of %d, after %d, want %q", what, state.KeyStamp, state.KeyPosition, state.Position, position, found.Stamp)
			}
			position = state.KeyPosition
			return err
		})
		for name, s := range others {
			access, err := s.Access(ctx, a.ID)
			if err != nil || access.Keys != found.Stamp {
				t.Errorf("%s: %s reads the account at the stamp %q (%v), want %q", what, name, access.Keys, err, found.Stamp)
			}
			eventually(t, what+": KeyStamp of "+name, func() bool {
				stamp, err := s.KeyStamp(ctx)
				wantError(t, "KeyStamp", err, nil)
				return stamp == found.Stamp
			})
			if access, ok := s.CachedAccess(a.ID); ok && access.Keys != found.Stamp {
				t.Errorf("%s: %s has the account in its cache at the stamp %q", what, name, access.Keys)
			}
		}
		f.do(func(tx users.Tx) error {
			access, err := tx.Access(ctx, a.ID)
			if access.Keys != found.Stamp {
				t.Errorf("%s: a transaction reads the account at the stamp %q", what, access.Keys)
			}
			return err
		})
	}
	known("at first", true)
	known("when nothing has changed", false)
	for _, step := range []struct {
		what    string
		changes bool
		do      func()
	}{
		{"an insert", true, func() { f.insertSigningKey(newSigningKey(1, "one"), true) }},
		{"an insert that is refused", strings.HasPrefix(f.url, "postgres"), func() { f.insertSigningKey(newSigningKey(1, "two"), false) }},
		{"an update", true, func() {
			f.onKeys(func(tx keyring.Tx) error { return tx.UpdateSigningKey(ctx, newSigningKey(1, "one")) })
		}},
		{"an update by hand", true, func() { byHand(t, f.url, `UPDATE signing_keys SET private_key = ''`) }},
		{"a change of an account", false, func() {
			f.do(func(tx users.Tx) error { a.TokenVersion++; return tx.UpdateAccount(ctx, a) })
		}},
		{"a change of a role", false, func() { f.addPermission("x:y", f.role) }},
		{"a key id that is noted", false, func() {
			f.onKeys(func(tx keyring.Tx) error { _, err := tx.NameSigningKey(ctx, "main", "t"); return err })
		}},
		{"the row of the stamps gone", true, func() { byHand(t, f.url, `DELETE FROM authorization_stamp`) }},
		{"the same once more", true, func() { byHand(t, f.url, `DELETE FROM authorization_stamp`) }},
		{"a deletion", true, func() { f.onKeys(func(tx keyring.Tx) error { return tx.DeleteSigningKey(ctx, 1) }) }},
		{"an insert by hand", true, func() { byHand(t, f.url, insertKeyByHand) }},
		{"all of them deleted by hand", true, func() { byHand(t, f.url, `DELETE FROM signing_keys`) }},
	} {
		step.do()
		known(step.what, step.changes)
	}
}

const insertKeyByHand = `INSERT INTO signing_keys (slot, kid, algorithm, public_key, private_key, published_at, signs_from, signs_until, token_life)
	SELECT 7, 'by hand', 'RS256', '', '', created_at, created_at, created_at, 1 FROM accounts`

// eventually waits for what comes about by itself.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("%s: it never comes about", what)
		}
	}
}

func testNamedKeys(t *testing.T, f *fixture) {
	ctx := t.Context()
	name := func(id, thumbprint, want string) {
		t.Helper()
		f.onKeys(func(tx keyring.Tx) error {
			first, err := tx.NameSigningKey(ctx, id, thumbprint)
			same(t, id+" for "+thumbprint, first, want)
			return err
		})
	}
	has := func(want bool) {
		t.Helper()
		f.onKeys(func(tx keyring.Tx) error {
			any, err := tx.HasNamedKeys(ctx)
			same(t, "HasNamedKeys", any, want)
			return err
		})
	}
	has(false)
	name("main", "one", "one")
	name("main", "one", "one")
	name("main", "two", "one")
	name("Main", "two", "two")
	has(true)
}

// testNextSlotOfTwo: two replicas that find the next slot free make its key at the same time, a thousand times. Each time
// one key is kept, and both read the same.
func testNextSlotOfTwo(t *testing.T, f *fixture) {
	const rounds = 1000
	stores := []*store.Store{f.Store, open(t, f.url)}
	for round := range int64(rounds) {
		slot := round + 1
		var inserted [2]bool
		var both sync.WaitGroup
		start := make(chan struct{})
		for i, s := range stores {
			both.Go(func() {
				<-start
				err := s.InTx(t.Context(), func(tx users.Tx) (err error) {
					inserted[i], err = tx.(keyring.Tx).InsertSigningKey(t.Context(), newSigningKey(slot, fmt.Sprintf("%d of %d", slot, i)))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		both.Wait()
		if inserted[0] == inserted[1] {
			t.Fatalf("slot %d: inserted by both or none: %v", slot, inserted)
		}
		winner := 0
		if inserted[1] {
			winner = 1
		}
		for _, s := range stores {
			found, err := s.SigningKeys(context.Background())
			if err != nil || int64(len(found.Keys)) != min(slot, 3) || found.Keys[len(found.Keys)-1].ID != fmt.Sprintf("%d of %d", slot, winner) {
				t.Fatalf("slot %d: %d keys, %v", slot, len(found.Keys), err)
			}
		}
		if slot >= 3 { // as it is in life, there are never many
			f.onKeys(func(tx keyring.Tx) error { return tx.DeleteSigningKey(t.Context(), slot-2) })
		}
	}
}
