// Package apitest runs the whole service for tests: the real rules on a real database, behind a real socket.
//
//	svc := apitest.Start(t, apitest.Options{Engine: "sqlite"})
//	answer := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/accounts", Token: svc.AdminToken})
//	answer.Want(t, 200, "Accounts retrieved successfully")
//
// Send holds every answer against what is true of all: the header fields, the six keys of the envelope and the
// OpenAPI document; and it looks in each for the passwords that were ever sent. When the test ends, the log is
// searched for those, for tokens and for hashes too.
package apitest

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/confusable"
	"github.com/svc-users/svc-users/internal/httpapi"
	"github.com/svc-users/svc-users/internal/password"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/store/storetest"
	"github.com/svc-users/svc-users/internal/token"
)

// The administrator that every service has from the start.
const (
	AdminEmail    = "root@example.com"
	AdminPassword = "all-powerful-9f2c"
)

// Engine is that of services whose Options name none. A test program may set it before it runs its tests, to run
// them all on the other one.
var Engine = "sqlite"

// Version is what the services call themselves.
const Version = "0.0.0-test"

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// Options says how the service is to be. The zero value is one on Engine.
type Options struct {
	// Engine is "sqlite" or "postgres"; empty means the package's Engine.
	Engine string
	// Now, if not nil, is the clock of the rules.
	Now func() time.Time
	// Audiences are those of the tokens; empty means "https://api.example".
	Audiences []string
	// Unlimited lifts what bounds attempts.
	Unlimited bool
	// Recorders get the events of all that the rules change.
	Recorders []users.Recorder
	// Configure, if not nil, changes what the edge is made with.
	Configure func(*httpapi.Options)
}

// Service is a running service.
type Service struct {
	URL        string
	AdminToken string
	AdminID    string
	AdminRole  string // id of the role Admin

	Database string // its URL

	Users  *users.Service // the rules, for preparing what a test needs
	Store  *store.Store
	Tokens *token.KeySet

	Handler http.Handler // the edge, for a server with other bounds
	Logger  *slog.Logger
	Log     *Log // what Logger wrote

	options Options
	client  *http.Client
	secrets secrets
}

// signingKey is shared by all services of a test process, because making one takes a noticeable time.
var signingKey = sync.OnceValues(func() (*token.Key, error) { return token.GenerateKey(2048) })

// skeletons are shared too, and for the same reason.
var skeletons = sync.OnceValue(confusable.New)

// Start runs a service until the test ends, with an administrator and without demo accounts.
func Start(t testing.TB, o Options) *Service {
	t.Helper()
	ctx := context.Background()
	database := databaseURL(t, o.Engine)
	st, err := store.Open(ctx, database)
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	st.SetLimits(patience, patience, patience)
	must(t, st.Migrate(ctx))
	s := on(t, database, st, o)
	must(t, s.Users.Bootstrap(ctx))
	admin, err := s.Users.CreateAdministrator(ctx, AdminEmail, AdminPassword)
	must(t, err)
	s.AdminID, s.AdminRole = admin.ID.String(), admin.Role.ID.String()
	s.serve(t, o)
	s.AdminToken = s.Login(t, AdminEmail, AdminPassword)
	return s
}

// on is a service on a database that is up to date, without its edge.
func on(t testing.TB, database string, st *store.Store, o Options) *Service {
	t.Helper()
	must(t, st.Listen("", func(bool, string) {}))
	key, err := signingKey()
	must(t, err)
	audiences := o.Audiences
	if len(audiences) == 0 {
		audiences = []string{"https://api.example"}
	}
	keys, err := token.NewKeySet(key, nil, token.Options{Issuer: "https://id.example", Audiences: audiences})
	must(t, err)
	hasher := password.New(password.Options{Cost: password.MinCost, Workers: 2, MaxWait: time.Minute})
	t.Cleanup(hasher.Close)
	s := &Service{Database: database, Store: st, Tokens: keys, Log: &Log{}, options: o}
	s.Users = users.New(users.Ports{
		Store: st, Passwords: hasher, Tokens: keys, Now: o.clock(), NewID: users.NewID, TokenLife: time.Hour,
		Skeleton: skeletons().Skeleton, Unlimited: o.Unlimited, Recorders: o.Recorders,
	})
	return s
}

// Replica runs another replica of the service until the test ends: on the same database, with the same keys, clock and
// limits, and with what configure changes, if it is not nil.
func (s *Service) Replica(t testing.TB, configure func(*httpapi.Options)) *Service {
	t.Helper()
	st, err := store.Open(context.Background(), s.Database)
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	st.SetLimits(patience, patience, patience)
	o := s.options
	o.Configure = configure
	replica := on(t, s.Database, st, o)
	replica.AdminID, replica.AdminRole, replica.AdminToken = s.AdminID, s.AdminRole, s.AdminToken
	replica.serve(t, o)
	return replica
}

func (o Options) clock() func() time.Time {
	if o.Now != nil {
		return o.Now
	}
	return time.Now
}

func databaseURL(t testing.TB, engine string) string {
	t.Helper()
	switch cmp.Or(engine, Engine) {
	case "sqlite":
		return storetest.SQLite(t)
	case "postgres":
		return storetest.Postgres(t)
	default:
		t.Fatalf("there is no engine %q", engine)
		return ""
	}
}

func (s *Service) serve(t testing.TB, o Options) {
	t.Helper()
	cursorKey, err := s.Store.CursorKey(context.Background())
	must(t, err)
	s.Logger = s.Log.logger()
	options := httpapi.Options{
		Service: s.Users, Keys: s.Tokens.Public, Health: s.Store, CursorKey: cursorKey, Log: s.Logger,
		Version: Version, Now: time.Now, NewID: users.NewID,
	}
	if o.Configure != nil {
		o.Configure(&options)
	}
	s.Handler = httpapi.New(options)
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpapi.Server("", s.Handler, s.Logger, httpapi.Bounds{})
	server.Start()
	s.URL = server.URL
	s.client = &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		server.Close()
		s.checkLog(t)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func readAll(t testing.TB, r io.Reader) []byte {
	t.Helper()
	body, err := io.ReadAll(r)
	must(t, err)
	return body
}
