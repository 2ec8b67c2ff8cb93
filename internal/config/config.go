// Package config turns the environment, and a .env file beside it, into one struct.
//
//	cfg, faults, warnings := config.Load(os.LookupEnv, ".env")
//	faults = append(faults, cfg.ServeFaults()...)
//	if err := faults.Err(); err != nil { … } // one line that names every wrong variable
//
// It opens only the .env file and the files that variables such as DATABASE_URL_FILE name. The program fills a Config by
// Load, a test by hand, and both pass its parts on. All faults are reported together, each with the name of its variable.
// No message, and no printed Config, ever shows a value that may be a secret.
package config

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"
)

// Environment is where the service runs; production rejects development defaults.
type Environment string

// The two environments there are.
const (
	Development Environment = "development"
	Production  Environment = "production"
)

// How log records are written. The empty format lets the program choose: text on a terminal, else JSON.
const (
	LogText = "text"
	LogJSON = "json"
)

// Config is every setting of the service, checked.
type Config struct {
	// DatabaseURL is sqlite://path, postgresql://… or postgres://…. It may hold a password.
	DatabaseURL Secret
	// DatabaseListenURL is a PostgreSQL URL that leads to the same database past a pooler; zero: DatabaseURL does.
	DatabaseListenURL Secret
	// PlaintextHosts are the database servers to which connections without TLS are allowed in production, such as "postgres".
	PlaintextHosts []string
	// DatabaseWait is how long a PostgreSQL that cannot be reached is waited for when a command starts.
	DatabaseWait time.Duration
	// DataDir is the folder of the embedded database and of the development encryption key.
	DataDir     string
	Host        string // a name or an address to listen on
	Port        int    // 0 lets the system choose a free one
	Environment Environment
	// PublicURL is where clients reach the service, such as https://users.example.com, without a slash at the end. Links are
	// made from it alone, never from what a request says; empty: none can be made.
	PublicURL string
	// TLS is where the certificate is; empty where TLS ends at a proxy.
	TLS      TLSFiles
	JWT      JWT
	Sessions Sessions
	APIKeys  APIKeys
	Clients  Clients
	// EncryptionKey and EncryptionKeysOld are as in the variables; package seal parses them.
	EncryptionKey     Secret
	EncryptionKeysOld Secret
	// KeyRotation is how long a signing key of the database signs: whole days.
	KeyRotation time.Duration
	Passwords   Passwords
	BcryptCost  int
	Argon2      Argon2
	HashWorkers int // 0: as many as fit the processors
	// IdleTimeout is how long a connection is kept between two requests.
	IdleTimeout time.Duration
	// LoginMaxWait is the longest time that a login waits for its password to be hashed; one that is expected to wait longer
	// is refused at once.
	LoginMaxWait time.Duration
	// MaxRoles, MaxPermissions and MaxAssignments are how many of them may be made.
	MaxRoles       int
	MaxPermissions int
	MaxAssignments int
	// CORSOrigins are the exact origins that may read responses in a browser; a single "*" allows all origins.
	CORSOrigins []string
	// CORSHeaders are header fields that such pages may send beside the usual ones.
	CORSHeaders []string
	// FederationNetworks are the networks beside the public Internet from which keys of issuers are read.
	FederationNetworks []netip.Prefix
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are trusted.
	TrustedProxies []netip.Prefix
	RateLimits     bool
	// Throttles are the budgets of failed logins.
	Throttles Throttles
	LogFormat string // LogText, LogJSON, or empty: the program chooses
	LogLevel  slog.Level
	// SecretFiles has, for each secret that was read from a file, the variable of its value and the path of the file:
	// "DATABASE_URL": "/run/secrets/database-url". Nil if there is none.
	SecretFiles map[string]string
}

// TLSFiles are the paths of two files in PEM, both or neither.
type TLSFiles struct {
	Certificate string // with the chain up to, not including, the root
	Key         string
}

// JWT has the settings of tokens. The keys are as in the variables, base64 of PEM; package token parses them.
type JWT struct {
	Issuer     string
	Audiences  []string      // at least one
	Lifetime   time.Duration // of a token without a session
	MaxBytes   int           // of a token that is issued
	Algorithm  string        // of the signing key: RS256 or ES256, as package token names them
	KeyID      string        // empty: the thumbprint of the key
	PrivateKey Secret
	PublicKey  Secret
	PublicKeys Secret // retired ones
}

