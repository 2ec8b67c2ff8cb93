package feed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// addKey inserts a signing key by hand.
func (w *feedWorld) addKey(slot int, id string) {
	w.t.Helper()
	times := `now(), now(), now()`
	if w.sqlite {
		times = `1, 1, 1`
	}
	w.sql(`INSERT INTO signing_keys (slot, kid, algorithm, public_key, private_key, published_at, signs_from, signs_until, token_life)
		VALUES (%d, '%s', 'RS256', '', '', %s, 1)`, slot, id, times)
}

func (w *feedWorld) revokeKey(id string) {
	w.t.Helper()
	revoked := `now()`
	if w.sqlite {
		revoked = `2`
	}
	w.sql(`UPDATE signing_keys SET revoked_at = %s WHERE kid = '%s'`, revoked, id)
}

// Every statement lists the keys, and a change of the keys is reason enough for one.
func TestKeysAreTold(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		must(t, w.store.Listen("", func(bool, string) {}))
		w.administrator("ada")
		w.addKey(1, "one")
		m := &model{w: w}
		m.catchUp()
		knows := func(what string, keys ...string) {
			t.Helper()
			if !slices.Equal(m.keys, keys) {
				t.Errorf("%s: %q are told, want %q", what, m.keys, keys)
			}
		}
		knows("at first", "one")
		for what, change := range map[string]func(){
			"a key more":    func() { w.addKey(2, "two") },
			"another times": func() { w.sql(`UPDATE signing_keys SET token_life = 2`) },
		} {
			before := m.pages
			change()
			if m.next(); m.pages != before+1 || !m.whole {
				t.Errorf("%s: told in %d statements, the last whole: %t", what, m.pages-before, m.whole)
			}
		}
		knows("two", "one", "two")

		w.revokeKey("one")
		m.next()
		knows("revoked", "two")
		// What changes meanwhile and concerns no follower comes without a statement, within a slot.
		for range 5 {
			before, cursor := m.pages, m.cursor
			w.sql(`UPDATE accounts SET updated_at = updated_at`)
			m.next()
			if m.pages == before {
				return
			}
			if cursorSlot(t, cursor) == cursorSlot(t, m.cursor) {
				t.Fatal("told twice of the same keys")
			}
		}
		t.Error("each answer was of another slot")
	})
}

// cursorSlot is the first part of a cursor.
func cursorSlot(t *testing.T, cursor string) (slot int64) {
	t.Helper()
	_, err := fmt.Sscanf(cursor, "%d.", &slot)
	must(t, err)
	return slot
}

// A follower that waits is told of a revocation at once.
func TestKeysEndTheWait(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		must(t, w.store.Listen("", func(bool, string) {}))
		w.addKey(1, "one")
		w.addKey(2, "two")
		m := &model{w: w}
		m.catchUp()
		quickest := patience
		for n := range 3 { // of several tries one must not have been ended by the slot
			told := make(chan feed.Answer, 1)
			go func() {
				answer, err := w.feed.Read(context.Background(), w.follower, feed.Query{After: m.cursor, Wait: time.Minute})
				if err != nil {
					t.Error(err)
				}
				told <- answer
			}()
			began := time.Now()
			w.addKey(3+n, fmt.Sprint("more ", n))
			answer := <-told
			quickest = min(quickest, time.Since(began))
			s, ok := w.told.Load(answer.Statement)
			if !ok || !slices.Contains(s.(feed.Statement).Keys, fmt.Sprint("more ", n)) {
				t.Fatalf("told of %+v", s)
			}
			m.take(s.(feed.Statement))
		}
		if quickest > 5*time.Second {
			t.Errorf("told after %v", quickest)
		}
	})
}

// laggingKeys are those of a replica that reads keys only when it is asked for a stamp that it does not know.
type laggingKeys struct {
	databaseKeys
	mu    sync.Mutex
	stamp string
	known []string
}

func (k *laggingKeys) AcceptedKeys(ctx context.Context, stamp string) (_ []string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if stamp == "" || stamp != k.stamp {
		if k.known, err = k.databaseKeys.AcceptedKeys(ctx, stamp); err != nil {
			return nil, err
		}
		k.stamp = stamp
	}
	return k.known, nil
}

// No list is older than the position that it is told at, however a replica lags and whatever changes meanwhile.
func TestKeysAreAsNewAsTheirPosition(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		w.feed.Keys = &laggingKeys{databaseKeys: databaseKeys{w.store}}
		w.addKey(1, "key 1")
		m := &model{w: w}
		m.catchUp()
		done, failed := make(chan struct{}), make(chan string, 1)
		go func() {
			defer close(done)
			last := 0
			for last < 30 {
				m.next()
				newest := 0
				for _, id := range m.keys {
					var n int
					_, _ = fmt.Sscanf(id, "key %d", &n)
					newest = max(newest, n)
				}
				if newest < last {
					failed <- fmt.Sprintf("%q are told after key %d", m.keys, last)
					return
				}
				last = newest
			}
		}()
		for n := 2; n <= 30; n++ {
			w.addKey(n, fmt.Sprint("key ", n))
			w.revokeKey(fmt.Sprint("key ", n-1))
		}
		<-done
		select {
		case what := <-failed:
			t.Error(what)
		default:
		}
		m.catchUp()
		if m.next(); !slices.Equal(m.keys, []string{"key 30"}) {
			t.Errorf("in the end %q are told", m.keys)
		}
	})
}

// changingKeys are those of a process whose keys change while statements are made: the first ones do not list the key that
// signs.
type changingKeys struct {
	plainSigner
	unlisted int
}

func (k *changingKeys) SignChanges(s feed.Statement) (string, error) {
	if k.unlisted--; k.unlisted >= 0 {
		return "", feed.ErrSignerUnlisted
	}
	return k.plainSigner.SignChanges(s)
}

// brokenKeys cannot be read.
type brokenKeys struct{}

var errBroken = errors.New("broken")

func (brokenKeys) AcceptedKeys(context.Context, string) ([]string, error) { return nil, errBroken }

func TestKeysThatChangeMeanwhile(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		for n, want := range map[int]error{1: nil, 2: nil, 3: users.ErrUnavailable} {
			w.feed.Signer = &changingKeys{plainSigner{&w.told}, n}
			// Of cursors that are made up, one a second and account is answered.
			answer, err := w.feed.Read(t.Context(), w.administrator(fmt.Sprint("follower", n)), feed.Query{After: fmt.Sprint("made up ", n)})
			if !errors.Is(err, want) || (answer.Statement == "") != (want != nil) {
				t.Errorf("%d statements without the key that signs: %+v, %v", n, answer, err)
			}
		}
		w.feed.Signer, w.feed.Keys = plainSigner{&w.told}, brokenKeys{}
		if _, err := w.feed.Read(t.Context(), w.follower, feed.Query{}); !errors.Is(err, errBroken) {
			t.Errorf("without keys: %v", err)
		}
	})
}
