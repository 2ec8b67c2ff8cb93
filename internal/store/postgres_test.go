package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

// TestPostgresWithoutPreparedStatements is the suite as it must run behind a PgBouncer in transaction mode.
func TestPostgresWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	const parameter = "default_query_exec_mode=exec"
	storetest.Run(t, func(t testing.TB) string { return with(pgtest.URL(t), parameter) },
		func(t testing.TB) string { return with(storetest.Postgres(t), parameter) })
}

func TestPostgresTruncateIsSeen(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, a := withAccount(t, url)
	p := users.Permission{ID: users.NewID(), Name: "x:y"}
	err := s.InTx(t.Context(), func(tx users.Tx) error {
		return errors.Join(tx.InsertPermission(t.Context(), p), tx.Assign(t.Context(), a.Role.ID, []users.ID{p.ID}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		access, err := s.Access(t.Context(), a.ID)
		if err != nil || access.Graph.May(a.Role.ID, p.Name) != want {
			t.Errorf("the permission is held: %v (%v), want %v", !want, err, want)
		}
		admin(t, url, `TRUNCATE role_permissions`)
	}
}

// TestPostgresOtherSchema: SQL by hand counts from whatever schema it comes.
func TestPostgresOtherSchema(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	admin(t, url, `CREATE SCHEMA ours`, `CREATE TABLE public.roles (theirs text)`)
	s, a := withAccount(t, with(url, "search_path=ours"))
	if _, err := s.Access(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	admin(t, url, `UPDATE ours.roles SET name = 'Renamed'`)
	access, err := s.Access(t.Context(), a.ID)
	if err != nil || access.Graph.Chain(a.Role.ID)[0] != "Renamed" {
		t.Errorf("the change is not seen (%v)", err)
	}
}

// TestPostgresRestart: once the server is back, no call fails because the connections from before are broken.
func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := with(server.Database(t), "password=hunter2")
	s, a := withAccount(t, url)
	everybody := func() {
		t.Helper()
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() {
				_, err := s.Access(t.Context(), a.ID)
				if i%4 == 0 {
					err = s.InTx(t.Context(), func(tx users.Tx) error { return tx.UpdateAccount(t.Context(), a) })
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	everybody()
	server.Restart(t)
	everybody()

	server.Stop(t)
	for name, call := range map[string]func() error{
		"Access":  func() error { _, err := s.Access(t.Context(), a.ID); return err },
		"InTx":    func() error { return s.InTx(t.Context(), func(users.Tx) error { return nil }) },
		"Ping":    func() error { return s.Ping(t.Context()) },
		"Ready":   func() error { return s.Ready(t.Context()) },
		"Migrate": func() error { return s.Migrate(t.Context()) },
	} {
		took := quickest(3*time.Second, func() {
			if err := call(); !errors.Is(err, users.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s without a server: %v", name, err)
			}
		})
		if took > 3*time.Second {
			t.Errorf("%s took %v to say so", name, took)
		}
	}
	// A store may be opened while there is no server, and works once there is.
	early, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	server.Start(t)
	everybody()
	if err := early.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPostgresLostConnection breaks the connection of a transaction. Before the commit nothing has happened,
// and it is run again; at the commit the outcome is unknown, so it must not be repeated, and is no success.
func TestPostgresLostConnection(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, a := withAccount(t, url)
	lose := func() {
		admin(t, url, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'svc-users' AND state = 'idle in transaction'`)
	}
	runs := 0
	err := s.InTx(t.Context(), func(tx users.Tx) error {
		if runs++; runs == 1 {
			lose()
		}
		a.TokenVersion++
		return tx.UpdateAccount(t.Context(), a)
	})
	if err != nil || runs != 2 {
		t.Errorf("lost before the commit: %d runs, %v", runs, err)
	}
	runs = 0
	err = s.InTx(t.Context(), func(tx users.Tx) error {
		runs++
		err := tx.UpdateAccount(t.Context(), a)
		lose()
		return err
	})
	if !errors.Is(err, users.ErrUnavailable) || runs != 1 {
		t.Errorf("lost at the commit: %d runs, %v", runs, err)
	}
}

// TestPostgresErrorsShowNoValues provokes errors whose texts quote what was bound.
func TestPostgresErrorsShowNoValues(t *testing.T) {
	t.Parallel()
	s, a := withAccount(t, pgtest.URL(t))
	for name, fn := range map[string]func(users.Tx) error{
		"NUL":           func(tx users.Tx) error { return tx.SetPasswordHash(t.Context(), a.ID, "hunter2\x00") },
		"invalid UTF-8": func(tx users.Tx) error { return tx.SetPasswordHash(t.Context(), a.ID, "hunter2\xff") },
		"NUL in a name": func(tx users.Tx) error {
			return tx.InsertPermission(t.Context(), users.Permission{ID: users.NewID(), Name: "hunter2\x00"})
		},
	} {
		err := s.InTx(t.Context(), fn)
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "22021") {
			t.Errorf("%s: %v", name, err)
		}
		var detailed interface{ SQLState() string }
		if errors.As(err, &detailed) {
			t.Errorf("%s: the driver's error, with its details, can be reached", name)
		}
	}
}

// quickest returns how long the quickest of several tries of the same took, the first that keeps to a limit. Whatever
// else the machine does only adds to some of them; what is slow by itself is slow each time.
func quickest(limit time.Duration, try func()) time.Duration {
	least := patience
	for range 5 {
		began := time.Now()
		try()
		if least = min(least, time.Since(began)); least <= limit {
			break
		}
	}
	return least
}

// with adds a parameter to a URL.
func with(url, parameter string) string {
	if strings.Contains(url, "?") {
		return url + "&" + parameter
	}
	return url + "?" + parameter
}

// withAccount opens a migrated store that has one account.
func withAccount(t *testing.T, url string) (*store.Store, users.Account) {
	t.Helper()
	s := migrated(t, url)
	email, err := users.ParseEmail("ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	role := users.Role{ID: users.NewID(), Name: "Role", CreatedAt: at, UpdatedAt: at}
	a := users.Account{ID: users.NewID(), Email: email, Role: role, Active: true, TokenVersion: 1, CreatedAt: at, UpdatedAt: at}
	err = s.InTx(t.Context(), func(tx users.Tx) error {
		return errors.Join(tx.InsertRole(t.Context(), role), tx.InsertAccount(t.Context(), a, "h"))
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

// admin runs SQL past the store.
func admin(t *testing.T, url string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
