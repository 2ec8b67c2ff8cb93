package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // for SQL by hand
	_ "modernc.org/sqlite"             // for SQL by hand

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

// fixture is a store on a database with the current schema and one role.
type fixture struct {
	*store.Store
	t    *testing.T
	url  string
	role users.Role
}

func newFixture(t *testing.T, url string) *fixture {
	t.Helper()
	f := &fixture{Store: open(t, url), t: t, url: url}
	if err := f.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.role = f.addRole("Base", users.ID{})
	return f
}

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// open opens a store that is closed with the test.
func open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	s.SetLimits(patience, patience, patience)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return s
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

// byHand runs SQL without the store, as an operator with a shell would.
func byHand(t testing.TB, address string, statements ...string) {
	t.Helper()
	db := shell(t, address)
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// shell opens a database past the store.
func shell(t testing.TB, address string) *sql.DB {
	t.Helper()
	driver, name := "pgx", address
	if path, ok := strings.CutPrefix(address, "sqlite://"); ok {
		absolute, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		uri := url.URL{Scheme: "file", Path: absolute, RawQuery: "_pragma=busy_timeout(600000)&_pragma=foreign_keys(1)"}
		driver, name = "sqlite", uri.String()
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// do runs fn in a transaction that must succeed.
func (f *fixture) do(fn func(tx users.Tx) error) {
	f.t.Helper()
	if err := f.InTx(f.t.Context(), fn); err != nil {
		f.t.Fatal(err)
	}
}

// try runs fn in a transaction and checks how it ends.
func (f *fixture) try(what string, want error, fn func(tx users.Tx) error) {
	f.t.Helper()
	wantError(f.t, what, f.InTx(f.t.Context(), fn), want)
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	// Compared as it is, since a sentinel that came wrapped in words would show those to a client.
	if got != want {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

// clock gives each thing a time of its own, with every digit that is kept.
var clock atomic.Int64

func now() time.Time {
	return time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC).Add(time.Duration(clock.Add(1)) * time.Microsecond)
}

func newRole(name string, parent users.ID) users.Role {
	at := now()
	return users.Role{ID: users.NewID(), Name: users.RoleName(name), ParentID: parent, CreatedAt: at, UpdatedAt: at}
}

func newPermission(name string) users.Permission {
	at := now()
	return users.Permission{ID: users.NewID(), Name: users.PermissionName(name), CreatedAt: at, UpdatedAt: at}
}

func newAccount(t testing.TB, email string, role users.Role) users.Account {
	t.Helper()
	at := now()
	return users.Account{ID: users.NewID(), Kind: users.SubjectPerson, Email: address(t, email), Role: role, Active: true, TokenVersion: 1, CreatedAt: at, UpdatedAt: at}
}

func address(t testing.TB, s string) users.Email {
	t.Helper()
	e, err := users.ParseEmail(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return e
}

func (f *fixture) addRole(name string, parent users.ID) users.Role {
	f.t.Helper()
	r := newRole(name, parent)
	f.do(func(tx users.Tx) error { return tx.InsertRole(f.t.Context(), r) })
	return r
}

func (f *fixture) addPermission(name string, to ...users.Role) users.Permission {
	f.t.Helper()
	p := newPermission(name)
	f.do(func(tx users.Tx) error {
		if err := tx.InsertPermission(f.t.Context(), p); err != nil {
			return err
		}
		for _, r := range to {
			if err := tx.Assign(f.t.Context(), r.ID, []users.ID{p.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return p
}

func (f *fixture) addAccount(email string, role users.Role) users.Account {
	f.t.Helper()
	a := newAccount(f.t, email, role)
	f.do(func(tx users.Tx) error { return tx.InsertAccount(f.t.Context(), a, hashOf(a)) })
	return a
}

func hashOf(a users.Account) users.PasswordHash {
	return users.PasswordHash("$2b$10$" + strings.Repeat("x", 10) + a.ID.String())
}

// same checks that two values are identical, times in their location too.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, show(got), show(want))
	}
}

func show(v any) string { return fmt.Sprintf("%+v", v) }

func pointer[T any](v T) *T { return &v }
