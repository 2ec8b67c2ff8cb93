package store_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// reports collects what a Store reports of its notifications.
type reports struct {
	mu    sync.Mutex
	lines []string
}

func (r *reports) add(listening bool, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%t %s", listening, why))
}

func (r *reports) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "; ")
}

// listening makes a store receive change notifications.
func listening(t *testing.T, s *store.Store, url string) *reports {
	t.Helper()
	r := &reports{}
	if err := s.Listen(url, r.add); err != nil {
		t.Fatal(err)
	}
	return r
}

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// soon waits for what happens in a moment.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("not %s after %v", what, patience)
		}
	}
}

// warm asks for an account until it is cached.
func warm(t *testing.T, s *store.Store, id users.ID) {
	t.Helper()
	soon(t, "cached", func() bool {
		if _, ok := s.CachedAccess(id); ok {
			return true
		}
		if _, err := s.Access(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return false
	})
}

// TestPostgresNotifiesOfChangesByHand: any change by hand takes effect in the cache within a second; and
// other accounts are still in the cache without a query.
func TestPostgresNotifiesOfChangesByHand(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, a := withAccount(t, url)
	ctx := t.Context()
	email, err := users.ParseEmail("other@example.com")
	if err != nil {
		t.Fatal(err)
	}
	other := a
	other.ID, other.Email = users.NewID(), email
	p := users.Permission{ID: users.NewID(), Name: "x:y", CreatedAt: a.CreatedAt, UpdatedAt: a.CreatedAt}
	if err := s.InTx(ctx, func(tx users.Tx) error {
		if err := tx.InsertAccount(ctx, other, "$2b$10$x"); err != nil {
			return err
		}
		if err := tx.InsertPermission(ctx, p); err != nil {
			return err
		}
		return tx.Assign(ctx, a.Role.ID, []users.ID{p.ID})
	}); err != nil {
		t.Fatal(err)
	}
	listening(t, s, "")
	line := func(access users.Access) string {
		a := access.Account
		return fmt.Sprintf("%s %t %d %s %t", a.Email, a.Active, a.TokenVersion, a.Role.Name, access.Graph.May(a.Role.ID, p.Name))
	}
	again := users.NewID()
	for _, c := range []struct{ before, change string }{
		{"", `UPDATE accounts SET is_active = NOT is_active WHERE email_key NOT LIKE 'other%'`},
		{"", `UPDATE accounts SET token_version = token_version + 9 WHERE email_key NOT LIKE 'other%'`},
		{"", `UPDATE roles SET name = name || 'x'`},
		{
			`INSERT INTO role_permissions SELECT r.id, p.id FROM roles r, permissions p ON CONFLICT DO NOTHING`,
			`DELETE FROM role_permissions`,
		},
		{`DELETE FROM role_permissions`, `INSERT INTO role_permissions SELECT r.id, p.id FROM roles r, permissions p`},
		{
			`INSERT INTO permissions (id, name, created_at, updated_at) SELECT '` + p.ID.String() + `', 'x:y', created_at, updated_at FROM roles LIMIT 1
				ON CONFLICT DO NOTHING;
				INSERT INTO role_permissions SELECT r.id, p.id FROM roles r, permissions p ON CONFLICT DO NOTHING`,
			`DELETE FROM permissions`,
		},
		{"", `UPDATE accounts SET email = 'x' || email, email_key = 'x' || email_key WHERE email_key NOT LIKE 'other%'`},
		{
			`UPDATE accounts SET id = '` + a.ID.String() + `' WHERE email_key NOT LIKE 'other%'`,
			`UPDATE accounts SET id = '` + again.String() + `' WHERE email_key NOT LIKE 'other%'`,
		},
	} {
		// A busy machine may keep one try for longer, but hardly all of several.
		took := patience
		for tries := 0; tries < 5 && took > time.Second; tries++ {
			if c.before != "" {
				admin(t, url, c.before)
			}
			warm(t, s, other.ID)
			warm(t, s, a.ID)
			before, _ := s.CachedAccess(a.ID)
			admin(t, url, c.change)
			changed := time.Now()
			soon(t, "notified of "+c.change, func() bool {
				access, ok := s.CachedAccess(a.ID)
				return !ok || line(access) != line(before)
			})
			took = min(took, time.Since(changed))
			if strings.HasPrefix(c.change, "UPDATE accounts") {
				soon(t, "cached, the other, which has not changed", func() bool { _, ok := s.CachedAccess(other.ID); return ok })
			}
			if access, err := s.Access(ctx, a.ID); err == nil {
				warm(t, s, a.ID)
				if cached, ok := s.CachedAccess(a.ID); ok && line(cached) != line(access) {
					t.Errorf("after %s it is cached as %s, and is %s", c.change, line(cached), line(access))
				}
			}
		}
		if took > time.Second {
			t.Errorf("no try of %s was notified before %v", c.change, took)
		}
	}
	// Too many accounts to be named in the notification.
	warm(t, s, other.ID)
	admin(t, url, `INSERT INTO accounts SELECT gen_random_uuid(), n::text, n::text, 'x', role_id, true, 1, created_at, updated_at
		FROM accounts, generate_series(1, 200) n WHERE email_key = 'other@example.com'`)
	admin(t, url, `UPDATE accounts SET token_version = 5`)
	soon(t, "notified of a change of all", func() bool {
		access, ok := s.CachedAccess(other.ID)
		return !ok || access.Account.TokenVersion == 5
	})
	warm(t, s, other.ID)
	admin(t, url, `TRUNCATE accounts CASCADE`)
	soon(t, "notified of TRUNCATE", func() bool { _, ok := s.CachedAccess(other.ID); return !ok })
}

// TestPostgresHearsItsOwn: a process that has changed something is never let in on what was before, however soon it
// looks; another is not a second later, while both are busy.
func TestPostgresHearsItsOwn(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	writer, a := withAccount(t, url)
	reader, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	reader.SetLimits(patience, patience, patience)
	listening(t, writer, "")
	listening(t, reader, "")
	warm(t, writer, a.ID)
	warm(t, reader, a.ID)
	var over atomic.Bool
	var hits, worst atomic.Int64
	type done struct {
		version int64
		at      time.Time
	}
	var last atomic.Pointer[done]
	last.Store(&done{1, time.Now()})
	var wait sync.WaitGroup
	look := func(s *store.Store, grace time.Duration) {
		for !over.Load() {
			known, now := last.Load(), time.Now()
			access, ok := s.CachedAccess(a.ID)
			if !ok {
				var err error
				if access, err = s.Access(t.Context(), a.ID); err != nil {
					t.Error(err)
					return
				}
			} else {
				hits.Add(1)
			}
			if access.Account.TokenVersion >= known.version {
				continue
			}
			late := now.Sub(known.at)
			worst.Store(max(worst.Load(), int64(late)))
			if late >= grace {
				t.Errorf("version %d was seen %v after %d was acknowledged (cached: %t)", access.Account.TokenVersion, late, known.version, ok)
				return
			}
		}
	}
	wait.Go(func() { look(writer, 0) })
	wait.Go(func() { look(reader, time.Second) })
	for range 100 {
		a.TokenVersion++
		if err := writer.InTx(t.Context(), func(tx users.Tx) error { return tx.UpdateAccount(t.Context(), a) }); err != nil {
			t.Error(err)
			break
		}
		last.Store(&done{a.TokenVersion, time.Now()})
		time.Sleep(time.Duration(a.TokenVersion%20) * time.Millisecond)
	}
	over.Store(true)
	wait.Wait()
	if hits.Load() == 0 {
		t.Error("nothing was ever answered from memory")
	}
	t.Logf("%d answers from memory; the other process was %v late at most", hits.Load(), time.Duration(worst.Load()))
}

// TestPostgresListensToTheRightPlace: notifications of another database or schema than the one that is used grant no lease,
// and neither does a connection without any.
func TestPostgresListensToTheRightPlace(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	for name, elsewhere := range map[string]string{
		"no tables":        pgtest.URL(t),
		"another database": func() string { u := pgtest.URL(t); withAccount(t, u); return u }(),
		"another schema":   with(url, "search_path=other"),
		"no server":        "postgres://127.0.0.1:1/none?password=hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schema := "s" + strings.ReplaceAll(name, " ", "_")
			admin(t, url, `CREATE SCHEMA `+schema)
			s, a := withAccount(t, with(url, "search_path="+schema))
			said := listening(t, s, elsewhere)
			soon(t, "said to be deaf", func() bool { return strings.HasPrefix(said.String(), "false ") })
			if _, err := s.Access(t.Context(), a.ID); err != nil {
				t.Error(err)
			}
			if _, ok := s.CachedAccess(a.ID); ok || strings.Contains(said.String(), "true") || strings.Contains(said.String(), "hunter2") {
				t.Errorf("cached: %t; %s", ok, said)
			}
		})
	}
}

func TestSQLiteHasNothingToListenTo(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), newSQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Listen("postgres:///other", func(bool, string) {}); err == nil {
		t.Error("a place to listen was accepted")
	}
	if err := s.Listen("", func(bool, string) { t.Error("there are notifications") }); err != nil {
		t.Error(err)
	}
	if _, ok := s.CachedAccess(users.NewID()); ok {
		t.Error("there are notifications")
	}
}
