// Package apitest runs the whole service for tests: the real rules on a real database, behind a real socket.
//
//	svc := apitest.Start(t, apitest.Options{Engine: "sqlite"})
//	answer := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/accounts", Token: svc.AdminToken})
//	answer.Want(t, 200, "Accounts retrieved successfully")
//
// Send holds every answer against what is true of all: the header fields, the six keys of the envelope and the
// OpenAPI document; and it looks in each for the passwords that were ever sent, and for refresh tokens where none is issued. When the test ends, the log is
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
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/confusable"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/password"
	"github.com/svc-users/svc-users/internal/seal"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/store/storetest"
	"github.com/svc-users/svc-users/internal/throttle"
	"github.com/svc-users/svc-users/internal/token"
	"github.com/svc-users/svc-users/internal/web"
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

// PublicURL is where the service under test believes that clients reach it. No request is ever sent there.
const PublicURL = "https://users.example"

// Patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const Patience = 10 * time.Minute

// Options says how the service is to be. The zero value is one on Engine.
type Options struct {
	// Engine is "sqlite" or "postgres"; empty means the package's Engine.
	Engine string
	// Now, if not nil, is the clock of the rules.
	Now func() time.Time
	// Audiences are those of the tokens; empty means "https://api.example".
	Audiences []string
	// Sessions are the times of sessions; the usual ones if it is zero.
	Sessions users.SessionOptions
	// APIKeys are the lives of API keys; the usual ones if it is zero.
	APIKeys users.APIKeyOptions
	// Passwords say which passwords may be chosen beside the common ones.
	Passwords app.PasswordConfig
	// Argon2, if not nil, has new hashes made with argon2id.
	Argon2 *foreignhash.Argon2
	// Unlimited lifts what bounds attempts.
	Unlimited bool
	// Throttles are the budgets of failed logins; the usual ones if it is zero.
	Throttles throttle.Rates
	// Recorders get the events of all that the rules change.
	Recorders []users.Recorder
	// Fetcher, if not nil, reads the keys of issuers.
	Fetcher federation.Fetcher
	// Keyring, if not nil, changes where the signing keys come from: without it a key of the environment signs.
	Keyring func(*app.Keyring)
	// Configure, if not nil, changes what the edge is made with.
	Configure func(*app.EdgeOptions)
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
	Tokens *token.KeySet // of the key of the environment
	Keys   *keyring.Manager
	// Importer imports accounts by the rules.
	Importer *importer.Importer

	Handler http.Handler // the edge, for a server with other bounds
	Logger  *slog.Logger
	Log     *Log // what Logger wrote

	options Options
	app     *app.App
	client  *http.Client
	secrets secrets
}

// signingKey is shared by all services of a test process, because making one takes a noticeable time.
var signingKey = sync.OnceValues(func() (*token.Key, error) { return token.GenerateKey(token.RS256) })

// skeletons are shared too, and for the same reason.
var skeletons = sync.OnceValue(confusable.New)

// Start runs a service until the test ends, with an administrator and without demo accounts.
func Start(t testing.TB, o Options) *Service {
	t.Helper()
	ctx := context.Background()
	s := newService(t, databaseURL(t, o.Engine), o, (*app.App).Open)
	admin, err := s.Users.CreateAdministrator(ctx, AdminEmail, AdminPassword)
	must(t, err)
	s.AdminID, s.AdminRole = admin.ID.String(), admin.Role.ID.String()
	s.serve(t)
	s.AdminToken = s.Login(t, AdminEmail, AdminPassword)
	return s
}

// newService is a service on a database, without its server.
func newService(t testing.TB, database string, o Options, open func(*app.App, context.Context) error) *Service {
	t.Helper()
	key, err := signingKey()
	must(t, err)
	audiences := o.Audiences
	if len(audiences) == 0 {
		audiences = []string{"https://api.example"}
	}
	tokens := token.Options{Issuer: "https://id.example", Audiences: audiences}
	keys, err := token.NewKeySet(key, nil, tokens)
	must(t, err)
	s := &Service{Database: database, Tokens: keys, Log: &Log{}, options: o}
	s.Logger = s.Log.logger()
	ring := &app.Keyring{
		Tokens: tokens, Algorithm: token.ES256, Environment: key, Seals: encryption(t),
		Policy: keyring.Policy{Period: 30 * 24 * time.Hour, Lead: 24 * time.Hour, Life: max(tokenLife, o.Sessions.AccessLife), Tail: time.Hour},
	}
	if o.Keyring != nil {
		o.Keyring(ring)
	}
	s.app = app.New(app.Config{
		DatabaseURL: config.NewSecret(database), StoreTimeout: Patience, Keyring: ring, TokenLife: tokenLife, Sessions: o.Sessions, APIKeys: o.APIKeys,
		Hashing:   password.Options{Cost: password.MinCost, Workers: 2, MaxWait: time.Minute, Argon2: o.Argon2},
		Passwords: o.Passwords, Now: o.clock(), Skeleton: skeletons().Skeleton, Unlimited: o.Unlimited, Throttles: o.Throttles, Recorders: o.Recorders, Log: s.Logger, Version: Version, PublicURL: PublicURL,
		Federation: app.Federation{Issuer: tokens.Issuer, Fetcher: o.Fetcher},
	})
	must(t, open(s.app, context.Background()))
	t.Cleanup(func() { must(t, s.app.Close()) })
	must(t, s.app.StartKeys(context.Background()))
	s.Keys, s.Importer = s.app.Keyring, s.app.Importer
	s.Users, s.Store = s.app.Service, s.app.Store
	must(t, s.Store.Listen("", func(bool, string) {}))
	following, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Keys.Run(following) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return s
}

// tokenLife is how long tokens are valid.
const tokenLife = time.Hour

// encryption is the encryption key of all services, with which they open each other's keys.
func encryption(t testing.TB) *seal.Ring {
	t.Helper()
	key, err := seal.ParseKey(EncryptionKey())
	must(t, err)
	ring, err := seal.NewRing(key)
	must(t, err)
	return ring
}

// EncryptionKey returns the ENCRYPTION_KEY of all services.
var EncryptionKey = sync.OnceValue(seal.GenerateKey)

// Replica runs another replica of the service until the test ends: on the same database, with the same keys, clock and
// limits, and with what configure changes, if it is not nil.
func (s *Service) Replica(t testing.TB, configure func(*app.EdgeOptions)) *Service {
	t.Helper()
	o := s.options
	o.Configure = configure
	replica := newService(t, s.Database, o, (*app.App).OpenExisting)
	replica.AdminID, replica.AdminRole, replica.AdminToken = s.AdminID, s.AdminRole, s.AdminToken
	replica.serve(t)
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

func (s *Service) serve(t testing.TB) {
	t.Helper()
	options, err := s.app.EdgeOptions(context.Background())
	must(t, err)
	if configure := s.options.Configure; configure != nil {
		configure(&options)
	}
	s.Handler = app.NewEdge(options)
	server := httptest.NewUnstartedServer(nil)
	server.Config = web.Server("", s.Handler, s.Logger, web.Bounds{})
	server.Start()
	s.URL = server.URL
	s.client = &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       Patience,
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
