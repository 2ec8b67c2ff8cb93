package sessions

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// window is how long a refresh can be repeated in these tests, beyond is longer.
const (
	window = apitest.Patience
	beyond = window + time.Second
)

// world is a service with an account that has a session.
type world struct {
	*apitest.Service
	account apitest.Account
	log     *events
	clock   *apitest.Clock
}

// events keeps the kinds of the events about sessions.
type events struct {
	mu    sync.Mutex
	kinds map[users.EventKind]int
}

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	return newWorldWith(t, apitest.Options{Engine: engine})
}

func newWorldWith(t *testing.T, o apitest.Options) *world {
	t.Helper()
	w := &world{log: &events{kinds: map[users.EventKind]int{}}, clock: &apitest.Clock{}}
	o.Now, o.Recorders = w.clock.Now, []users.Recorder{w.log}
	w.Service = apitest.Start(t, o)
	// No test must be lost to a machine that is busy for as long as the usual window.
	w.Users.Sessions.ReuseWindow = window
	w.account = w.NewAccount(t, w.NewRole(t, ""))
	return w
}

// logIn begins a session.
func (w *world) logIn(t *testing.T) users.SessionResult {
	t.Helper()
	result, err := w.Users.LoginSession(t.Context(), users.LoginRequest{
		Email: w.account.Email, Password: w.account.Password, From: users.Client{Address: "203.0.113.7", UserAgent: "test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// refresh must succeed.
func (w *world) refresh(t *testing.T, token string) users.SessionResult {
	t.Helper()
	result, err := w.Users.Refresh(t.Context(), token, users.Client{})
	if err != nil {
		t.Fatalf("refresh: %v", err)
	}
	return result
}

// wantRefused checks that a token is refused.
func (w *world) wantRefused(t *testing.T, what, token string) {
	t.Helper()
	if _, err := w.Users.Refresh(t.Context(), token, users.Client{}); !errors.Is(err, users.ErrCredentials) {
		t.Errorf("%s: error %v, want a refusal", what, err)
	}
}

// wantAccess checks whether an access token is let in.
func (w *world) wantAccess(t *testing.T, what, token string, want bool) {
	t.Helper()
	_, err := w.Users.Authenticate(t.Context(), token)
	if let := err == nil; let != want || err != nil && !errors.Is(err, users.ErrUnauthenticated) {
		t.Errorf("%s: let in %v (%v), want %v", what, let, err, want)
	}
}

// age makes the last refresh, and the last recovery, of all sessions older. The clock of the database cannot be moved.
func (w *world) age(t *testing.T, by time.Duration) {
	t.Helper()
	for _, column := range []string{"rotated_at", "recovered_at"} {
		statement := fmt.Sprintf("UPDATE account_sessions SET %[1]s = %[1]s - %d", column, by.Microseconds())
		if w.isPostgres() {
			statement = fmt.Sprintf("UPDATE account_sessions SET %[1]s = %[1]s - interval '%d microseconds'", column, by.Microseconds())
		}
		w.Exec(t, statement)
	}
}

// size is how many bytes the tables of sessions take on PostgreSQL, and the whole database on SQLite.
func (w *world) size(t *testing.T) (bytes int64) {
	t.Helper()
	driver, name := "sqlite", strings.TrimPrefix(w.Database, "sqlite://")
	query := `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`
	if w.isPostgres() {
		driver, name = "pgx", w.Database
		query = `SELECT pg_total_relation_size('account_sessions') + pg_total_relation_size('ended_sessions')`
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&bytes); err != nil {
		t.Fatal(err)
	}
	return bytes
}

func (w *world) isPostgres() bool { return strings.HasPrefix(w.Database, "postgres") }

// wantEvents checks how many events of each kind there were since the last call.
func (w *world) wantEvents(t *testing.T, what string, want map[users.EventKind]int) {
	t.Helper()
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	for _, kind := range []users.EventKind{users.SessionStarted, users.SessionRecovered, users.SessionEnded, users.SessionReused} {
		if got := w.log.kinds[kind]; got != want[kind] {
			t.Errorf("%s: %d events %s, want %d", what, got, kind, want[kind])
		}
	}
	clear(w.log.kinds)
}