// Sessions has the times of sessions and of their tokens.
type Sessions struct {
	AccessLife  time.Duration // of an access token
	Idle        time.Duration // without a refresh
	Absolute    time.Duration
	ReuseWindow time.Duration // within which a refresh can be repeated
	Recovery    time.Duration // within which one whose answer was lost can be repeated once
}

// APIKeys has the lives of API keys.
type APIKeys struct {
	Life    time.Duration // of a key whose owner chooses none
	MaxLife time.Duration // the longest that can be chosen
	Endless bool          // keys may be made that do not expire, and MaxLife does not count
}

// Clients has the times of what service accounts authenticate with.
type Clients struct {
	TokenLife     time.Duration // of an access token
	SecretLife    time.Duration // of a secret for which none is chosen
	MaxSecretLife time.Duration // 0: any, and secrets that do not expire
}

// Throttles has the budgets of failed logins.
type Throttles struct {
	Address Rate // of a client's address
	Account Rate // of an e-mail, for devices that are not known
	Device  Rate // of a known device
}

// Rate is a budget: Burst attempts at once, and one more after each Every.
type Rate struct {
	Burst int
	Every time.Duration
}

// How new password hashes are made.
const (
	HashBcrypt   = "bcrypt"
	HashArgon2id = "argon2id"
)

// Passwords says which passwords may be chosen, and how they are hashed.
type Passwords struct {
	MinLength    int    // characters
	BreachedFile string // made by svc-users passwords index; empty: none
	BreachedURL  string // of a service that is asked about ranges of hashes, https; empty: none
	Hash         string // HashBcrypt or HashArgon2id
}

// Argon2 has the parameters of argon2id.
type Argon2 struct {
	MemoryKiB int
	Passes    int
	Lanes     int
}

// defaults is the Config of an empty environment, except for the database, whose default depends on the data folder.
func defaults(e Environment) Config {
	c := Config{
		DataDir:     "data",
		Host:        "127.0.0.1", // other machines must not reach a service with demo passwords
		Port:        8001,
		Environment: e,
		JWT: JWT{
			Issuer:    exampleURL,
			Audiences: []string{exampleURL},
			Lifetime:  7 * day,
			MaxBytes:  4096,
			Algorithm: "RS256",
		},
		Sessions: Sessions{
			AccessLife: 10 * time.Minute, Idle: 14 * day, Absolute: 90 * day, ReuseWindow: 10 * time.Second, Recovery: day,
		},
		APIKeys:      APIKeys{Life: 90 * day, MaxLife: 365 * day},
		Clients:      Clients{TokenLife: 10 * time.Minute, SecretLife: 90 * day, MaxSecretLife: 365 * day},
		KeyRotation:  30 * day,
		DatabaseWait: 30 * time.Second,
		Passwords:    Passwords{MinLength: 8, Hash: HashBcrypt},
		BcryptCost:   12,
		Argon2:       Argon2{MemoryKiB: 19456, Passes: 2, Lanes: 1},
		IdleTimeout:  650 * time.Second,
		LoginMaxWait: 5 * time.Second,
		MaxRoles:     100_000, MaxPermissions: 100_000, MaxAssignments: 1_000_000,
		CORSOrigins: []string{"*"},
		RateLimits:  true,
		Throttles: Throttles{
			Address: Rate{300, 5 * time.Second}, Account: Rate{20, 10 * time.Minute}, Device: Rate{5, 15 * time.Minute},
		},
		LogLevel: slog.LevelInfo,
	}
	if e == Production {
		c.Host = "0.0.0.0" // the container runtime decides which ports are published
		c.CORSOrigins = nil
	}
	return c
}

// exampleURL is the issuer and the audience in development. In production it would make tokens valid at every other
// service with the same defaults.
const exampleURL = "https://api.example.com"

const day = 24 * time.Hour

// embeddedDatabase is the URL of the SQLite file in a data folder.
func embeddedDatabase(dataDir string) Secret {
	return NewSecret("sqlite://" + filepath.Join(dataDir, "svc-users.db"))
}

// Addr is Host and Port as net.Listen takes them.
func (c Config) Addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }
