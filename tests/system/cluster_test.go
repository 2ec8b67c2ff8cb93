package system

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// onBoth runs a test on a fresh, empty database of each engine.
func onBoth(t *testing.T, f func(t *testing.T, database string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, sqliteURL(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, withPassword(t, pgtest.URL(t)))
	})
}

func sqliteURL(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "users.db") }

// withPassword adds a password to the URL of a server that needs none, so that answers and logs can be searched for it.
// The URL of a server that was given to the tests by TEST_DATABASE_URL stays as it is.
func withPassword(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal("the database URL cannot be parsed")
	}
	if os.Getenv("TEST_DATABASE_URL") == "" {
		query := u.Query()
		query.Set("password", "db-"+marker)
		u.RawQuery = query.Encode()
	}
	return u.String()
}

// cluster is two replicas, or more, on one database with the demo data.
type cluster struct {
	t        *testing.T
	database string
	a, b     *server
	more     []*server
	admin    person
	roles    map[string]string // ids by name
}

// person is an account with its credentials.
type person struct {
	id, email, password, token string
}

func newCluster(t *testing.T, database string) *cluster {
	t.Helper()
	return join(t, database, serve(t, database, "--demo"), serve(t, database))
}

// join makes a cluster of running replicas. database is the URL for tests that run SQL themselves.
func join(t *testing.T, database string, a, b *server, more ...*server) *cluster {
	t.Helper()
	c := &cluster{t: t, database: database, a: a, b: b, more: more, roles: map[string]string{}}
	c.admin = person{email: "admin@example.com", password: "admin123"}
	c.admin.token = c.a.login(c.admin.email, c.admin.password)
	c.admin.id = c.b.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", c.admin.token, nil).text("id")
	var roles []struct{ ID, Name string }
	c.a.want(http.StatusOK, http.MethodGet, "/api/v1/roles", c.admin.token, nil).into(t, &roles)
	for _, r := range roles {
		c.roles[r.Name] = r.ID
	}
	return c
}

// replicas returns all replicas.
func (c *cluster) replicas() []*server { return append([]*server{c.a, c.b}, c.more...) }

// any is one of the replicas.
func (c *cluster) any() *server {
	all := c.replicas()
	return all[rand.N(len(all))]
}

// ask is a request of the administrator, to any replica, that must have this status.
func (c *cluster) ask(status int, method, path string, body any) answer {
	c.t.Helper()
	return c.any().want(status, method, path, c.admin.token, body)
}

// newPerson makes an account with a role and logs it in.
func (c *cluster) newPerson(role string) person {
	c.t.Helper()
	p := person{email: newEmail(), password: newPassword()}
	p.id = c.ask(http.StatusCreated, http.MethodPost, "/api/v1/accounts", newAccount(p.email, p.password, role)).text("id")
	p.token = c.any().login(p.email, p.password)
	return p
}

func newAccount(email, password, role string) map[string]any {
	return map[string]any{"email": email, "password": password, "role_id": role}
}

// newRole makes a role with a name of its own.
func (c *cluster) newRole(body map[string]any) string {
	c.t.Helper()
	role := map[string]any{"name": unique("Role")}
	for k, v := range body {
		role[k] = v
	}
	return c.ask(http.StatusCreated, http.MethodPost, "/api/v1/roles", role).text("id")
}

// newPermission makes a permission with a name of its own.
func (c *cluster) newPermission() (id, name string) {
	c.t.Helper()
	name = unique("thing") + ":use"
	return c.ask(http.StatusCreated, http.MethodPost, "/api/v1/permissions", map[string]any{"name": name}).text("id"), name
}

// permission finds the id of a permission by its name.
func (c *cluster) permission(name string) string {
	c.t.Helper()
	var found []struct{ ID, Name string }
	c.ask(http.StatusOK, http.MethodGet, "/api/v1/permissions?page_size=100&q="+url.QueryEscape(name), nil).into(c.t, &found)
	for _, p := range found {
		if p.Name == name {
			return p.ID
		}
	}
	c.t.Fatalf("there is no permission %s", name)
	return ""
}

var made atomic.Int64

// unique is a name that nothing else in this run has.
func unique(kind string) string { return fmt.Sprintf("%s-%d", kind, made.Add(1)) }

func newEmail() string { return strings.ToLower(unique("person")) + "@" + mailDomain }

// together calls all functions at the same moment, give or take the time of a transaction, so that in some rounds one
// comes first, in some another, and in some they overlap.
func together(each ...func()) {
	gate := make(chan struct{})
	var wait sync.WaitGroup
	for _, f := range each {
		wait.Go(func() {
			<-gate
			time.Sleep(rand.N(3 * time.Millisecond))
			f()
		})
	}
	close(gate)
	wait.Wait()
}
