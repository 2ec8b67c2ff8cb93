package keyring_test

import (
	"context"
	stdsql "database/sql"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/token"
)

// sql runs a statement past the store.
func sql(t testing.TB, database, statement string) {
	t.Helper()
	driver, name := "pgx", database
	if path, ok := strings.CutPrefix(database, "sqlite://"); ok {
		driver, name = "sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(600000)"}).String()
	}
	db, err := stdsql.Open(driver, name)
	must(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	must(t, err)
}

func migrate(t testing.TB, database string) {
	t.Helper()
	st, err := store.Open(t.Context(), database)
	must(t, err)
	must(t, st.Migrate(t.Context()))
	must(t, st.Close())
}

// TestUnknownKeysAreCheap: tokens of unknown keys, however many, cost a few reads a second, and each waits for a read
// that has begun after it.
func TestUnknownKeysAreCheap(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		r := started(t, p)
		before, began := r.store.reads.Load(), time.Now()
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				for range 20 {
					if err := r.Refresh(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		asking.Wait()
		took := time.Since(began)
		if reads := r.store.reads.Load() - before; float64(reads) > took.Seconds()*4+2 || reads < 20 {
			t.Errorf("a thousand tokens of unknown keys cost %d reads in %v", reads, took)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Refresh(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("the client has gone: %v", err)
		}
		r.store.away.Store(true)
		if err := r.Refresh(t.Context()); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("the database is away: %v", err)
		}
	})
}

// TestAccepts: a key counts in the state that a stamp is of, or in a later one; never in an earlier one.
func TestAccepts(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		writer, r := started(t, p), started(t, p)
		key := strings.Fields(r.published())[0]
		stamp := func() string {
			t.Helper()
			found, err := writer.store.Store.SigningKeys(t.Context())
			must(t, err)
			return found.Stamp
		}
		accepts := func(what, stamp string, want bool) {
			t.Helper()
			if ok, err := r.Accepts(t.Context(), key, stamp); ok != want || err != nil {
				t.Errorf("%s: %v, %v", what, ok, err)
			}
		}
		first := stamp()
		reads := r.store.reads.Load()
		for range 100 {
			accepts("at the stamp that is known", first, true)
		}
		if n := r.store.reads.Load() - reads; n != 0 {
			t.Errorf("it cost %d reads", n)
		}
		_, err := writer.Rotate(t.Context(), users.AsOperator(), true)
		must(t, err)
		accepts("after a rotation", stamp(), true)
		_, err = writer.Revoke(t.Context(), users.AsOperator(), key, false)
		must(t, err)
		r.store.away.Store(true)
		if ok, err := r.Accepts(t.Context(), key, stamp()); ok || !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("revoked, and the database is away: %v, %v", ok, err)
		}
		r.store.away.Store(false)
		accepts("after it was revoked", stamp(), false)
		accepts("at a stamp of before, which no reader has any more", first, false)
	})
}

// TestAcceptedKeys: the ids that followers are told are those in the JWK set, in the state of a stamp or in a later one.
func TestAcceptedKeys(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals, p.retired = sealing(t, 0), []*token.Key{named(t, "retired")}
		writer, lagging := started(t, p), started(t, p)
		agree := func(what string) {
			t.Helper()
			found, err := writer.store.Store.SigningKeys(t.Context())
			must(t, err)
			for name, r := range map[string]*replica{"the writer": writer, "a replica that lags": lagging} {
				ids, err := r.AcceptedKeys(t.Context(), found.Stamp)
				published := strings.Fields(writer.published())
				slices.Sort(published)
				if err != nil || !slices.Equal(ids, published) || !slices.Contains(ids, "retired") {
					t.Errorf("%s: %s accepts %q (%v), published are %q", what, name, ids, err, published)
				}
				if signing := strings.Fields(r.published())[0]; !slices.Contains(ids, signing) {
					t.Errorf("%s: %s signs with %s, which is none of %q", what, name, signing, ids)
				}
			}
		}
		agree("at first")
		first := strings.Fields(writer.published())
		_, err := writer.Rotate(t.Context(), users.AsOperator(), true)
		must(t, err)
		agree("after a rotation")
		_, err = writer.Revoke(t.Context(), users.AsOperator(), first[1], false)
		must(t, err)
		agree("after the key that signs was revoked")
		lagging.store.away.Store(true)
		if ids, err := lagging.AcceptedKeys(t.Context(), "a later stamp"); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("the database is away: %q, %v", ids, err)
		}
	})
}

