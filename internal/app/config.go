package app

import (
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/certfile"
	"github.com/svc-users/svc-users/internal/cgroup"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/confusable"
	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/password"
	"github.com/svc-users/svc-users/internal/throttle"
	"github.com/svc-users/svc-users/internal/web"
)

// Config says what the service is made of. FromSettings makes one of the settings; a test writes its own.
type Config struct {
	// DatabaseURL is sqlite://path or postgresql://user:password@host:5432/database.
	DatabaseURL config.Secret
	// ListenURL is where notifications of changes come from, if not from DatabaseURL: a postgresql:// URL that leads
	// past a connection pooler.
	ListenURL config.Secret
	// StoreTimeout bounds each use of the database; the store's own limits if it is zero.
	StoreTimeout time.Duration

	// Keyring says where the keys that sign and verify tokens come from. It may be nil where no tokens are issued and nothing
	// is served.
	Keyring   *Keyring
	TokenLife time.Duration
	Sessions  users.SessionOptions
	APIKeys   users.APIKeyOptions
	Clients   users.ClientOptions
	// Federation says whose keys may be read, and from where.
	Federation Federation
	Hashing    password.Options
	Passwords  PasswordConfig
	Limits     users.Limits
	NoDemo     bool // passwords of the demo accounts are refused, as in production
	Unlimited  bool // nothing bounds attempts
	// Throttles are the budgets of attempts; throttle.DefaultRates if it is zero.
	Throttles throttle.Rates
	// Operator lets users.AsOperator act as Admin: for a command line. A server is made without it.
	Operator bool
	// Recorders get the events of all that the rules change.
	Recorders []users.Recorder
	// Now is the clock of the rules.
	Now func() time.Time
	// Skeleton maps texts that look alike to the same text.
	Skeleton func(string) string

	Log *slog.Logger
	// Version is shown by the health endpoint.
	Version string
	// PublicURL is where clients reach the service, such as https://users.example.com; empty: the service does not know.
	PublicURL      string
	CORSOrigins    []string
	CORSHeaders    []string
	LocalCookies   bool // the refresh cookie may do without TLS on localhost, as in development
	TrustedProxies []netip.Prefix

	// The rest is for Run alone.
	Addr    string         // to listen on, such as 127.0.0.1:8001
	TLS     *certfile.Pair // the certificate of the server; nil: it speaks plain HTTP
	Bounds  web.Bounds
	Machine cgroup.Limits // what the control group allows
	Demo    bool          // the demo roles and accounts are made first
	Hooks   Hooks
}

// PasswordConfig says which passwords may be chosen. Common ones never may.
type PasswordConfig struct {
	MinLength    int      // characters; 8 if it is less
	BreachedFile string   // that package breached has made; empty: none
	BreachedURL  string   // of a service that is asked about ranges of hashes; empty: none
	Names        []string // of the service
}

// Hooks are called by Run. Each may be nil.
type Hooks struct {
	// BeforeOpen is called when the port is taken, before the database is opened. Its error ends Run.
	BeforeOpen func() error
	// Seeded is called with what was made of the demo data.
	Seeded func(users.SeedResult)
	// Serving is called when requests are answered, with the address that is listened on.
	Serving func(addr string)
}

