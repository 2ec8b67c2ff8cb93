package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// shared is the one cluster of this test process, started when it is first needed.
var shared = sync.OnceValues(newServer)

// URL makes an empty database for one test and returns its URL. It is dropped when the test ends, even with open
// connections.
func URL(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("TEST_DATABASE_URL"); given != "" {
		return database(t, given, func(name string) string {
			u, err := url.Parse(given)
			if err != nil {
				// The parser's own error would show the URL, password and all.
				t.Fatal("TEST_DATABASE_URL is not a URL of the form postgres://user:password@host:port/database")
			}
			u.Path = "/" + name
			return u.String()
		})
	}
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.Database(t)
}

// Database makes an empty database on this server, as URL does.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return database(t, s.url(superuser), s.url)
}

// database creates one through admin, the URL of another on the same server, and returns what named makes of
// its name.
func database(t testing.TB, admin string, named func(string) string, options ...string) string {
	t.Helper()
	name, err := create(admin, options...)
	if err != nil {
		t.Fatalf("creating a database for the test: %v", err)
	}
	t.Cleanup(func() {
		// A test may leave its server stopped; then there is nothing to drop either.
		var away *pgconn.ConnectError
		if err := run(admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil && !errors.As(err, &away) {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return named(name)
}

// create makes a database through admin, empty unless options say otherwise, and returns its name.
func create(admin string, options ...string) (name string, err error) {
	name = "svc_users_test_" + strings.ToLower(rand.Text())
	return name, run(admin, strings.Join(append([]string{"CREATE DATABASE", name}, options...), " "))
}

func run(url, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", strings.Fields(statement)[0], err)
	}
	return nil
}
