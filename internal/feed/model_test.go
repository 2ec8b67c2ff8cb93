package feed_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// plainSigner keeps statements as they are, so that a test reads what is told and nothing else.
type plainSigner struct {
	told *sync.Map // by what stands for the signed statement
}

func (p plainSigner) SignChanges(s feed.Statement) (string, error) {
	name := users.NewID().String()
	p.told.Store(name, s)
	return name, nil
}

// databaseKeys tells of the keys that the database has and that were not revoked.
type databaseKeys struct{ store *store.Store }

func (k databaseKeys) AcceptedKeys(ctx context.Context, _ string) ([]string, error) {
	found, err := k.store.SigningKeys(ctx)
	ids := []string{}
	for _, r := range found.Keys {
		if !r.Revoked() {
			ids = append(ids, r.ID)
		}
	}
	return ids, err
}

// idTokens are tokens that are nothing but the id of their account, in its first version.
type idTokens struct{ users.Tokens }

func (idTokens) Bearer(token string, _ time.Time) (users.Bearer, error) {
	id, ok := users.ParseID(token)
	if !ok {
		return users.Bearer{}, errors.New("the token is no id")
	}
	return users.Bearer{Account: id, Version: 1}, nil
}

// feedWorld is a database, the rules and the feed on it, and a shell into it.
type feedWorld struct {
	*users.Service
	feed     *feed.Feed
	t        testing.TB
	store    *store.Store
	db       *sql.DB
	on       *sql.Tx // in which sql runs, if it is not nil
	sqlite   bool
	told     sync.Map
	last     string // name of the last statement that was had
	follower users.Caller
	ahead    time.Duration // of the clock of the rules before that of the database
}

// onBothDatabases runs a test on either.
func onBothDatabases(t *testing.T, test func(t *testing.T, w *feedWorld)) {
	t.Helper()
	for engine, database := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "test.db") },
		"postgres": pgtest.URL,
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, newFeedWorld(t, database(t)))
		})
	}
}

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

func newFeedWorld(t testing.TB, database string) *feedWorld {
	t.Helper()
	st, err := store.Open(t.Context(), database)
	must(t, err)
	st.SetLimits(patience, patience, patience)
	t.Cleanup(func() { must(t, st.Close()) })
	must(t, st.Migrate(t.Context()))
	driver, name := "pgx", database
	if path, ok := strings.CutPrefix(database, "sqlite://"); ok {
		driver, name = "sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"}).String()
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, db.Close()) })
	w := &feedWorld{t: t, store: st, db: db, sqlite: driver == "sqlite"}
	w.Service = users.New(users.Ports{
		Store: st, Tokens: idTokens{}, NewID: users.NewID, TokenLife: time.Hour, Operator: true,
		Now: func() time.Time { return time.Now().Add(w.ahead) },
	})
	w.feed = feed.New(feed.Ports{Service: w.Service, Store: st, Keys: databaseKeys{st}, Signer: plainSigner{&w.told}})
	must(t, w.Bootstrap(t.Context()))
	w.follower = users.AsOperator()
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sql runs SQL past the rules.
func (w *feedWorld) sql(format string, args ...any) {
	w.t.Helper()
	statement := fmt.Sprintf(format, args...)
	run := w.db.ExecContext
	if w.on != nil {
		run = w.on.ExecContext
	}
	if _, err := run(context.Background(), statement); err != nil {
		w.t.Fatalf("%.200s: %v", statement, err)
	}
}

// administrator makes one who may follow.
func (w *feedWorld) administrator(name string) users.Caller {
	w.t.Helper()
	id := users.NewID()
	w.sql(`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
		SELECT '%s', '%s@example.com', '%s@example.com', 'x', id, '1', 1, created_at, created_at FROM roles WHERE is_system`, id, name, name)
	c, err := w.Authenticate(context.Background(), id.String())
	must(w.t, err)
	return c.Stale()
}

// ids returns the ids that a query finds.
func (w *feedWorld) ids(query string) []users.ID {
	w.t.Helper()
	rows, err := w.db.QueryContext(context.Background(), query)
	must(w.t, err)
	defer rows.Close()
	var found []users.ID
	for rows.Next() {
		var text string
		must(w.t, rows.Scan(&text))
		id, _ := users.ParseID(text)
		found = append(found, id)
	}
	must(w.t, rows.Err())
	return found
}

// model knows what it was told, and works nothing out until it is asked.
type model struct {
	w           *feedWorld
	cursor      string
	whole       bool
	resets      int
	pages       int
	permissions map[users.ID]string
	roles       map[users.ID]feed.RoleRights
	accounts    map[users.ID]feed.AccountRights
	keys        []string
}

