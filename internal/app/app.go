// Package app puts the rooms of the service together. It is the one place where they meet: the command and the tests
// both come here.
//
//	a := app.New(app.FromSettings(cfg))   // opens nothing
//	err := a.Run(ctx)                     // takes the port, opens the database, serves until ctx ends
//	err = a.Close()
//
// A command that does one thing to the database calls Open or OpenExisting in place of Run, and then the methods of
// the users.Service that App embeds.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/breached"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/manifest"
	"github.com/svc-users/svc-users/internal/password"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/throttle"
	"github.com/svc-users/svc-users/internal/token"
)

// App is the service on its database. All but Tokens is nil until Open, OpenExisting or Run.
type App struct {
	*users.Service
	Store  *store.Store
	Hasher *password.Hasher
	Tokens *token.Holder // nil without a Config.Keyring

	// The duties, made once on the Service.
	Feed     *feed.Feed
	Manifest *manifest.Manifest
	Keyring  *keyring.Manager // nil without a Config.Keyring
	Throttle *throttle.Manager
	// Federation knows the keys and trusts of service accounts.
	Federation *federation.Federation
	Importer   *importer.Importer

	config   Config
	breached *breached.Index // nil without a Config.Passwords.BreachedFile
}

// New makes an App and opens nothing.
func New(c Config) *App { return &App{config: c} }

// Open connects to the database, brings its schema up to date and makes what every database has. Errors of connecting
// name DATABASE_URL, and none shows its value.
func (a *App) Open(ctx context.Context) error {
	st, err := store.Open(ctx, a.config.DatabaseURL.Reveal())
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	err = a.use(st)
	if err == nil {
		err = a.prepare(ctx)
	}
	if err != nil {
		return errors.Join(err, a.Close())
	}
	return nil
}

// OpenExisting connects to a database that exists and is up to date. Of what it finds it changes nothing: a command
// about one thing in a database must neither make one where a path is mistyped nor migrate that of an older program,
// which may be serving. Errors name DATABASE_URL; store.ErrMissing and store.ErrOlderSchema say what to do.
func (a *App) OpenExisting(ctx context.Context) error {
	st, err := store.OpenExisting(ctx, a.config.DatabaseURL.Reveal())
	if err != nil {
		return NotReady(err)
	}
	if err := a.use(st); err != nil {
		return errors.Join(err, a.Close())
	}
	return nil
}

// NotReady words the error of opening a database that has to exist: where it is not there or not up to date, it says
// what to do about that.
func NotReady(err error) error {
	if errors.Is(err, store.ErrMissing) || errors.Is(err, store.ErrOlderSchema) {
		return fmt.Errorf("DATABASE_URL: %w; svc-users migrate up makes it, or brings it up to date", err)
	}
	return fmt.Errorf("DATABASE_URL: %w", err)
}

// use makes the rules on a store.
func (a *App) use(st *store.Store) error {
	c := a.config
	if c.StoreTimeout > 0 {
		st.SetLimits(c.StoreTimeout, c.StoreTimeout, c.StoreTimeout)
	}
	a.Store, a.Hasher = st, password.New(c.Hashing)
	chosen, err := a.passwordRules()
	if err != nil {
		return err
	}
	rules := users.Ports{
		Store:     st,
		Passwords: a.Hasher,
		Now:       c.Now,
		NewID:     users.NewID,
		Random:    func(b []byte) { _, _ = rand.Read(b) }, // it never fails: it ends the process instead
		TokenLife: c.TokenLife,
		Sessions:  c.Sessions,
		APIKeys:   c.APIKeys,
		Clients:   c.Clients,
		Limits:    c.Limits,
		NoDemo:    c.NoDemo,
		Unlimited: c.Unlimited,
		Operator:  c.Operator,
		Recorders: c.Recorders,
		Skeleton:  c.Skeleton,

		PasswordRules: chosen,
	}
	guard := throttle.NewGuard(throttle.Ports{Store: st, Now: c.Now, Rates: c.throttles(), Off: c.Unlimited, Observe: a.warnBlocked()})
	rules.Guard, rules.DeviceKeys = guard, a.deviceKeys()
	following := feed.Ports{Store: st}
	var ring *keyring.Ring
	if c.Keyring != nil { // a nil *Ring or *Holder would be an interface that is not nil
		if ring, err = a.useKeyring(c.Keyring); err != nil {
			return err
		}
		rules.Keyring, rules.Tokens, following.Keys, following.Signer = ring, a.Tokens, ring, a.Tokens
	}
	a.Service = users.New(rules)
	following.Service = a.Service
	a.Feed, a.Manifest = feed.New(following), manifest.New(a.Service)
	a.Federation, a.Importer = a.newFederation(), a.newImporter()
	a.Throttle = throttle.NewManager(guard, a.Service)
	if ring != nil {
		a.Keyring = keyring.NewManager(ring, a.Service)
	}
	return nil
}

func (a *App) prepare(ctx context.Context) error {
	if err := a.Store.Migrate(ctx); err != nil {
		return fmt.Errorf("bringing the database up to date: %w", err)
	}
	if err := a.Bootstrap(ctx); err != nil {
		return fmt.Errorf("making the role Admin and the system permissions: %w", err)
	}
	return nil
}

// EdgeOptions is what the HTTP edge needs, once the database is open.
func (a *App) EdgeOptions(ctx context.Context) (EdgeOptions, error) {
	cursorKey, err := a.Store.CursorKey(ctx)
	if err != nil {
		return EdgeOptions{}, err
	}
	o := a.config.requestOptions()
	o.Service, o.Feed, o.Manifest, o.Federation = a.Service, a.Feed, a.Manifest, a.Federation
	o.Throttle, o.Importer = a.Throttle, a.Importer
	o.Keyring, o.Health, o.CursorKey, o.Keys = a.Keyring, health{a.Store, a.Keyring}, cursorKey, a.Tokens.Public
	o.Issuer, _ = a.Tokens.IssuerAudience()
	return o, nil
}

// requestOptions are those that concern every request, also before there is a database. Durations of requests are
// measured by the clock of the machine, whatever the clock of the rules is.
func (c Config) requestOptions() EdgeOptions {
	return EdgeOptions{
		Log:            c.Log,
		Version:        c.Version,
		PublicURL:      c.PublicURL,
		CORSOrigins:    c.CORSOrigins,
		CORSHeaders:    c.CORSHeaders,
		LocalCookies:   c.LocalCookies,
		TrustedProxies: c.TrustedProxies,
		Now:            time.Now,
		NewID:          users.NewID,
	}
}

// Close lets go of the workers and the database. It may be called before they are there, and more than once.
func (a *App) Close() error {
	if a.Store == nil {
		return nil
	}
	a.Hasher.Close()
	st := a.Store
	a.Store = nil
	if a.breached != nil {
		return errors.Join(a.breached.Close(), st.Close())
	}
	return st.Close()
}