// TestFollowing: a replica that is asked for nothing follows what others do, and what the time brings.
func TestFollowing(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		writer, idle := started(t, p).run(t), started(t, p).run(t)
		must(t, idle.store.Listen("", func(bool, string) {}))
		was := strings.Fields(writer.published())
		_, err := writer.Rotate(t.Context(), users.AsOperator(), true)
		must(t, err)
		eventually(t, "the other signs with the next key", func() bool { return strings.Fields(idle.published())[0] == was[1] })
		_, err = writer.Revoke(t.Context(), users.AsOperator(), was[0], false)
		must(t, err)
		eventually(t, "the other has left out the revoked key", func() bool { return !strings.Contains(idle.published(), was[0]) })
		sql(t, url, `DELETE FROM signing_keys WHERE kid = '`+was[1]+`'`)
		eventually(t, "the next key signs where the one that signed was deleted by hand", func() bool {
			return strings.HasPrefix(writer.states(t), "next signing") && !strings.Contains(idle.published(), was[1]) && idle.Ready() == nil
		})
		sql(t, url, `DELETE FROM signing_keys`)
		eventually(t, "new keys are made where all were deleted by hand", func() bool {
			return writer.states(t) == "next signing" && idle.published() == writer.published() && idle.Ready() == nil
		})
		if _, err := idle.tokens.Verify(writer.issue(t), time.Now()); err != nil {
			t.Error(err)
		}
	})
}

// TestClocks: who signs is decided by the clock of the database, whatever that of the replica shows.
func TestClocks(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		right := started(t, p)
		wrong := newReplica(t, p)
		wrong.ahead.Store(int64(45 * day)) // by which time another key would sign
		must(t, wrong.Start(t.Context(), false))
		if wrong.published() != right.published() {
			t.Errorf("the replica whose clock is wrong has %q, the other %q", wrong.published(), right.published())
		}
		wrong.mu.Lock()
		defer wrong.mu.Unlock()
		var ahead time.Duration
		for _, o := range wrong.seen {
			ahead = max(ahead, o.ClockAhead)
		}
		if ahead < 44*day || ahead > 46*day {
			t.Errorf("its clock is said to be %v ahead", ahead)
		}
		right.mu.Lock()
		defer right.mu.Unlock()
		for _, o := range right.seen {
			if o.ClockAhead.Abs() > keyring.MaxClockAhead+time.Minute {
				t.Errorf("the right clock is said to be %v ahead", o.ClockAhead)
			}
		}
	})
}

// TestCutOff: a replica that cannot read the keys goes on with those it knows, until the last of them has ended to sign.
func TestCutOff(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		r := started(t, p).run(t)
		keys := strings.Fields(r.published())
		r.store.away.Store(true)
		for _, step := range []struct {
			ahead time.Duration
			want  string
		}{{29 * day, keys[0]}, {31 * day, keys[1]}, {59 * day, keys[1]}} {
			r.ahead.Store(int64(step.ahead))
			eventually(t, "after "+step.ahead.String()+" "+step.want+" signs", func() bool { return strings.HasPrefix(r.published(), step.want) })
			if err := r.Ready(); err != nil {
				t.Errorf("after %v: %v", step.ahead, err)
			}
		}
		r.ahead.Store(int64(61 * day))
		eventually(t, "no key signs when the last has ended", func() bool { return r.Ready() != nil })
		if _, _, err := r.tokens.Issue(users.Claims{}); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("it signs: %v", err)
		}
		r.ahead.Store(0)
		r.store.away.Store(false)
		eventually(t, "it signs again when the database is back", func() bool { return r.Ready() == nil && strings.HasPrefix(r.published(), keys[0]) })
	})
}