// next asks for one statement.
func (m *model) next() {
	m.w.t.Helper()
	answer, err := m.w.feed.Read(context.Background(), m.w.follower, feed.Query{After: m.cursor})
	if errors.Is(err, users.ErrTooMany) { // two have cursors that a restore has made unknown: one begins anew by itself
		m.cursor, m.whole = "", false
		return
	}
	if err != nil {
		m.w.t.Fatal(err)
	}
	if answer.Statement == "" {
		return
	}
	told, _ := m.w.told.Load(answer.Statement)
	m.w.last = answer.Statement
	m.take(told.(feed.Statement))
	if answer.Cursor != m.cursor || answer.More == m.whole {
		m.w.t.Fatalf("beside the statement %+v stands %+v", told, answer)
	}
}

func (m *model) take(s feed.Statement) {
	m.w.t.Helper()
	if s.After != m.cursor || s.Cursor == "" || len(s.Cursor) > 250 {
		m.w.t.Fatalf("after %q: %+v", m.cursor, s)
	}
	m.pages++
	if s.Reset {
		m.resets++
		m.permissions, m.roles, m.accounts = map[users.ID]string{}, map[users.ID]feed.RoleRights{}, map[users.ID]feed.AccountRights{}
	}
	m.cursor, m.whole, m.keys = s.Cursor, !s.More, s.Keys
	for _, p := range s.Permissions {
		if m.permissions[p.ID] = p.Name; p.Name == "" {
			delete(m.permissions, p.ID)
		}
	}
	for _, r := range s.Roles {
		if r.Continued {
			before, known := m.roles[r.ID]
			if !known {
				m.w.t.Fatalf("%+v continues what was never told", r)
			}
			r.Permissions = append(slices.Clone(before.Permissions), r.Permissions...)
		}
		if m.roles[r.ID] = r; r.Gone {
			delete(m.roles, r.ID)
		}
	}
	for _, a := range s.Accounts {
		m.accounts[a.ID] = a
	}
}

// catchUp asks until all is known.
func (m *model) catchUp() {
	m.w.t.Helper()
	for range 100_000 {
		if m.next(); m.whole {
			return
		}
	}
	m.w.t.Fatal("it never ends")
}

// graph is what follows of what was told, by the rules for roles that the service itself goes by.
func (m *model) graph() *users.Graph {
	var roles []users.Role
	var permissions []users.Permission
	var assigned []users.Assignment
	for id, name := range m.permissions {
		permissions = append(permissions, users.Permission{ID: id, Name: users.PermissionName(name)})
	}
	for id, r := range m.roles {
		roles = append(roles, users.Role{ID: id, Name: users.RoleName(r.Name), ParentID: r.Parent, System: r.All})
		for _, p := range r.Permissions {
			assigned = append(assigned, users.Assignment{RoleID: id, PermissionID: p})
		}
	}
	return users.NewGraph(roles, permissions, assigned)
}

// agrees compares what is known with what the database has.
func (m *model) agrees(what string) {
	t := m.w.t
	t.Helper()
	truth, err := m.w.store.Graph(context.Background())
	must(t, err)
	told := m.graph()
	ids := m.w.ids(`SELECT id FROM roles`)
	for _, id := range ids {
		is, _ := truth.Role(id)
		said, _ := told.Role(id)
		if is.Name != said.Name || is.System != said.System {
			t.Fatalf("%s: the role %s is %+v, told is %+v", what, id, is, said)
		}
		if !slices.Equal(truth.Effective(id), told.Effective(id)) {
			t.Fatalf("%s: the role %s (%s) holds %q, told is %q", what, id, is.Name, truth.Effective(id), told.Effective(id))
		}
	}
	if len(m.roles) != len(ids) || len(m.permissions) != len(m.w.ids(`SELECT id FROM permissions`)) {
		t.Fatalf("%s: %d roles and %d permissions are told", what, len(m.roles), len(m.permissions))
	}
	changed := m.w.ids(`SELECT account_id FROM account_changes`)
	for _, id := range changed {
		access, err := m.w.store.Access(context.Background(), id)
		want := feed.AccountRights{ID: id}
		if err == nil {
			if want.Role = access.Account.Role.ID; access.Account.Active {
				want.Version = access.Account.TokenVersion
			}
		}
		if got, known := m.accounts[id]; !known || got != want {
			t.Fatalf("%s: the account %+v is told as %+v, %t", what, want, got, known)
		}
	}
	if len(m.accounts) != len(changed) {
		t.Fatalf("%s: %d accounts are told, %d have changed", what, len(m.accounts), len(changed))
	}
}
