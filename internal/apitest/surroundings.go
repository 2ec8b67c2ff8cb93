package apitest

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
)

// LoginPath is where tokens come from.
const LoginPath = "/api/v1/auth/login"

// RefreshPath and LogoutPath are where sessions go on and end.
const (
	RefreshPath = "/api/v1/auth/refresh"
	LogoutPath  = "/api/v1/auth/logout"
)

// NoID is an id that nothing has.
const NoID = "019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10"

// Clock is a clock that a test moves. The zero value is the time of now.
type Clock struct{ ahead atomic.Int64 }

// Now is the time on the clock.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Pass moves the clock forward.
func (c *Clock) Pass(d time.Duration) { c.ahead.Add(int64(d)) }

// Away is a store whose database can be taken away: as long as Err holds an error, it is what the methods below return.
type Away struct {
	users.Store
	Err *atomic.Pointer[error]
}

// CachedAccess implements users.Store: nothing is cached.
func (Away) CachedAccess(users.ID) (users.Access, bool) { return users.Access{}, false }

// Access implements users.Store.
func (a Away) Access(ctx context.Context, id users.ID) (users.Access, error) {
	if err := a.Err.Load(); err != nil {
		return users.Access{}, *err
	}
	return a.Store.Access(ctx, id)
}

// FindClientSecret implements users.ClientSecretFinder.
func (a Away) FindClientSecret(ctx context.Context, account users.ID, value users.ClientSecretValue) (users.ClientSecret, error) {
	if err := a.Err.Load(); err != nil {
		return users.ClientSecret{}, *err
	}
	return a.Store.FindClientSecret(ctx, account, value)
}

// InTx implements users.Store.
func (a Away) InTx(ctx context.Context, fn func(tx users.Tx) error) error {
	if err := a.Err.Load(); err != nil {
		return *err
	}
	return a.Store.InTx(ctx, fn)
}

// RotateSession implements users.SessionRotator.
func (a Away) RotateSession(ctx context.Context, r users.Rotation) (users.Session, error) {
	if err := a.Err.Load(); err != nil {
		return users.Session{}, *err
	}
	return a.Store.RotateSession(ctx, r)
}

// PresentedSession implements users.SessionRotator.
func (a Away) PresentedSession(ctx context.Context, locator users.Digest) (users.PresentedSession, error) {
	if err := a.Err.Load(); err != nil {
		return users.PresentedSession{}, *err
	}
	return a.Store.PresentedSession(ctx, locator)
}

// Exec runs SQL in the database of the service, past the service.
func (s *Service) Exec(t testing.TB, statements ...string) {
	t.Helper()
	driver, name := "pgx", s.Database
	if path, ok := strings.CutPrefix(s.Database, "sqlite://"); ok {
		driver, name = "sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"}).String()
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