// FromSettings makes the Config of the settings, within what the control group allows. Keyring, TLS, Log, Version,
// Demo and Hooks are left to the caller.
func FromSettings(cfg config.Config) Config {
	machine := cgroup.Read(os.DirFS("/"))
	return Config{
		DatabaseURL:    cfg.DatabaseURL,
		ListenURL:      cfg.DatabaseListenURL,
		TokenLife:      cfg.JWT.Lifetime,
		Sessions:       users.SessionOptions(cfg.Sessions),
		APIKeys:        users.APIKeyOptions(cfg.APIKeys),
		Clients:        users.ClientOptions(cfg.Clients),
		Federation:     Federation{Issuer: cfg.JWT.Issuer, Networks: cfg.FederationNetworks, Local: cfg.Environment == config.Development},
		Hashing:        hashingOptions(cfg, machine),
		Passwords:      passwordConfig(cfg),
		Limits:         users.Limits{Roles: cfg.MaxRoles, Permissions: cfg.MaxPermissions, Assignments: cfg.MaxAssignments},
		NoDemo:         cfg.Environment == config.Production,
		Unlimited:      !cfg.RateLimits,
		Throttles:      throttleRates(cfg.Throttles),
		Now:            time.Now,
		Skeleton:       confusable.New().Skeleton,
		PublicURL:      cfg.PublicURL,
		CORSOrigins:    cfg.CORSOrigins,
		CORSHeaders:    cfg.CORSHeaders,
		LocalCookies:   cfg.Environment == config.Development,
		TrustedProxies: cfg.TrustedProxies,
		Addr:           cfg.Addr(),
		Bounds:         web.Bounds{Connections: maxConnections(machine.Memory, cfg.TLS.Certificate != ""), IdleTimeout: cfg.IdleTimeout},
		Machine:        machine,
	}
}

const (
	// connectionMemory is what a connection may take while no request is worked on over it, in bytes: the buffers of
	// net/http, a header of 32 KiB and the first 8 KiB of a body, with what the collector has not taken yet.
	connectionMemory = 64 << 10
	// tlsMemory is what it takes more where the service speaks TLS itself: the state and buffers of TLS and of HTTP/2.
	tlsMemory = 64 << 10
	// connectionShare is the part of the control group's memory that all of them may take.
	connectionShare = 0.5
)

// maxConnections is how many may be open at a time with so much memory, in bytes, in the control group; zero is the
// default.
func maxConnections(memory int64, tls bool) int {
	if memory <= 0 {
		return 0
	}
	each := float64(connectionMemory)
	if tls {
		each += tlsMemory
	}
	return min(web.DefaultConnections, max(64, int(connectionShare*float64(memory)/each)))
}

// hashingOptions is how passwords are hashed with these settings, within what the control group allows. A quota of all
// the processors there are stops nothing, and without pauses hashing takes all that is left.
func hashingOptions(cfg config.Config, limits cgroup.Limits) password.Options {
	procs := runtime.GOMAXPROCS(0)
	o := password.Options{
		Cost: cfg.BcryptCost, Workers: cfg.HashWorkers, MaxWait: cfg.LoginMaxWait,
		// A thread that hashes at a low priority occupies one of Go's places to run also while the kernel lets it
		// wait. So there is one more for each, and requests keep as many as Go gave them, which heeds a quota. More than
		// there are processors make every request a little dearer, so the places go when the hashing does.
		Busy: func(workers int) { runtime.GOMAXPROCS(procs + workers) },
	}
	if limits.CPUs < float64(runtime.NumCPU()) {
		o.Quota = limits.CPUs
	}
	if limits.Memory > 0 {
		o.Memory = int64(hashMemoryShare * float64(limits.Memory))
	}
	if cfg.Passwords.Hash == config.HashArgon2id {
		o.Argon2 = &foreignhash.Argon2{MemoryKiB: cfg.Argon2.MemoryKiB, Passes: cfg.Argon2.Passes, Lanes: cfg.Argon2.Lanes}
	}
	return o
}

// hashMemoryShare is the part of the control group's memory that hashes of argon2 and scrypt may take. What they have taken
// stays taken until the collector comes by, which it does before the process has 80 % of the memory.
const hashMemoryShare = 0.25

// passwordConfig is which passwords may be chosen with these settings. The names of the service are those that its users see.
func passwordConfig(cfg config.Config) PasswordConfig {
	p := PasswordConfig{
		MinLength: cfg.Passwords.MinLength, BreachedFile: cfg.Passwords.BreachedFile, BreachedURL: cfg.Passwords.BreachedURL,
		Names: []string{"svc-users"},
	}
	for _, address := range []string{cfg.PublicURL, cfg.JWT.Issuer} {
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			p.Names = append(p.Names, u.Hostname())
		}
	}
	return p
}
