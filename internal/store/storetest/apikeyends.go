package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// testAPIKeysEnd: whatever ends a key while a token that was issued for it may be valid is noted as the end of a session is, and
// followers are told of it. What only changes the key, or leaves it long enough, is not.
func testAPIKeysEnd(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	other := open(t, f.url)
	postgres := strings.HasPrefix(f.url, "postgres")
	clock := map[bool]string{true: `clock_timestamp() + CAST('%d seconds' AS interval)`, false: `(unixepoch() + %d) * 1000000`}[postgres]
	in := func(seconds int) string { return fmt.Sprintf(clock, seconds) }
	update := func(set string) func(users.APIKey) {
		return func(k users.APIKey) { byHand(t, f.url, `UPDATE api_keys SET `+set+` WHERE id = '`+k.ID.String()+`'`) }
	}
	all := func(statement string) func(users.APIKey) {
		return func(users.APIKey) { byHand(t, f.url, statement) }
	}
	replace := func(k users.APIKey, at time.Time) {
		k.ExpiresAt, k.Successor = at, users.NewID()
		f.do(func(tx users.Tx) error { return tx.ReplaceAPIKey(ctx, k) })
	}
	ends := map[string]func(users.APIKey){
		"ended":                   func(k users.APIKey) { f.do(func(tx users.Tx) error { return tx.EndAPIKey(ctx, a.ID, k.ID) }) },
		"all ended":               func(users.APIKey) { f.do(func(tx users.Tx) error { return tx.EndAPIKeys(ctx, a.ID) }) },
		"replaced with no rest":   func(k users.APIKey) { replace(k, instantNow()) },
		"cut":                     update(`expires_at = ` + in(500)),
		"cut, never before":       func(k users.APIKey) { update(`expires_at = NULL`)(k); update(`expires_at = ` + in(500))(k) },
		"another scope":           update(`scope = 'docs:read'`),
		"another account":         update(`account_id = '` + b.ID.String() + `'`),
		"another id":              update(`id = '` + users.NewID().String() + `'`),
		"deleted by hand":         all(`DELETE FROM api_keys`),
		"deleted, expired lately": func(k users.APIKey) { update(`expires_at = ` + in(-200))(k); all(`DELETE FROM api_keys`)(k) },
	}
	stays := map[string]func(users.APIKey){
		"another name":          update(`name = 'Other'`),
		"replaced, ten minutes": func(k users.APIKey) { replace(k, instantNow().Add(10*time.Minute)) },
		"never expires":         update(`expires_at = NULL`),
		"warned":                update(`warned_days = 14`),
		"used":                  func(k users.APIKey) { f.NoteAPIKeyUse(k, instantNow()) },
		"nothing":               update(`scope = scope, expires_at = expires_at`),
	}
	if postgres {
		ends["truncated"] = all(`TRUNCATE api_keys`)
	} else {
		ends["replaced by hand"] = all(`REPLACE INTO api_keys (id, account_id, digest, name, last_four, scope, created_at) SELECT id, account_id, 'x', name, last_four, '', 0 FROM api_keys`)
		ends["deleted without a stamp"] = func(users.APIKey) { byHand(t, f.url, `DELETE FROM authorization_stamp`, `DELETE FROM api_keys`) }
		ends["cut without a stamp"] = func(users.APIKey) {
			byHand(t, f.url, `DELETE FROM authorization_stamp`, `UPDATE api_keys SET scope = ''`)
		}
	}
	for want, cases := range map[bool]map[string]func(users.APIKey){true: ends, false: stays} {
		for what, change := range cases {
			k, _ := f.addAPIKey(a, what)
			if access, err := other.Access(ctx, a.ID); err != nil || slices.Contains(access.Ended, k.ID) {
				t.Fatalf("%s: ended before the end (%v)", what, err)
			}
			var before feed.State
			f.view(func(v feed.View) (err error) {
				before, err = v.ChangeState(ctx)
				return err
			})
			change(k)
			for _, s := range []users.Reader{f.Store, other} {
				if access, err := s.Access(ctx, a.ID); err != nil || slices.Contains(access.Ended, k.ID) != want {
					t.Errorf("%s: %v have ended (%v), of it %v is wanted", what, access.Ended, err, want)
				}
			}
			f.view(func(v feed.View) error {
				told, err := v.EndedSessions(ctx, feed.AccountPlace{Position: before.Position}, before.Now, 10)
				at := slices.IndexFunc(told, func(s feed.SessionEnd) bool { return s.Place.ID == k.ID })
				if (at >= 0) != want {
					t.Errorf("%s: followers are told %+v", what, told)
				}
				if at >= 0 && told[at].Until.Sub(before.Now.Add(20*time.Minute)).Abs() > 5*time.Minute {
					t.Errorf("%s: told until %v", what, told[at].Until)
				}
				return err
			})
			byHand(t, f.url, `DELETE FROM api_keys`)
		}
	}
	// Of a key that expired long ago no token is left.
	k, _ := f.addAPIKey(a, "long ago")
	byHand(t, f.url, `UPDATE api_keys SET expires_at = `+in(-400), `DELETE FROM ended_sessions`, `DELETE FROM api_keys`)
	if access, err := f.Access(ctx, a.ID); err != nil || slices.Contains(access.Ended, k.ID) {
		t.Errorf("of a key that expired long ago the end is noted (%v)", err)
	}
}

// testDueAPIKeys: keys that end soon are found in the order of their ends until a warning of them is noted that is as near.
func testDueAPIKeys(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	const day = 24 * time.Hour
	now := instantNow()
	insert := func(name string, life time.Duration, warned int) users.APIKey {
		k, secret := newAPIKey(a, name)
		if k.ExpiresAt, k.Warned = now.Add(life), warned; life == 0 {
			k.ExpiresAt = time.Time{}
		}
		f.do(func(tx users.Tx) error { return tx.InsertAPIKey(ctx, k, secret) })
		return k
	}
	two, one, ten := insert("two days", 2*day, 0), insert("one day", day, 14), insert("ten days", 10*day, 0)
	warned, rotated := insert("warned", day, 3), insert("rotated", day, 0)
	insert("never", 0, 0)
	insert("expired", -time.Hour, 0)
	insert("in a month", 30*day, 0)
	rotated.Successor = warned.ID
	f.do(func(tx users.Tx) error { return tx.ReplaceAPIKey(ctx, rotated) })
	due := func(days, limit int, want ...users.APIKey) {
		t.Helper()
		got, err := f.DueAPIKeys(ctx, now, days, limit)
		if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("within %d days: %+v (%v), want %+v", days, got, err, want)
		}
		f.do(func(tx users.Tx) error {
			inside, err := tx.DueAPIKeys(ctx, now, days, limit)
			if !reflect.DeepEqual(inside, got) {
				t.Errorf("in a transaction within %d days: %+v", days, inside)
			}
			return err
		})
	}
	due(3, 10, one, two)
	due(3, 1, one)
	due(14, 10, two, ten)
	f.do(func(tx users.Tx) error { return tx.NoteAPIKeyWarning(ctx, one.ID, 3) })
	f.do(func(tx users.Tx) error { return tx.NoteAPIKeyWarning(ctx, ten.ID, 14) })
	f.try("NoteAPIKeyWarning of no key", users.ErrNotFound, func(tx users.Tx) error { return tx.NoteAPIKeyWarning(ctx, users.NewID(), 3) })
	due(3, 10, two)
	due(14, 10, two)
	f.do(func(tx users.Tx) error { return tx.NoteAPIKeyWarning(ctx, two.ID, 3) })
	due(3, 10)
	due(14, 10)
}
